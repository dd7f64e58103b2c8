/**
 * The commands that judge, here and through a running service: facts, unpublished records, and what
 * they say when the service refuses or is not there.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createRemoteJudge } from '../../src/cli/judge/remote.ts';
import { OPEN_ACCESS } from '../../src/http/access.ts';
import { hashKey } from '../../src/http/api-keys.ts';
import { startApp } from '../client/running-service.ts';
import { freePort } from '../free-port.ts';
import { ROOT } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-judge-'));
const service = await startApp();
after(async () => {
  rmSync(folder, { recursive: true });
  await service.close();
});
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const MESSAGE = 'examples/aligned.eml';
const FACTS = ['--client-ip', '192.0.2.10', '--helo', 'mail.brand.example', '--mail-from', 'alice@brand.example'];
/** What a verdict says apart from its id and its times. */
const gist = (out: string): unknown => {
  const { author, spf, dkim, dmarc, smtp, derived } = JSON.parse(out);
  return { author: { ...author, by: author.by.length }, spf, dkim, dmarc, smtp, derived };
};

test('verify takes TLS and AUTH facts as the API does, and names the option that is wrong', async () => {
  const words = ['verify', MESSAGE, ...FACTS, '--json', '--tls-version', 'TLSv1.3', '--tls-bits', '256'];
  const more = ['--tls-cipher', 'TLS_AES_256_GCM_SHA384', '--tls-mode', 'starttls', '--auth-mechanism', 'PLAIN'];
  const rest = [
    '--auth-identity',
    'alice',
    '--tls-client-subject',
    'CN=mail',
    '--tls-client-verified',
    '--daemon-name',
    'smtpd',
  ];
  const { code, out, err } = await runInProcess([...words, ...more, ...rest, '--client-name-check', 'ok']);
  assert.equal(code, 0, err);
  const { smtp, transport } = JSON.parse(out);
  assert.deepEqual(smtp.tls, {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    bits: 256,
    mode: 'starttls',
    clientCertificate: { subject: 'CN=mail', verified: true },
  });
  assert.deepEqual(smtp.auth, { mechanism: 'PLAIN', identity: 'alice' });
  assert.equal(smtp.daemonName, 'smtpd');
  assert.deepEqual([transport.encryption, transport.authenticated], ['opportunistic', true]);
  for (const [option, value, says] of [
    ['--tls-bits', 'many', '--tls-bits: must be a number'],
    ['--tls-mode', 'tls', '--tls-mode: must be starttls or implicit'],
    ['--client-name-check', 'yes', '--client-name-check: must be ok, fail, forged or temperror'],
    ['--client-ip', 'x', '--client-ip: must be an IPv4 or IPv6 address'],
  ] as const) {
    const run = await runInProcess(['verify', MESSAGE, option, value]);
    assert.equal(run.code, 64);
    assert.ok(run.err.includes(says), run.err);
  }
});

const REVOKED = 'v=DKIM1; k=rsa; p=';
const ZONE = `$ORIGIN brand.example.
; no SOA and no TTL: lines that are to be published
rsa._domainkey TXT "${REVOKED}"
ed._domainkey  TXT "v=DKIM1; k=ed25519; p="
@       IN TXT "v=spf1 -all"
        CAA 0 issue "ca.example"
`;
const JSON_RECORDS = [
  { name: 'rsa._domainkey.brand.example', type: 'TXT', records: [REVOKED] },
  { name: 'ed._domainkey.brand.example', type: 'TXT', records: ['v=DKIM1; k=ed25519; p='] },
  { name: 'brand.example', type: 'TXT', records: ['v=spf1 -all'] },
];

test('verify --dns judges as if the records of a zone file or of JSON were published', async () => {
  const files = [
    write('planned.zone', ZONE),
    write('planned.json', JSON.stringify(JSON_RECORDS)),
    write('request.json', JSON.stringify({ dns: JSON_RECORDS })),
  ];
  for (const file of files)
    for (const where of [[], ['--url', service.baseUrl]]) {
      const { code, out, err } = await runInProcess(['verify', MESSAGE, ...FACTS, '--dns', file, '--json', ...where]);
      assert.equal(err, '');
      assert.equal(code, 1, 'the SPF record and the keys are taken away');
      const { spf, dkim } = JSON.parse(out);
      assert.equal(spf.result, 'fail');
      assert.deepEqual(
        dkim.map(({ result }: { result: string }) => result),
        ['neutral', 'neutral'],
      );
    }
});

