import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KeyZone, keyLookup } from './key-zone.ts';
import { KEYS, keyRecord, sealMessage, signMessage } from './sign.ts';
import { verifyBytes } from './verify-bytes.ts';

const PLAIN = 'From: Alice <alice@brand.example>\r\nTo: list@lists.example\r\nSubject: Hello\r\n\r\nHello, you.\r\n';
const ZONE: KeyZone = {
  's._domainkey.brand.example': [keyRecord(KEYS.rsa)],
  'arc._domainkey.lists.example': [keyRecord(KEYS.other)],
  'ed._domainkey.relay.example': [keyRecord(KEYS.ed25519)],
  'weak._domainkey.relay.example': [keyRecord(KEYS.weak)],
  'slow._domainkey.relay.example': { failure: 'timeout' },
};
const list = { key: KEYS.other, d: 'lists.example', s: 'arc' };
const relay = { key: KEYS.ed25519, d: 'relay.example', s: 'ed' };

const one = await sealMessage(PLAIN, { ...list, instance: 1, cv: 'none' });
const listed = one.replace('you.\r\n', 'you.\r\n-- \r\na footer\r\n');
const two = await sealMessage(listed, { ...relay, instance: 2, cv: 'pass' });
const three = await sealMessage(two, { ...list, instance: 3, cv: 'pass', ams: { header: 'simple', body: 'simple' } });

const arcOf = async (text: string, zone = ZONE) => (await verifyBytes(text, zone)).arc;
const told = async (text: string, zone = ZONE): Promise<string> => {
  const { result, instance, reason } = await arcOf(text, zone);
  return `${result} ${instance ?? '-'}: ${reason}`;
};

test('verifyMessage passes intact chains and tells each set (RFC 8617 section 5.2)', async () => {
  assert.equal(await told(one), 'pass 1: the chain of 1 set is intact');
  assert.equal(await told(two), 'pass 2: the chain of 2 sets is intact');
  const { result, sets, messageSignature } = await arcOf(three);
  assert.equal(result, 'pass');
  assert.deepEqual(
    sets.map(({ instance, sealer, selector, cv, sealedAtSeconds, seal }) => [
      instance,
      sealer,
      selector,
      cv,
      sealedAtSeconds,
      seal,
    ]),
    [
      [1, 'lists.example', 'arc', 'none', 1767225000, 'pass'],
      [2, 'relay.example', 'ed', 'pass', 1767225000, 'pass'],
      [3, 'lists.example', 'arc', 'pass', 1767225000, 'pass'],
    ],
  );
  assert.deepEqual(
    sets.map(({ authenticationResultsIndex }) => authenticationResultsIndex),
    [7, 4, 1],
  );
  assert.deepEqual([messageSignature?.result, messageSignature?.fieldIndex, messageSignature?.index], ['pass', 2, 0]);
});

const broken: readonly [what: string, text: string, told: RegExp][] = [
  ['the body changed', listed, /^fail 1: ARC-Message-Signature i=1: the body was changed/],
  [
    'a signed field changed',
    two.replace('Hello\r\n', 'Bye\r\n'),
    /^fail 2: ARC-Message-Signature i=2: the signature does not/,
  ],
  [
    'an older set changed',
    two.replace('i=1; mx.example', 'i=1; mx.other'),
    /^fail 2: ARC-Seal i=2: the signature does not/,
  ],
  [
    'the oldest seal changed',
    await sealMessage(two.replace(/(i=1; a=.*) b=./, '$1 b=AAA'), { ...list, instance: 3, cv: 'pass' }),
    /^fail 2: ARC-Seal i=2/,
  ],
  ['a gap', two.replaceAll('i=1;', 'i=3;'), /^fail 1: there is no arc-authentication-results field i=1/],
  ['a missing seal', one.replace(/^ARC-Seal.*\r\n/, ''), /^fail 1: there is no arc-seal field i=1/],
  [
    'two of a kind',
    `ARC-Authentication-Results: i=1; x\r\n${one}`,
    /^fail 1: there are two arc-authentication-results fields i=1/,
  ],
  ['instance 0', one.replaceAll('i=1;', 'i=0;'), /^fail -: an arc-authentication-results field has no instance/],
  ['instance 51', one.replaceAll('i=1;', 'i=51;'), /^fail -: an arc-authentication-results field has no instance/],
  [
    'cv=none at i=2',
    await sealMessage(one, { ...relay, instance: 2, cv: 'none' }),
    /^fail 2: ARC-Seal i=2 does not say cv=pass/,
  ],
  [
    'cv=fail at i=2',
    await sealMessage(one, { ...relay, instance: 2, cv: 'fail' }),
    /^fail 2: ARC-Seal i=2 does not say cv=pass/,
  ],
  [
    'cv=pass at i=1',
    await sealMessage(PLAIN, { ...list, instance: 1, cv: 'pass' }),
    /^fail 1: ARC-Seal i=1 does not say cv=none/,
  ],
  [
    'h= in a seal',
    await sealMessage(PLAIN, { ...list, instance: 1, cv: 'none', more: ' h=from;' }),
    /^fail 1: ARC-Seal i=1: an ARC-Seal has an h= tag/,
  ],
  [
    'a seal signed by the AMS',
    await sealMessage(one, { ...relay, instance: 2, cv: 'pass', ams: { h: 'from:arc-seal' } }),
    /^fail 2: ARC-Message-Signature i=2 signs an ARC-Seal/,
  ],
  [
    'From not signed',
    await sealMessage(PLAIN, { ...list, instance: 1, cv: 'none', ams: { h: 'to' } }),
    /^fail 1: ARC-Message-Signature i=1: From is not/,
  ],
  [
    'no key',
    await sealMessage(PLAIN, { ...list, s: 'absent', instance: 1, cv: 'none' }),
    /^fail 1: ARC-Message-Signature i=1: there is no key record/,
  ],
  [
    'a weak key',
    await sealMessage(PLAIN, { ...relay, key: KEYS.weak, s: 'weak', instance: 1, cv: 'none' }),
    /^fail 1: ARC-Message-Signature i=1: the RSA key has 768 bits/,
  ],
];

