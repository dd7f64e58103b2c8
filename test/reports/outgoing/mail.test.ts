import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseZone, zoneLookup } from '../../../src/dns/zone/zone.ts';
import { fieldsNamed, readMessage } from '../../../src/message/message.ts';
import { readParts } from '../../../src/message/mime/parts.ts';
import { writeReportMail } from '../../../src/reports/outgoing/mail.ts';
import { signMail } from '../../../src/reports/outgoing/sign.ts';
import { exampleLookup, makeVerifier } from '../../verdict/make-verifier.ts';

const MAIL = {
  policyDomain: 'sender.example',
  reportId: '20261128x0123456789abcdef01234567',
  beginSeconds: 1_795_824_000,
  periodSeconds: 86_400,
  builtSeconds: 1_795_910_460,
  reportSender: 'reports@mx.rcpt.example',
  to: 'dmarc@sender.example',
  report: Buffer.from(Uint8Array.from({ length: 1000 }, (_, at) => (at * 31) % 256)),
};

const written = (over: Partial<typeof MAIL> = {}): Buffer => {
  const mail = writeReportMail({ ...MAIL, ...over });
  assert.ok(mail !== null);
  return mail;
};

/** Header fields by name, unfolded, and the parts. */
const readBack = async (mail: Buffer) => {
  const message = readMessage(mail);
  assert.equal(message.kind, 'message');
  if (message.kind !== 'message') throw new Error('unreachable');
  const { parts, isComplete } = await readParts(message);
  assert.ok(isComplete);
  const field = (name: string) => fieldsNamed(message, name).map((one) => one.value().trim());
  return { field, parts };
};

test('writeReportMail brings the report in a mail that says what it is', async () => {
  const { field, parts } = await readBack(written());
  assert.deepEqual(field('from'), ['<reports@mx.rcpt.example>']);
  assert.deepEqual(field('to'), ['<dmarc@sender.example>']);
  assert.deepEqual(field('date'), ['Sun, 29 Nov 2026 00:01:00 +0000']);
  assert.deepEqual(field('message-id'), ['<20261128x0123456789abcdef01234567@mx.rcpt.example>']);
  assert.deepEqual(field('auto-submitted'), ['auto-generated']);
  assert.match(
    field('subject').join().replace(/\s+/g, ' '),
    /^Report Domain: sender\.example Submitter: mx\.rcpt\.example Report-ID: <20261128x[0-9a-f]+>$/,
  );
  assert.deepEqual(
    parts.map(({ type }) => type),
    ['multipart/mixed', 'text/plain', 'application/gzip'],
  );
  assert.deepEqual(Buffer.from(String(parts[2]?.body), 'base64'), MAIL.report);
  assert.equal(
    parts[2]?.disposition?.parameters.get('filename'),
    'mx.rcpt.example!sender.example!1795824000!1795910399!20261128x0123456789abcdef01234567.xml.gz',
  );
});

test('writeReportMail writes the same octets on every try', () => {
  assert.deepEqual(written(), written({ report: Buffer.from(MAIL.report) }));
});