test('domain --dns tells what unpublished records would change', async () => {
  const file = write('worse.zone', 'brand.example. TXT "v=spf1 +all"\n');
  const { out, err } = await runInProcess(['domain', 'brand.example', '--dns', file]);
  assert.equal(err, '');
  assert.match(out, /^What the unpublished records would change$/m);
  assert.match(out, /comes: the SPF record passes every host/);
});

test('--dns tells what is wrong with its file, with the line or the field', async () => {
  const cases: [name: string, text: string, says: RegExp][] = [
    [
      'a.zone',
      'brand.example. TXT "v=spf1 -all"\nbrand.example. TEXT "x"\n',
      /a\.zone, line 2: TEXT: unknown record type/,
    ],
    ['b.zone', 'brand TXT "x"\n', /b\.zone, line 1: brand: not a domain name \(a relative one needs \$ORIGIN\)/],
    ['c.zone', '; nothing\n', /c\.zone holds no record$/m],
    ['d.json', '[{"name": "brand.example"', /d\.json begins as JSON does and is none$/m],
    [
      'e.json',
      '[{"name": "brand.example", "type": "TEXT", "records": ["x"]}]',
      /e\.json: dns\.0\.type: must be A, AAAA, /,
    ],
    ['f.json', '[{"name": "brand.example", "type": "TXT", "recods": ["x"]}]', /f\.json: .*did you mean records\?/],
    ['g.json', '[{"name": "brand.example", "type": "MX", "records": ["x"]}]', /dns/],
  ];
  for (const [name, text, says] of cases)
    for (const words of [
      ['verify', MESSAGE],
      ['domain', 'brand.example'],
    ]) {
      const { code, err } = await runInProcess([...words, '--dns', write(name, text)]);
      assert.equal(code, 64, err);
      assert.match(err, says);
    }
});

test('--dns takes 100 record sets and not one more', async () => {
  const zone = (sets: number): string =>
    write(`${sets}.zone`, Array.from({ length: sets }, (_, index) => `n${index}.brand.example. TXT "x"\n`).join(''));
  assert.equal((await runInProcess(['verify', MESSAGE, '--dns', zone(100)])).code, 0);
  const { code, err } = await runInProcess(['verify', MESSAGE, '--dns', zone(101)]);
  assert.equal(code, 64);
  assert.match(err, /dns: must have at most 100 entries/);
});

test('a service gives the same verdicts as this process, for every command that judges', async () => {
  const words = ['verify', MESSAGE, ...FACTS, '--json', '--include', 'evidence'];
  const here = await runInProcess(words);
  const there = await runInProcess([...words, '--url', service.baseUrl]);
  assert.deepEqual([there.code, there.err], [0, '']);
  assert.deepEqual(gist(there.out), gist(here.out));
  const verdict = write('verdict.json', there.out);
  const replay = ['replay', MESSAGE, verdict, '--json'];
  assert.equal(JSON.parse((await runInProcess([...replay, '--url', service.baseUrl])).out).same, true);
  const named = await runInProcess(replay, { environment: { MAILVERDICT_URL: service.baseUrl } });
  assert.equal(JSON.parse(named.out).same, true);
  const batch = await runInProcess(['batch', MESSAGE, 'examples/spf-fail.eml', '--url', `${service.baseUrl}/`]);
  const results = batch.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).verdict.dmarc.result);
  assert.deepEqual(results, ['pass', 'fail']);
  const domain = await runInProcess(['domain', 'brand.example', '--json', '--url', service.baseUrl]);
  assert.equal(JSON.parse(domain.out).domain.ascii, 'brand.example');
});

test('a key opens a service that asks for one, and without it the answer says what to give', async () => {
  const key = 'mv_test';
  const own = await startApp({
    access: {
      ...OPEN_ACCESS,
      settings: { ...OPEN_ACCESS.settings, allowAnonymous: false },
      keys: () => [{ name: 'one', hash: hashKey(key), createdOn: '2026-11-28', role: 'client' }],
    },
  });
  try {
    const words = ['verify', MESSAGE, ...FACTS, '--url', own.baseUrl];
    const refused = await runInProcess(words);
    assert.equal(refused.code, 69);
    assert.match(refused.err, /asks for an API key that it knows: give one with MAILVERDICT_KEY or --key$/m);
    assert.equal((await runInProcess([...words, '--key', key])).code, 0);
    assert.equal((await runInProcess(words, { environment: { MAILVERDICT_KEY: key } })).code, 0);
  } finally {
    await own.close();
  }
});

