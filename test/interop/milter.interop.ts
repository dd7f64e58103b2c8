/**
 * The service behind a real Postfix, with OpenDKIM as a foreign signer and miltertest as a foreign
 * mail server: exact octets, forged fields, refusals, failures, a crash while mail flows, large
 * messages. Run by test/interop/run.ts as root.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Lookup } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import type { ScriptedServer } from '../dns/scripted-server.ts';
import { serveLookup } from '../dns/wire-server.ts';
import { freePort } from '../free-port.ts';
import { type Daemon, labFolder, makeSigningKey, type Postfix, startPostfix, startSigner } from './mail-lab.ts';
import { openSmtp } from './smtp-client.ts';
import { type RunningService, startService } from './start-service.ts';

const GENUINE = { helo: 'mail.sender.example', xclient: 'ADDR=192.0.2.10 NAME=mail.sender.example PORT=40001' };
const STRANGER = { helo: 'host.stranger.example', xclient: 'ADDR=198.51.100.7 NAME=[UNAVAILABLE] PORT=40002' };
const ENVELOPE = { from: 'alice@sender.example', to: ['bob@rcpt.example'] };

/**
 * Every form of white space after a colon that reaches a filter differently, with a body that tries
 * canonicalization as well.
 */
const WHITE_SPACE = `From: Alice <alice@sender.example>\r
To: bob@rcpt.example\r
Subject: white space\r
Date: Sun, 22 Nov 2026 12:00:00 +0000\r
Message-ID: <white-space@sender.example>\r
X-NoSpace:v\r
X-Two:  v\r
X-Tab:\tv\r
X-Fold:\r
\tv\r
X-SpFold: \r
 v\r
X-Folded: a\r
 b\r
X-Empty:\r
X-Blank:  \r
X-Trail: v \r
X-Eight: \xe9\xff\r
\r
Hello Bob,\r
.a line that starts with a dot\r
trailing spaces   \r
eight bits \xe9\xfc\xff\r
\r
\r
`;
const SIGNED_FIELDS = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'X-NoSpace',
  'X-Two',
  'X-Tab',
  'X-Fold',
  'X-SpFold',
  'X-Folded',
  'X-Empty',
  'X-Blank',
  'X-Trail',
  'X-Eight',
];

const CANONICALIZATIONS = ['simple/simple', 'relaxed/relaxed', 'simple/relaxed', 'relaxed/simple'] as const;

let folder: string;
let dns: ScriptedServer;
let dnsIsSilent = false;
let postfix: Postfix;
let service: RunningService;
const signers: Daemon[] = [];
const ports = { tcp: 0, unix: 0, tls: 0, policy: 0, signing: [] as number[] };
let environment: Record<string, string>;

