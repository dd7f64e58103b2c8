/**
 * Messages that are broken or mean harm: each gets a verdict that says so, none gets an exception.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reached } from '../../schemas/limit.ts';
import { Verdict } from '../../schemas/verdict.ts';
import { readAuthenticationResults } from '../../src/message/authentication-results.ts';
import { Fault } from '../../src/verdict/fault.ts';
import { example, makeVerifier } from './make-verifier.ts';

const verify = makeVerifier();
const FACTS = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const codes = async (text: string | Buffer): Promise<string[]> =>
  (await verify(Buffer.from(text), FACTS)).findings.map(({ code }) => code);

test('verify tells what is wrong with a message', async () => {
  const cases: [name: string, message: string | Buffer, code: string][] = [
    ['no From', 'Subject: x\r\n\r\nbody', 'no-author-domain'],
    ['two From fields', 'From: a@brand.example\r\nFrom: b@quiet.example\r\n\r\n', 'repeated-field'],
    ['two author domains', 'From: a@brand.example, b@quiet.example\r\n\r\n', 'no-author-domain'],
    ['a NUL', 'From: a@brand.example\r\n\r\n\0', 'nul-octet'],
    ['a bare LF', 'From: a@brand.example\nSubject: x\r\n\r\n', 'bare-line-feed'],
    ['a bare CR', 'From: a@brand.example\r\n\r\na\rb', 'bare-carriage-return'],
    [
      'a line of 10 MB',
      Buffer.concat([Buffer.from('From: a@brand.example\r\n\r\n'), Buffer.alloc(10_000_000, 'x')]),
      'long-line',
    ],
    ['no blank line', 'From: a@brand.example\r\nSubject: x', 'no-body'],
    ['a line that is no field', 'From: a@brand.example\r\nno field\r\n\r\n', 'malformed-header-line'],
  ];
  for (const [name, message, code] of cases) assert.ok((await codes(message)).includes(code), name);
});

test('verify judges an empty message', async () => {
  const verdict = await verify(Buffer.alloc(0), {});
  assert.equal(verdict.author.authenticated, false);
  assert.equal(verdict.dmarc.result, 'permerror');
});

test('verify never merges two From fields into one author, whichever is signed', async () => {
  const verdict = await verify(
    Buffer.concat([Buffer.from('From: ceo@bank.example\r\n'), example('aligned.eml')]),
    FACTS,
  );
  assert.equal(verdict.author.domain, null);
  assert.equal(verdict.author.authenticated, false);
  assert.ok(verdict.findings.some(({ code, severity }) => code === 'dkim-field-added' && severity === 'error'));
});

test('verify evaluates ten of 1,000 signatures, the aligned one among them though it stands last, and asks for no more keys', async () => {
  const asked: string[] = [];
  const counting = makeVerifier({}, async (question) => {
    asked.push(`${question.name} ${question.type}`);
    const { exampleLookup } = await import('./make-verifier.ts');
    return exampleLookup(question, Number.POSITIVE_INFINITY);
  });
  const junk = Array.from(
    { length: 999 },
    (_, index) => `DKIM-Signature: v=1; a=rsa-sha256; d=d${index}.junk.example; s=s; h=from; bh=AAAA; b=AAAA\r\n`,
  ).join('');
  const verdict = await counting(Buffer.concat([Buffer.from(junk), example('ed25519.eml')]), {});
  assert.equal(verdict.dkim.length, 1000);
  assert.equal(verdict.dkim.filter(({ result }) => result === 'policy').length, 990);
  assert.equal(verdict.dkim.at(-1)?.result, 'pass');
  assert.equal(verdict.dmarc.result, 'pass');
  assert.deepEqual(
    verdict.findings.flatMap(({ limit }) => limit ?? []),
    [reached('signatures', 10)],
  );
  assert.ok(asked.filter((question) => question.includes('_domainkey')).length <= 10);
});

test('verify never sends a d= or s= that cannot be a DNS name to DNS', async () => {
  const asked: string[] = [];
  const counting = makeVerifier({}, async ({ name }) => {
    asked.push(name);
    return { kind: 'nxdomain', ttlSeconds: 1, authenticated: false, source: 'network' };
  });
  const label = 'x'.repeat(64);
  for (const tags of [
    `d=${label}.example; s=s`,
    `d=brand.example; s=${label}`,
    'd=a..b; s=s',
    'd=.; s=s',
    'd=brand.example; s=a b',
  ]) {
    const verdict = await counting(
      Buffer.from(
        `DKIM-Signature: v=1; a=rsa-sha256; ${tags}; h=from; bh=AAAA; b=AAAA\r\nFrom: a@brand.example\r\n\r\n`,
      ),
      {},
    );
    assert.notEqual(verdict.dkim[0]?.result, 'temperror', tags);
  }
  assert.deepEqual(
    asked.filter((name) => name.includes('_domainkey')),
    [],
  );
});

test('verify refuses a header block over the limit with the fault header-too-large', async () => {
  await assert.rejects(
    verify(Buffer.alloc(2_000_000, 'A: b\r\n'), {}),
    (cause: unknown) => cause instanceof Fault && cause.code === 'header-too-large',
  );
});

test('verify ends with the fault aborted once its caller is gone', async () => {
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(
    verify(example('aligned.eml'), FACTS, { signal: controller.signal }),
    (cause: unknown) => cause instanceof Fault && cause.code === 'aborted',
  );
});

const fieldName = fc.constantFrom(
  'From',
  'from',
  'Subject',
  'DKIM-Signature',
  'ARC-Seal',
  'ARC-Message-Signature',
  'ARC-Authentication-Results',
  'Received',
  'Return-Path',
  'Authentication-Results',
  'BIMI-Selector',
  'Content-Type',
  'X-Odd',
  '',
  ' ',
  'From ',
);
const nasty = fc.constantFrom(
  'a@brand.example',
  '<>',
  '"; dkim=pass',
  'x(y',
  '\u202ea@b',
  'v=1; a=rsa-sha256; d=brand.example; s=rsa; h=from; bh=AA; b=AA',
  'i=1; cv=none; a=rsa-sha256; d=x.example; s=s; b=AA',
  '=?utf-8?q?=0d=0aX?=',
  ';;;;',
  'i=1; spf=pass',
  'from x by y with z; Mon',
);
const line = fc.tuple(
  fieldName,
  fc.constantFrom(':', ': ', ' : ', '', ':\r\n '),
  fc.oneof(nasty, fc.string(), fc.string({ unit: 'binary', maxLength: 40 })),
  fc.constantFrom('\r\n', '\n', '\r\n\t', '\r'),
);
const message = fc
  .tuple(
    fc.array(line, { maxLength: 12 }),
    fc.constantFrom('\r\n', '\n', ''),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  .map(([fields, blank, body]) =>
    Buffer.from(`${fields.map((parts) => parts.join('')).join('')}${blank}${body}`, 'latin1'),
  );
const facts = fc.record(
  {
    clientIp: fc.constantFrom('192.0.2.10', '2001:db8::1', '::ffff:192.0.2.1'),
    helo: fc.oneof(nasty, fc.string({ unit: 'grapheme-ascii' })),
    mailFrom: fc.oneof(nasty, fc.constantFrom('', '<>', 'a@b@c', '@', 'a"b@brand.example', 'ü@ü.example')),
  },
  { requiredKeys: [] },
);

test('verify answers any message and facts with a verdict of its schema, whose Authentication-Results reads back to the same results', async () => {
  await fc.assert(
    fc.asyncProperty(message, facts, async (bytes, smtp) => {
      const verdict = JSON.parse(JSON.stringify(await verify(bytes, smtp, { include: ['trace', 'evidence'] })));
      assert.deepEqual(Verdict.parse(verdict), verdict);
      const { authenticationResults, receivedSpf } = verdict.headers;
      for (const text of [authenticationResults, receivedSpf ?? '']) {
        assert.doesNotMatch(text.replaceAll(/\r\n[ \t]/g, ''), /[\r\n\0]/, 'nothing breaks out of a header field');
        assert.ok(text.split('\r\n').every((one: string) => Buffer.byteLength(one) <= 998));
      }
      const read = readAuthenticationResults(
        authenticationResults.slice(authenticationResults.indexOf(':') + 1).replaceAll('\r\n', ''),
      );
      assert.equal(read.kind, 'results', authenticationResults);
      const told = read.results.map(({ method, result }) => `${method}=${result}`);
      const spf = [verdict.spf.mailFrom, verdict.spf.helo].filter((check) => check !== null);
      const expected = [
        ...(spf.length === 0 ? [`spf=${verdict.spf.result}`] : spf.map(({ result }) => `spf=${result}`)),
        ...(verdict.dkim.length === 0
          ? ['dkim=none']
          : verdict.dkim.map(({ result }: { result: string }) => `dkim=${result}`)),
        `arc=${verdict.arc.result}`,
        `dmarc=${verdict.dmarc.result}`,
      ];
      assert.deepEqual(told.slice(0, expected.length), expected);
    }),
    { numRuns: 400, seed: 20261122 },
  );
});