/** A server that answers each request with the next of these, and the last one for ever. */
const answering = async (answers: { status: number; headers?: Record<string, string>; body?: string }[]) => {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const { status, headers = {}, body = '' } = answers[Math.min(calls++, answers.length - 1)] ?? { status: 500 };
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    calls: () => calls,
    close: () => server.close(),
  };
};

test('a service that refuses, is no Mailverdict or is not there is told in words, with a code of its own', async () => {
  const problem = (status: number, detail: string) => ({
    status,
    body: JSON.stringify({ type: 'urn:mailverdict:problem:x', title: 'A title', status, detail }),
  });
  const cases: [
    answer: { status: number; headers?: Record<string, string>; body?: string },
    code: number,
    says: RegExp,
  ][] = [
    [problem(413, 'the message has 9 octets'), 64, /^mailverdict: the message has 9 octets$/m],
    [problem(403, "the key is a client's"), 69, /does not let this key do that: the key is a client's$/m],
    [problem(500, 'request 7'), 69, /answers 500: request 7$/m],
    [problem(503, 'the service is full'), 69, /takes no more work now: the service is full$/m],
    [{ status: 404, body: '<html>' }, 69, /is no Mailverdict/],
    [{ status: 200, body: '<html>' }, 69, /The answer is not one of this service/],
    [{ status: 302, headers: { location: 'http://elsewhere.example/' } }, 69, /cannot be reached: /],
  ];
  for (const [answer, code, says] of cases) {
    const server = await answering([answer]);
    try {
      const run = await runInProcess(['verify', MESSAGE, '--url', server.url.href]);
      assert.equal(run.code, code, run.err);
      assert.match(run.err, says);
    } finally {
      server.close();
    }
  }
  const gone = await runInProcess(['domain', 'brand.example', '--url', `http://127.0.0.1:${await freePort()}`]);
  assert.equal(gone.code, 69);
  assert.match(gone.err, /^mailverdict: http:\/\/127\.0\.0\.1:\d+: cannot be reached: nothing listens there$/m);
});

test('an address that is none, and a key without a service, are wrong use', async () => {
  for (const url of ['localhost:8080', 'ftp://x.example', 'nonsense']) {
    const { code, err } = await runInProcess(['verify', MESSAGE, '--url', url]);
    assert.equal(code, 64);
    assert.match(err, /is no address of a service: --url or MAILVERDICT_URL is as in http:\/\/localhost:8080/);
  }
  const { code, err } = await runInProcess(['verify', MESSAGE, '--key', 'x']);
  assert.equal(code, 64);
  assert.match(err, /--key belongs to --url/);
});

test('batch writes a line for a message that the service refuses, and ends where the service is gone', async () => {
  const own = await startApp({ settings: { maxMessageBytes: 2048 } });
  const large = write('large.eml', `From: a@brand.example\r\n\r\n${'x'.repeat(3000)}`);
  try {
    const { code, out } = await runInProcess(['batch', MESSAGE, large, '--url', own.baseUrl]);
    assert.equal(code, 1);
    const [one, other] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.ok('verdict' in one || 'problem' in one);
    assert.match(other.problem, /octets|large/);
  } finally {
    await own.close();
  }
  const gone = await runInProcess(['batch', MESSAGE, '--url', own.baseUrl]);
  assert.equal(gone.code, 69);
});

test('createRemoteJudge waits as long as a busy service asks for, and gives up in the end', async () => {
  const busy = { status: 429, headers: { 'retry-after': '7' } };
  const verdict = { status: 200, body: '{"id":"1"}' };
  const waits: number[] = [];
  const wait = async (seconds: number) => waits.push(seconds);
  const message = readFileSync(join(ROOT, MESSAGE));
  const mended = await answering([busy, busy, verdict]);
  await createRemoteJudge(mended.url, undefined, wait).verify(message, {}, {});
  mended.close();
  assert.deepEqual(waits, [7, 7]);
  const endless = await answering([busy]);
  await assert.rejects(createRemoteJudge(endless.url, undefined, wait).verify(message, {}, {}), /try again in 7 s/);
  endless.close();
  assert.equal(endless.calls(), 5);
  const tooLong = await answering([{ status: 429, headers: { 'retry-after': '121' } }]);
  await assert.rejects(createRemoteJudge(tooLong.url, undefined, wait).verify(message, {}, {}), /try again in 121 s/);
  tooLong.close();
  assert.equal(tooLong.calls(), 1);
});
