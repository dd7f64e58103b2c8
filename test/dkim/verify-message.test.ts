import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyCache } from '../../src/dkim/key.ts';
import { type KeyZone, keyLookup } from './key-zone.ts';
import { KEYS, keyRecord, type Signing, signMessage } from './sign.ts';
import { NOW_SECONDS, verifyBytes } from './verify-bytes.ts';

const PLAIN = 'From: Alice <alice@brand.example>\r\nTo: bob@receiver.example\r\nSubject: Hello\r\n\r\nHello, you.\r\n';
const ZONE: KeyZone = {
  's._domainkey.brand.example': [keyRecord(KEYS.rsa)],
  'ed._domainkey.brand.example': [keyRecord(KEYS.ed25519)],
  'testing._domainkey.brand.example': [keyRecord(KEYS.rsa, 'v=DKIM1; t=y;')],
  'weak._domainkey.brand.example': [keyRecord(KEYS.weak)],
  'revoked._domainkey.brand.example': ['v=DKIM1; p='],
  'two._domainkey.brand.example': [keyRecord(KEYS.ed25519), keyRecord(KEYS.rsa), keyRecord(KEYS.other)],
  'slow._domainkey.brand.example': { failure: 'servfail' },
  's._domainkey.lists.example': [keyRecord(KEYS.other)],
};

/** Tags of a signature by a selector of brand.example. */
const by = (selector: string, tags = '') => `v=1; d=brand.example; s=${selector};${tags}`;
const sign = (signing: Partial<Signing> = {}, text = PLAIN) =>
  signMessage(text, { key: KEYS.rsa, header: 'relaxed', body: 'relaxed', tags: by('s'), ...signing });

const only = async (
  text: string,
  ...otherwise: Parameters<typeof verifyBytes> extends [unknown, unknown, ...infer Rest] ? Rest : never
) => {
  const { signatures } = await verifyBytes(text, ZONE, ...otherwise);
  assert.equal(signatures.length, 1);
  const [signature] = signatures;
  if (signature === undefined) throw new TypeError('unreachable');
  return signature;
};

const results: readonly [what: string, signing: Partial<Signing>, change: (text: string) => string, told: RegExp][] = [
  ['nothing changed', {}, (text) => text, /^pass: the signature verifies$/],
  ['Ed25519 (RFC 8463)', { key: KEYS.ed25519, tags: by('ed') }, (text) => text, /^pass/],
  [
    'a signed field changed',
    {},
    (text) => text.replace('Hello\r\n', 'Bye\r\n'),
    /^fail: the signature does not verify/,
  ],
  ['the body changed', {}, (text) => text.replace('you.', 'all.'), /^fail: the body was changed/],
  ['an unsigned field added', {}, (text) => `X-New: 1\r\n${text}`, /^pass/],
  ['white space changed', {}, (text) => text.replace('Subject: Hello', 'subject :  Hello\t'), /^pass/],
  [
    'white space changed, simple',
    { header: 'simple' },
    (text) => text.replace('Subject: Hello', 'Subject:  Hello'),
    /^fail/,
  ],
  ['bare LF', {}, (text) => text.replaceAll('\r\n', '\n'), /^pass/],
  ['body appended beyond l=', { length: 11 }, (text) => `${text}more`, /^pass/],
  ['body shorter than l=', { length: 11 }, (text) => text.replace('Hello, you.', 'Hello'), /^permerror: l= is larger/],
  ['no key', { tags: by('absent') }, (text) => text, /^neutral: there is no key record/],
  ['revoked key', { tags: by('revoked') }, (text) => text, /^neutral: the key is revoked/],
  [
    'no answer for the key',
    { tags: by('slow') },
    (text) => text,
    /^temperror: the key could not be had: a DNS failure \(servfail\)/,
  ],
  ['no answer, but the body changed', { tags: by('slow') }, (text) => `${text}x`, /^fail: the body was changed/],
  ['key of 768 bits (RFC 8301)', { key: KEYS.weak, tags: by('weak') }, (text) => text, /^policy: the RSA key has 768/],
  ['rsa-sha1 (RFC 8301)', { hash: 'sha1' }, (text) => text, /^policy: rsa-sha1 must not/],
  ['one of several keys', { tags: by('two') }, (text) => text, /^pass/],
  ['none of several keys', { key: KEYS.rsa1024, tags: by('two') }, (text) => text, /^fail/],
  ['syntax', {}, (text) => text.replace('v=1', 'v=2'), /^neutral: v= is not 1/],
  ['expired', { tags: by('s', ` x=${NOW_SECONDS - 301};`) }, (text) => text, /^neutral: .*expired/],
  ['expired and changed', { tags: by('s', ' x=1;') }, (text) => `${text}x`, /^fail/],
  ['expired within the clock skew', { tags: by('s', ` x=${NOW_SECONDS - 300};`) }, (text) => text, /^pass/],
];

test('verifyMessage gives the words of RFC 8601 section 2.7.1', async () => {
  for (const [what, signing, change, told] of results) {
    const { result, reason } = await only(change(await sign(signing)));
    assert.match(`${result}: ${reason}`, told, what);
  }
});

test('verifyMessage in lenient mode verifies rsa-sha1 and calls a changed body neutral', async () => {
  const lenient = { settings: { strict: false } };
  const sha1 = await sign({ hash: 'sha1' });
  assert.equal((await only(sha1, lenient)).result, 'pass');
  assert.equal((await only(`${sha1}x`, lenient)).result, 'neutral');
});