test('writeReportMail keeps the form of RFC 5322 for the longest names', async () => {
  const longName = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(53)}.example`;
  const mail = written({
    policyDomain: longName,
    reportSender: `${'r'.repeat(64)}@${longName}`,
    to: `${'t'.repeat(64)}@${longName}`,
    report: Buffer.alloc(100_000, 7),
  });
  const text = mail.toString('latin1');
  assert.match(text, /^[\r\n\x20-\x7e]*$/);
  for (const line of text.split('\r\n')) {
    assert.ok(line.length <= 998, line);
    assert.doesNotMatch(line, /[\r\n]/);
  }
  const { field } = await readBack(mail);
  assert.match(field('subject').join().replace(/\s+/g, ' '), /^Report Domain: a+\.[a-e.xmpl]+ Submitter: a+/);
});

test('writeReportMail writes internationalized domains in A-labels', async () => {
  const { field } = await readBack(written({ policyDomain: 'bücher.example', to: 'dmarc@Bücher.example' }));
  assert.deepEqual(field('to'), ['<dmarc@xn--bcher-kva.example>']);
  assert.match(field('subject').join(), /Report Domain: xn--bcher-kva\.example/);
});

test('writeReportMail takes a quoted local-part, and refuses an address that no field can hold', () => {
  for (const to of ['"dmarc reports"@sender.example', 'a+b=c@sender.example', "o'neil@x_y.sender.example"])
    assert.match(String(written({ to })), new RegExp(`\r\nTo: <${to.replace(/[+"]/g, '\\$&')}>\r\n`));
  for (const to of [
    '',
    'dmarc',
    '@sender.example',
    'dmarc@',
    'a b@sender.example',
    'a..b@sender.example',
    'dmarc@sender.example\r\nBcc: x@y.example',
    'dmarc\r\n@sender.example',
    '"a\r\nb"@sender.example',
    'bücher@sender.example',
    'dmarc@[192.0.2.1]',
    `${'a'.repeat(65)}@sender.example`,
    'a,b@sender.example',
  ])
    assert.equal(writeReportMail({ ...MAIL, to }), null, to);
});

test('writeReportMail writes one To field of one line, whatever the address is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (local, domain) => {
      const mail = writeReportMail({ ...MAIL, to: `${local}@${domain}` });
      if (mail === null) return;
      assert.match(mail.toString('latin1').split('\r\n')[2] ?? '', /^To: <[\x20-\x7e]+@[a-z0-9._-]+>$/);
    }),
  );
});

const KEYS = [
  ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ed25519', generateKeyPairSync('ed25519')],
] as const;

/** The key record of a public key (RFC 6376 section 3.6.1, RFC 8463 section 4). */
const recordOf = (type: 'rsa' | 'ed25519', spki: Buffer): string =>
  `v=DKIM1; k=${type}; p=${(type === 'rsa' ? spki : spki.subarray(-32)).toString('base64')}`;

for (const [type, { privateKey, publicKey }] of KEYS) {
  const key = {
    domain: 'mx.rcpt.example',
    selector: 'reports',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };

  test(`signMail signs with ${type}, the same on every try, and the mail passes DMARC here`, async () => {
    const signed = await signMail(written(), key, MAIL.builtSeconds);
    assert.equal(signed.kind, 'signed');
    assert.deepEqual(await signMail(written(), key, MAIL.builtSeconds), signed);
    if (signed.kind !== 'signed') return;
    const record = recordOf(type, publicKey.export({ type: 'spki', format: 'der' }));
    const zone = parseZone(
      [
        'mx.rcpt.example. 60 IN SOA ns.mx.rcpt.example. admin.mx.rcpt.example. 1 60 60 60 60',
        `reports._domainkey.mx.rcpt.example. 60 IN TXT "${record.slice(0, 200)}" "${record.slice(200)}"`,
        '_dmarc.mx.rcpt.example. 60 IN TXT "v=DMARC1; p=reject"',
      ].join('\n'),
    );
    assert.ok(zone.ok, JSON.stringify(zone));
    const nowMs = () => MAIL.builtSeconds * 1000;
    const verify = makeVerifier({}, zoneLookup(zone.zone, exampleLookup), { clock: { nowMs, monotonicMs: () => 0 } });
    const verdict = await verify(signed.mail, {});
    assert.deepEqual(
      verdict.dkim.map(({ result, reason }) => [result, reason]),
      [['pass', 'the signature verifies']],
    );
    assert.equal(verdict.dmarc.result, 'pass');
  });
}

test('signMail says why a key cannot sign', async () => {
  const key = { domain: 'mx.rcpt.example', selector: 'reports', privateKey: 'no key' };
  assert.equal((await signMail(written(), key, 0)).kind, 'failed');
  const short = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  assert.equal((await signMail(written(), { ...key, privateKey: short.toString() }, 0)).kind, 'failed');
});