before(async () => {
  folder = await labFolder();
  const key = await makeSigningKey(folder, 'sender.example', 's1');
  const parsed = parseZone(`$ORIGIN example.
$TTL 60
@ SOA ns.example. host.example. 1 3600 600 86400 60
sender TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.sender TXT "v=DMARC1; p=reject"
s1._domainkey.sender TXT "${key.record.slice(0, 200)}" "${key.record.slice(200)}"
mail.sender A 192.0.2.10
later TXT "v=spf1 -all"
_dmarc.later TXT "v=DMARC1; p=none"
doubtful TXT "v=spf1 -all"
_dmarc.doubtful TXT "v=DMARC1; p=quarantine"
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const known = zoneLookup(parsed.zone, async () => ({
    kind: 'nxdomain',
    ttlSeconds: 60,
    authenticated: false,
    source: 'zone',
  }));
  const lookup: Lookup = async (question, deadlineMs) =>
    dnsIsSilent ? { kind: 'failure', failure: 'timeout', source: 'network' } : known(question, deadlineMs);
  dns = await serveLookup(lookup);

  const milterPort = await freePort();
  const policyPort = await freePort();
  const socket = join(folder, 'milter.sock');
  environment = {
    MILTER_LISTEN: `inet:${milterPort}@127.0.0.1,unix:${socket}`,
    POLICY_LISTEN: `inet:${policyPort}@127.0.0.1`,
    SOCKET_GROUP: 'postfix',
    AUTHSERV_ID: 'mx.rcpt.example',
    ENFORCE: 'on',
    DNS_SERVERS: dns.literal,
    // Longer than the milter waits before it says that it is at work, so that Postfix hears it.
    DNS_QUESTION_TIMEOUT_MS: '6000',
    POLICY_SPF_FAIL: 'reject',
  };
  service = await startService(environment);

  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=mx.rcpt.example',
      '-keyout',
      join(folder, 'tls.key'),
      '-out',
      join(folder, 'tls.pem'),
    ],
    { stdio: 'ignore' },
  );
  const milter = `inet:127.0.0.1:${milterPort}`;
  for (const canonicalization of CANONICALIZATIONS) {
    const signerPort = await freePort();
    signers.push(
      await startSigner(folder, signerPort, key, {
        domain: 'sender.example',
        selector: 's1',
        canonicalization,
        fields: SIGNED_FIELDS,
      }),
    );
    const port = await freePort();
    ports.signing.push(port);
    signingListeners.push({ port, settings: { smtpd_milters: `inet:127.0.0.1:${signerPort}` } });
  }
  for (const name of ['tcp', 'unix', 'tls', 'policy'] as const) ports[name] = await freePort();
  postfix = await startPostfix(folder, [
    { port: ports.tcp, settings: { smtpd_milters: milter } },
    { port: ports.unix, settings: { smtpd_milters: `unix:${socket}` } },
    {
      port: ports.tls,
      settings: {
        smtpd_milters: milter,
        smtpd_tls_security_level: 'may',
        smtpd_tls_cert_file: join(folder, 'tls.pem'),
        smtpd_tls_key_file: join(folder, 'tls.key'),
      },
    },
    {
      port: ports.policy,
      settings: {
        smtpd_recipient_restrictions: `reject_unauth_destination, check_policy_service inet:127.0.0.1:${policyPort}`,
      },
    },
    ...signingListeners,
  ]);
});

const signingListeners: { port: number; settings: Record<string, string> }[] = [];

after(async () => {
  await postfix?.stop();
  await service?.stop();
  await Promise.all(signers.map((signer) => signer.stop()));
  await dns?.close();
  await rm(folder, { recursive: true, force: true });
});

/**
 * The message as its sender would hand it on: what the delivering server added is taken off, and
 * lines end with CRLF again.
 */
const asSent = (delivered: string): string => {
  const end = delivered.indexOf('\n\n');
  const fields = delivered.slice(0, end + 1).split(/\n(?![ \t])/);
  const kept = fields.filter((field) => !/^(?:Return-Path|X-Original-To|Delivered-To|Received):/i.test(field));
  return `${kept.join('\n')}${delivered.slice(end + 1)}`.replaceAll('\n', '\r\n');
};

const sign = async (port: number, message: string): Promise<string> => {
  await postfix.clear();
  const client = await openSmtp(port, GENUINE);
  assert.equal((await client.send(ENVELOPE, message)).code, 250);
  await client.quit();
  const [delivered = ''] = await postfix.waitForDelivered(1);
  await postfix.clear();
  return asSent(delivered);
};

/** Sends one message and gives the answer, and what was delivered. */
const deliver = async (port: number, message: string, client = GENUINE, envelope = ENVELOPE) => {
  await postfix.clear();
  const smtp = await openSmtp(port, client);
  const answer = await smtp.send(envelope, message);
  await smtp.quit();
  const [delivered = ''] = answer.code === 250 ? await postfix.waitForDelivered(1) : [];
  return { answer, delivered };
};

/** Values of the fields of one name in a delivered message, top first. */
const fieldsOf = (delivered: string, name: string): string[] =>
  delivered
    .slice(0, delivered.indexOf('\n\n'))
    .split(/\n(?![ \t])/)
    .filter((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((field) => field.slice(name.length + 1));

for (const [index, canonicalization] of CANONICALIZATIONS.entries()) {
  for (const transport of ['tcp', 'unix'] as const) {
    test(`a message that OpenDKIM signed ${canonicalization} with every form of white space passes over ${transport}`, async () => {
      const signed = await sign(ports.signing[index] ?? 0, WHITE_SPACE);
      assert.match(signed, new RegExp(`DKIM-Signature:[^;]*;[^;]*; c=${canonicalization}`));
      const { answer, delivered } = await deliver(ports[transport], signed);
      assert.equal(answer.code, 250, answer.text);
      const [result = ''] = fieldsOf(delivered, 'Authentication-Results');
      assert.match(result, /^ mx\.rcpt\.example;/);
      assert.match(result, /spf=pass/);
      assert.match(result, /dkim=pass[^;]*header\.d=sender\.example/);
      assert.match(result, /dmarc=pass/);
      assert.match(
        delivered.split('\n\n')[0] ?? '',
        /^Return-Path:.*\nX-Original-To:.*\nDelivered-To:.*\nAuthentication-Results:[\s\S]*\nReceived:/,
        'our field stands above what the server added',
      );
    });
  }
}

test('three forged fields go, foreign ones stay, ours stands on top', async () => {
  const forged = ' mx.rcpt.example; dkim=pass header.d=forged.example';
  const foreign = ' mx.other.example; dkim=pass header.d=foreign.example';
  const head = [forged, foreign, forged.toUpperCase(), foreign, ` (x) "mx.rcpt.example" 1; spf=pass`]
    .map((value) => `Authentication-Results:${value}\r\n`)
    .join('');
  const { delivered } = await deliver(ports.tcp, `${head}X-Mailverdict-Quarantine: no\r\n${WHITE_SPACE}`);
  const results = fieldsOf(delivered, 'Authentication-Results');
  assert.equal(results.length, 3);
  assert.match(results[0] ?? '', /mx\.rcpt\.example;\n[\s\S]*dmarc=/);
  assert.deepEqual(results.slice(1), [foreign, foreign]);
  assert.deepEqual(fieldsOf(delivered, 'X-Mailverdict-Quarantine'), []);
  assert.equal(delivered.includes('\r'), false, 'no carriage return stays in a fold');
});

test('a forgery is refused with 550 5.7.26, and a doubtful message is delivered with a mark', async () => {
  const { answer } = await deliver(ports.tcp, WHITE_SPACE, STRANGER);
  assert.match(answer.text, /^550 5\.7\.26 .*sender\.example/);
  const { delivered } = await deliver(
    ports.tcp,
    WHITE_SPACE.replaceAll('sender.example', 'doubtful.example'),
    STRANGER,
  );
  assert.match(fieldsOf(delivered, 'X-Mailverdict-Quarantine')[0] ?? '', /yes; reason=/);
});

test('two messages on one connection are judged each by its own', async () => {
  await postfix.clear();
  const client = await openSmtp(ports.tcp, STRANGER);
  const refused = await client.send(ENVELOPE, WHITE_SPACE);
  const later = WHITE_SPACE.replaceAll('sender.example', 'later.example');
  const taken = await client.send({ from: 'x@later.example', to: ['bob@rcpt.example', 'carol@rcpt.example'] }, later);
  await client.command('RSET');
  const again = await client.send({ from: '', to: ['bob@rcpt.example'] }, later);
  await client.quit();
  assert.deepEqual([refused.code, taken.code, again.code], [550, 250, 250]);
  const delivered = await postfix.waitForDelivered(3);
  assert.equal(
    delivered.filter((message) =>
      /spf=fail[^;]*smtp\.mailfrom=later\.example/.test(fieldsOf(message, 'Authentication-Results')[0] ?? ''),
    ).length,
    2,
  );
});

test('a login told by the server is stamped and not judged', async () => {
  const { answer, delivered } = await deliver(ports.tcp, WHITE_SPACE, {
    ...STRANGER,
    xclient: `${STRANGER.xclient} LOGIN=alice@sender.example`,
  });
  assert.equal(answer.code, 250);
  assert.deepEqual(fieldsOf(delivered, 'Authentication-Results'), [
    ' mx.rcpt.example; auth=pass (XCLIENT) smtp.auth=alice@sender.example',
  ]);
});

test('STARTTLS reaches the verdict as a fact', async () => {
  await postfix.clear();
  const file = join(folder, 'tls.eml');
  await writeFile(file, WHITE_SPACE.replaceAll('sender.example', 'later.example'), 'latin1');
  const sent = spawnSync(
    'swaks',
    [
      '--server',
      `127.0.0.1:${ports.tls}`,
      '--tls',
      '--ehlo',
      'mail.later.example',
      '--from',
      'x@later.example',
      '--to',
      'bob@rcpt.example',
      '--data',
      `@${file}`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(sent.status, 0, sent.stdout);
  const [delivered = ''] = await postfix.waitForDelivered(1);
  assert.match(fieldsOf(delivered, 'Received')[0] ?? '', /with ESMTPS/);
  const told = service.log.filter((entry) => entry.msg === 'message decided').at(-1);
  assert.deepEqual(told?.tls, { version: 'TLSv1.3', mode: 'starttls' });
});

test('miltertest, as a mail server of another make, gets the refusal as a reply code', async () => {
  const script = join(folder, 'spoof.lua');
  const address = /inet:(\d+)@/.exec(environment.MILTER_LISTEN ?? '')?.[1];
  await writeFile(
    script,
    `conn = mt.connect("inet:${address}@127.0.0.1", 20, 0.1)
mt.negotiate(conn, nil, nil, nil)
mt.conninfo(conn, "host.stranger.example", "198.51.100.7")
mt.helo(conn, "host.stranger.example")
mt.mailfrom(conn, "<alice@sender.example>")
mt.rcptto(conn, "<bob@rcpt.example>")
mt.data(conn)
mt.header(conn, "From", " alice@sender.example")
mt.eoh(conn)
mt.bodystring(conn, "hi\\r\\n")
mt.eom(conn)
assert(mt.getreply(conn) == SMFIR_REPLYCODE)
mt.disconnect(conn)
`,
  );
  const run = spawnSync('miltertest', ['-s', script], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});

test('the policy service refuses at RCPT and adds one Received-SPF for several recipients', async () => {
  const { answer } = await deliver(ports.policy, WHITE_SPACE, STRANGER);
  assert.match(answer.text, /^550 5\.7\.23 .*sender\.example/);
  const { delivered } = await deliver(ports.policy, WHITE_SPACE, GENUINE, {
    ...ENVELOPE,
    to: ['bob@rcpt.example', 'carol@rcpt.example'],
  });
  const fields = fieldsOf(delivered, 'Received-SPF');
  assert.equal(fields.length, 1);
  assert.match(fields[0] ?? '', /^ pass .*client-ip=192\.0\.2\.10;.*receiver=mx\.rcpt\.example/);
});

test('with its DNS silent the message is refused for the moment, and delivered once DNS is back', async () => {
  const message = WHITE_SPACE.replaceAll('sender.example', 'never-asked-before.example');
  const envelope = { ...ENVELOPE, from: 'x@never-asked-before.example' };
  dnsIsSilent = true;
  try {
    const { answer } = await deliver(ports.tcp, message, STRANGER, envelope);
    assert.match(answer.text, /^451 4\.7\./);
  } finally {
    dnsIsSilent = false;
  }
  // A failure is held for seconds, so that a sick zone is not asked at every message.
  assert.equal((await fetch(`${service.addresses[0]}/v1/dns/cache`, { method: 'DELETE' })).status, 200);
  const { answer } = await deliver(ports.tcp, message, STRANGER, envelope);
  assert.equal(answer.code, 250, answer.text);
});

test('a message of 40 MB is judged to its last octet', async () => {
  const line = `${'x'.repeat(76)}\r\n`;
  const signed = await sign(ports.signing[0] ?? 0, `${WHITE_SPACE}${line.repeat(Math.ceil(40_000_000 / line.length))}`);
  const { answer, delivered } = await deliver(ports.unix, signed);
  assert.equal(answer.code, 250, answer.text);
  assert.equal(delivered.length > 39_000_000, true);
  assert.match(fieldsOf(delivered, 'Authentication-Results')[0] ?? '', /dkim=pass/);
});

test('killed while 200 messages flow, no message is lost and none comes twice', async () => {
  await postfix.clear();
  const refusals: string[] = [];
  const waiting = Array.from({ length: 200 }, (_, number) => number);
  let taken = 0;
  const sendAll = async (): Promise<void> => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      const client = await openSmtp(ports.tcp, GENUINE);
      const answer = await client.send(ENVELOPE, WHITE_SPACE.replace('<white-space@', `<crash-${number}@`));
      await client.quit();
      if (answer.code === 250) {
        taken += 1;
        continue;
      }
      refusals.push(answer.text);
      assert.match(answer.text, /^4/);
      waiting.push(number);
    }
  };
  const crash = async (): Promise<void> => {
    while (taken < 50) await nextTurn();
    await service.kill();
    while (refusals.length === 0) await nextTurn();
    service = await startService(environment);
  };
  await Promise.all([crash(), ...Array.from({ length: 8 }, sendAll)]);
  // Messages of the tests before may still be on their way.
  const isOurs = (message: string): boolean => (fieldsOf(message, 'Message-ID')[0] ?? '').includes('<crash-');
  const delivered = await postfix.waitForDelivered(200, isOurs);
  const ids = delivered.map((message) => fieldsOf(message, 'Message-ID')[0]);
  assert.deepEqual([taken, ids.length, new Set(ids).size], [200, 200, 200]);
  assert.equal(
    delivered.every((message) =>
      /mx\.rcpt\.example;[\s\S]*dmarc=pass/.test(fieldsOf(message, 'Authentication-Results')[0] ?? ''),
    ),
    true,
  );
});

test('SIGTERM lets the message in hand finish and removes the socket', async () => {
  const client = await openSmtp(ports.tcp, GENUINE);
  await client.command('MAIL FROM:<alice@sender.example>');
  const stopping = service.stop();
  await service.said('ending');
  await client.command('RCPT TO:<bob@rcpt.example>');
  await client.command('DATA');
  const answer = await client.command(`${WHITE_SPACE}.`);
  await client.quit();
  assert.equal(answer.code, 250, answer.text);
  assert.equal(await stopping, 0);
  await assert.rejects(stat(join(folder, 'milter.sock')), { code: 'ENOENT' });
  service = await startService(environment);
});
