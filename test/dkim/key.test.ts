import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { askForKeys, chooseKey, createKeyCache, MAX_KEY_RECORDS } from '../../src/dkim/key.ts';
import { readSignatureField } from '../../src/dkim/signature/field.ts';
import { keyLookup } from './key-zone.ts';
import { KEYS, keyRecord } from './sign.ts';

const RULES = { strict: true, minRsaBits: 1024 };

const signatureOf = (tags = '') => {
  const reading = readSignatureField(
    'dkim-signature',
    `v=1; a=rsa-sha256; d=brand.example; s=s; h=from; bh=AAAA; b=AAAA;${tags}`,
  );
  if (reading.kind !== 'usable') throw new TypeError(reading.fault.reason);
  return reading.signature;
};

const rsa = (tags: string) => keyRecord(KEYS.rsa, tags);
const hugeExponent = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 65537 }).publicKey;

const choices: readonly [record: string, told: RegExp, section: string][] = [
  [rsa('v=DKIM1;'), /^key$/, ''],
  [rsa(''), /^key$/, ''],
  [rsa('v=DKIM1; h=sha1:sha256; s=email; t=y; n=for mail;'), /^key$/, ''],
  [`${rsa('v=DKIM1;')}\n`, /^key$/, ''],
  ['v=DKIM1; p=', /^neutral: the key is revoked/, 'RFC 6376 section 3.6.1'],
  [rsa('v=DKIM2;'), /^neutral: the key record cannot be used/, 'RFC 6376 section 6.1.2'],
  [rsa('k=rsa; v=DKIM1;'), /^neutral: the key record cannot be used/, 'RFC 6376 section 6.1.2'],
  [rsa('v=DKIM1; k=x;'), /^neutral: the key record cannot be used/, 'RFC 6376 section 6.1.2'],
  ['v=DKIM1; p=AAAA', /^neutral: the key record cannot be used/, 'RFC 6376 section 6.1.2'],
  [rsa('v=DKIM1;; k=rsa;'), /^neutral: the key record is not a tag-list: an empty tag/, 'RFC 6376 section 6.1.2'],
  [rsa('v=DKIM1; s=other;'), /^neutral: the key is not for mail/, 'RFC 6376 section 3.6.1'],
  [rsa('v=DKIM1; h=sha1;'), /^neutral: the key is not for sha256/, 'RFC 6376 section 6.1.2'],
  [keyRecord(KEYS.weak), /^policy: the RSA key has 768 bits, fewer than 1024/, 'RFC 8301 section 3.2'],
  [keyRecord(KEYS.ed25519), /^neutral: the key is for ed25519, the signature is rsa/, 'RFC 6376 section 6.1.2'],
];

test('chooseKey holds a key record against a signature (RFC 6376 section 6.1.2)', () => {
  for (const [text, told, section] of choices) {
    const choice = chooseKey(createKeyCache().read(text), signatureOf(), RULES);
    assert.match(choice.kind === 'key' ? 'key' : `${choice.result}: ${choice.reason}`, told, text);
    if (choice.kind === 'refused') assert.equal(choice.section, section);
  }
});

test('chooseKey lets t=s forbid an AUID below the SDID (RFC 6376 section 3.6.1)', () => {
  const record = createKeyCache().read(rsa('v=DKIM1; t=s;'));
  assert.equal(chooseKey(record, signatureOf(' i=@brand.example'), RULES).kind, 'key');
  assert.equal(chooseKey(record, signatureOf(' i=@news.brand.example'), RULES).kind, 'refused');
});

test('chooseKey refuses an RSA exponent of more than 64 bits as policy, since each use of it is costly', () => {
  const jwk = hugeExponent.export({ format: 'jwk' });
  const length = (bytes: Buffer) =>
    bytes.length < 128 ? Buffer.from([bytes.length]) : Buffer.from([0x82, bytes.length >> 8, bytes.length & 0xff]);
  const der = (tag: number, bytes: Buffer) => Buffer.concat([Buffer.from([tag]), length(bytes), bytes]);
  const number = (bytes: Buffer) => der(0x02, Buffer.concat([Buffer.from([0]), bytes]));
  const modulus = number(Buffer.from(jwk.n ?? '', 'base64url'));
  const exponent = number(Buffer.concat([Buffer.alloc(9, 1)]));
  const p = der(0x30, Buffer.concat([modulus, exponent])).toString('base64');
  const choice = chooseKey(createKeyCache().read(`v=DKIM1; p=${p}`), signatureOf(), RULES);
  assert.match(choice.kind === 'refused' ? `${choice.result}: ${choice.reason}` : 'key', /^policy: the exponent/);
});

test('askForKeys tells no key from a question without an answer (RFC 6376 section 6.1.2)', async () => {
  const zone = { 'slow.example': { failure: 'timeout' }, 'bad.example': { failure: 'badname' } } as const;
  const ask = (name: string) => askForKeys(keyLookup(zone), name, 0, createKeyCache());
  assert.deepEqual(await ask('slow.example'), { kind: 'failure', failure: { failure: 'timeout' } });
  assert.deepEqual(await ask('bad.example'), { kind: 'none' });
  assert.deepEqual(await ask('absent.example'), { kind: 'none' });
});

/** The keys among the texts that stand at one name. */
const askAmong = (texts: readonly string[]) => {
  const records = texts.map((text) => [text]);
  return askForKeys(
    async () => ({ kind: 'records', records, source: 'zone', ttlSeconds: 1, authenticated: false }),
    's._domainkey.brand.example',
    0,
    createKeyCache(),
  );
};

test('askForKeys gives several records sorted, each once, and counts those it leaves', async () => {
  const texts = ['p=', 'v=DKIM1; p=', ...Array.from({ length: 6 }, (_, at) => `v=DKIM1; n=${at}; p=`), 'p='];
  const answer = await askAmong(texts);
  assert.equal(answer.kind, 'records');
  if (answer.kind !== 'records') return;
  assert.equal(answer.records.length, MAX_KEY_RECORDS);
  assert.equal(answer.left, 8 - MAX_KEY_RECORDS);
  const inOrder = ({ records }: typeof answer) => records.map(({ record }) => record.text);
  const turned = await askAmong(texts.toReversed());
  assert.deepEqual(turned.kind === 'records' && inOrder(turned), inOrder(answer));
});

test('askForKeys finds a key among texts that are none, however many sort before it', async () => {
  const key = 'v=DKIM1; p=';
  const others = [
    'a site verification',
    'v=DMARC1; p=none',
    'v=DMARC1; p=quarantine',
    'v=DMARC1; p=reject',
    'v=STSv1; p=1',
    'k=rsa',
  ];
  const answer = await askAmong([...others, key]);
  assert.equal(answer.kind === 'records' && answer.records[0]?.record.text, key);
});

test('createKeyCache parses a text once, keeps the most recently used, and keeps no long ones', () => {
  const cache = createKeyCache(2);
  const first = cache.read('v=DKIM1; p=');
  assert.equal(cache.read('v=DKIM1; p='), first);
  cache.read('v=DKIM1; n=2; p=');
  cache.read('v=DKIM1; p=');
  cache.read('v=DKIM1; n=3; p=');
  assert.equal(cache.size(), 2);
  assert.equal(cache.read('v=DKIM1; p='), first);
  cache.read(`v=DKIM1; n=${'x'.repeat(5000)}; p=`);
  assert.equal(cache.size(), 2);
  assert.equal(cache.read('v=DKIM1; p='), first);
});