test('verifyMessage tells of each signature what a report needs', async () => {
  const text = await sign({ tags: by('testing', ' t=1767220000; x=1767300000; i=@news.brand.example;'), length: 5 });
  const { reason, section, keyRecord: record, signature, ...told } = await only(text);
  assert.equal(`${reason} (${section})`, 'the signature verifies (RFC 6376 section 6.1.3)');
  assert.match(record ?? '', /^v=DKIM1; t=y; p=MII/);
  assert.match(signature ?? '', /^[A-Za-z0-9+/]{342}==$/);
  assert.deepEqual(told, {
    index: 0,
    fieldIndex: 0,
    result: 'pass',
    sdid: 'brand.example',
    auid: '@news.brand.example',
    selector: 'testing',
    algorithm: 'rsa-sha256',
    canonicalization: { header: 'relaxed', body: 'relaxed' },
    signedFields: ['from', 'to', 'subject'],
    bodyLength: 5,
    signedAtSeconds: 1767220000,
    expiresAtSeconds: 1767300000,
    keyBits: 2048,
    keyType: 'rsa',
    keyFaults: [],
    keyRecordCount: 1,
    keyFailure: null,
    limit: null,
    testing: true,
    uncoveredBytes: 8,
    oversignedFields: [],
    partlySignedFields: [],
    signedInFuture: false,
  });
});

test('verifyMessage tells fields added after signing, and those of which none can be added', async () => {
  const plain = await sign();
  const added = await only(`From: Mallory <m@evil.example>\r\n${plain}`);
  assert.deepEqual([added.result, added.partlySignedFields, added.oversignedFields], ['pass', ['from'], []]);
  const sealed = await sign({ h: 'from:to:subject:from:cc' });
  assert.deepEqual((await only(sealed)).oversignedFields, ['from', 'cc']);
  assert.equal((await only(`From: Mallory <m@evil.example>\r\n${sealed}`)).result, 'fail');
});

test('verifyMessage tells a signing time beyond the clock skew', async () => {
  for (const [ahead, told] of [
    [301, true],
    [300, false],
  ] as const) {
    const signature = await only(await sign({ tags: by('s', ` t=${NOW_SECONDS + ahead};`) }));
    assert.deepEqual([signature.result, signature.signedInFuture], ['pass', told]);
  }
});

test('verifyMessage tells several key records, the one that verified, and why a key could not be had', async () => {
  const two = await only(await sign({ tags: by('two') }));
  assert.deepEqual([two.keyRecordCount, two.keyRecord], [3, keyRecord(KEYS.rsa)]);
  const slow = await only(await sign({ tags: by('slow') }));
  assert.deepEqual([slow.keyFailure, slow.keyBits, slow.keyRecord], [{ failure: 'servfail' }, null, null]);
});

test('verifyMessage asks for all keys at once, each name once, and none for a field it will not evaluate', async () => {
  let text = await sign({ tags: by('ed'), key: KEYS.ed25519 });
  for (const selector of ['s', 's', 'a..b', 'absent']) text = await sign({ tags: by(selector) }, text);
  text = await sign({ hash: 'sha1', tags: by('sha1') }, text);
  const asked: string[] = [];
  const answer = keyLookup(ZONE, asked);
  const waiting: (() => void)[] = [];
  const lookup: typeof answer = async (question, deadlineMs) => {
    const told = answer(question, deadlineMs);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      // Answers come only when every question was asked: one that waited for another would never
      // end.
      if (waiting.length === 3) for (const go of waiting) go();
    });
    return told;
  };
  const { signatures } = await verifyBytes(text, ZONE, { lookup });
  assert.deepEqual(
    asked.toSorted(),
    ['absent', 'ed', 's'].map((selector) => `${selector}._domainkey.brand.example`),
  );
  assert.deepEqual(
    signatures.map(({ result }) => result),
    ['policy', 'neutral', 'neutral', 'pass', 'pass', 'pass'],
  );
});

test('verifyMessage evaluates as many signatures as the setting says, those that may align first', async () => {
  let text = await sign();
  for (let count = 0; count < 3; count++) {
    text = await sign({ key: KEYS.other, tags: 'v=1; d=lists.example; s=s;' }, text);
  }
  const words = async (maxSignatures: number, mayAlign?: (sdid: string) => boolean) => {
    const otherwise = { settings: { maxSignatures }, ...(mayAlign === undefined ? {} : { mayAlign }) };
    return (await verifyBytes(text, ZONE, otherwise)).signatures.map(({ result }) => result);
  };
  assert.deepEqual(await words(2), ['pass', 'pass', 'policy', 'policy']);
  assert.deepEqual(await words(2, (sdid) => sdid === 'brand.example'), ['pass', 'policy', 'policy', 'pass']);
  assert.deepEqual(await words(4), ['pass', 'pass', 'pass', 'pass']);
  const { signatures } = await verifyBytes(text, ZONE, { settings: { maxSignatures: 1 } });
  assert.equal(signatures[3]?.reason, 'not evaluated because of the limit of 1 DKIM signatures (MAX_SIGNATURES)');
});

test('verifyMessage parses a key record once for all messages', async () => {
  const keys = createKeyCache();
  const text = await sign();
  await verifyBytes(text, ZONE, { keys });
  await verifyBytes(text, ZONE, { keys });
  assert.equal(keys.size(), 1);
});

test('verifyMessage has nothing to tell of a message without signatures', async () => {
  for (const text of ['', '\r\n', PLAIN, 'no header at all']) {
    const asked: string[] = [];
    const { signatures, arc } = await verifyBytes(text, ZONE, { lookup: keyLookup(ZONE, asked) });
    assert.deepEqual([signatures, arc.result, asked], [[], 'none', []]);
  }
});