test('verifyMessage fails a chain at its first fault and names the set (RFC 8617 section 5.2)', async () => {
  for (const [what, text, reason] of broken) assert.match(await told(text), reason, what);
});

test('verifyMessage asks for no key of a chain that its fields already break', async () => {
  const asked: string[] = [];
  await verifyBytes(two.replaceAll('i=1;', 'i=3;'), ZONE, { lookup: keyLookup(ZONE, asked) });
  assert.deepEqual(asked, []);
});

test('verifyMessage calls a chain temperror when only a key without an answer stands in its way', async () => {
  const slow = { ...relay, s: 'slow', instance: 2, cv: 'pass' };
  assert.match(
    await told(await sealMessage(listed, slow)),
    /^temperror 2: ARC-Message-Signature i=2: the key could not be had/,
  );
  const older: KeyZone = { ...ZONE, 'arc._domainkey.lists.example': { failure: 'servfail' } };
  assert.match(
    await told(two, older),
    /^temperror 1: ARC-Seal i=1: the key could not be had: a DNS failure \(servfail\)/,
  );
  const hopeless = two.replace('i=1; mx.example', 'i=1; mx.other');
  assert.match(await told(hopeless, older), /^fail 2: ARC-Seal i=2/);
});

test('verifyMessage reads only the newest ARC-Message-Signature as a signature (RFC 8617 section 5.2 step 4)', async () => {
  const beforeSeal = (text: string) => text.replace('a=rsa-sha256; c=relaxed', 'a=new-sha512; c=relaxed');
  const unread = await sealMessage(PLAIN, { ...list, instance: 1, cv: 'none', beforeSeal });
  assert.match(await told(unread), /^fail 1: ARC-Message-Signature i=1: the algorithm/);
  const resealed = await sealMessage(unread, { ...relay, instance: 2, cv: 'pass' });
  assert.match(await told(resealed), /^pass 2/);
});

test('verifyMessage takes the instance of ARC-Authentication-Results past comments and folds (RFC 8617 section 4.1.1)', async () => {
  for (const [before, after] of [
    ['', ''],
    ['(a (nested; i=2) \\) one) ', ' (x)'],
    ['\r\n ', '\r\n '],
  ]) {
    const sealed = await sealMessage(PLAIN, { ...list, instance: 1, cv: 'none' });
    const folded = sealed.replace('Results: i=1;', `Results: ${before}i${after}=${after}1${after};`);
    assert.doesNotMatch(await told(folded), /has no instance/);
  }
  for (const wrong of ['I=1;', 'i=1 x;', 'i=1', 'i=;', '(i=1;', 'mx; i=1;']) {
    assert.match(await told(one.replace('Results: i=1;', `Results: ${wrong}`)), /^fail -: .*has no instance/, wrong);
  }
});

test('verifyMessage does not let a DKIM signature stand for an ARC set, nor an ARC set for a signature', async () => {
  const both = await sealMessage(await signMessage(PLAIN, { key: KEYS.rsa, tags: 'v=1; d=brand.example; s=s;' }), {
    ...list,
    instance: 1,
    cv: 'none',
  });
  const { signatures, arc } = await verifyBytes(both, ZONE);
  assert.deepEqual([signatures.map(({ result }) => result), arc.result], [['pass'], 'pass']);
  assert.deepEqual((await verifyBytes(one, ZONE)).signatures, []);
});

test('verifyMessage takes 50 sets and no more (RFC 8617 section 4.2.1)', async () => {
  let text = PLAIN;
  for (let instance = 1; instance <= 50; instance++) {
    text = await sealMessage(text, { ...relay, instance, cv: instance === 1 ? 'none' : 'pass' });
  }
  const asked: string[] = [];
  const { arc } = await verifyBytes(text, ZONE, { lookup: keyLookup(ZONE, asked) });
  assert.deepEqual([arc.result, arc.sets.length, asked.length], ['pass', 50, 1]);
  assert.match(await told(`ARC-Seal: i=51; x\r\n${text}`), /^fail -: there are more than 50 arc-seal fields/);
});
