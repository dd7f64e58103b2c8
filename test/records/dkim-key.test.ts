import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type DkimKey, KEY_MAX_CHARACTERS, parseDkimKey, selectDkimKey } from '../../src/records/dkim-key.ts';

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
const small = rsa(1024);
const SPKI = small.export({ format: 'der', type: 'spki' }).toString('base64');
const PKCS1 = small.export({ format: 'der', type: 'pkcs1' }).toString('base64');
const ED25519 = generateKeyPairSync('ed25519')
  .publicKey.export({ format: 'der', type: 'spki' })
  .subarray(12)
  .toString('base64');

const keyOf = (text: string): DkimKey => {
  const parsed = parseDkimKey(text);
  if (parsed.kind !== 'key') assert.fail(parsed.kind === 'fault' ? parsed.fault.reason : parsed.kind);
  return parsed;
};

describe('parseDkimKey reads keys with their type and size', () => {
  const cases: readonly (readonly [string, string, string, number, string])[] = [
    ['an RSA key without v and k', `p=${SPKI}`, 'rsa', 1024, 'spki'],
    ['a bare RSAPublicKey', `v=DKIM1; p=${PKCS1}`, 'rsa', 1024, 'pkcs1'],
    ['an Ed25519 key', `v=DKIM1; k=ed25519; p=${ED25519}`, 'ed25519', 256, 'raw'],
    ['white space in p', `v=DKIM1; p=${SPKI.slice(0, 50)} ${SPKI.slice(50)}`, 'rsa', 1024, 'spki'],
    [
      'an RSA key of 512 bits',
      `p=${rsa(512).export({ format: 'der', type: 'spki' }).toString('base64')}`,
      'rsa',
      512,
      'spki',
    ],
  ];
  for (const [what, text, keyType, bits, encoding] of cases) {
    it(what, () => {
      const key = keyOf(text);
      assert.deepEqual([key.keyType, key.bits, key.encoding], [keyType, bits, encoding]);
    });
  }
  it('fills in the defaults', () => {
    const key = keyOf(`p=${SPKI}`);
    assert.deepEqual(
      [key.hashAlgorithms, key.services, key.forMail, key.flags, key.testing, key.strict, key.notes, key.faults],
      [null, ['*'], true, [], false, false, null, []],
    );
  });
  it('reads h, s, t and n', () => {
    const key = keyOf(`v=DKIM1; h=SHA1 : sha256; s=email; t=y:s; n=a note; zz=1; p=${SPKI}`);
    assert.deepEqual(
      [key.hashAlgorithms, key.forMail, key.testing, key.strict, key.notes],
      [['sha1', 'sha256'], true, true, true, 'a note'],
    );
  });
  it('tells a key that is not for mail', () => {
    const key = keyOf(`s=tlsrpt; p=${SPKI}`);
    assert.equal(key.forMail, false);
    assert.match(key.faults[0]?.reason ?? '', /not for mail/);
  });
});

describe('parseDkimKey tells what makes a record unusable', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['', 0, /"p" is missing/],
    ['v=DKIM1; k=rsa', 14, /"p" is missing/],
    ['v=DKIM2; p=AAAA', 2, /not "DKIM1"/],
    ['v=dkim1; p=AAAA', 2, /not "DKIM1"/],
    ['p=AAAA; v=DKIM1', 8, /not the first tag/],
    ['v=DKIM1; k=dsa; p=AAAA', 11, /unknown key type/],
    ['v=DKIM1; p=AAAA; p=AAAA', 17, /more than once/],
    ['v=DKIM1; p=not_base64', 11, /not base64/],
    ['v=DKIM1; p=AAAA', 11, /not an RSA public key/],
    ['v=DKIM1; k=ed25519; p=AAAA', 22, /3 bytes/],
    [`v=DKIM1; k=rsa; p=${ED25519}`, 18, /not an RSA public key/],
    [`v=DKIM1; p=${'A'.repeat(KEY_MAX_CHARACTERS + 1)}`, 11, /longer than/],
    ['random text', 0, /no tag/],
  ];
  for (const [text, offset, reason] of cases) {
    it(JSON.stringify(text.slice(0, 60)), () => {
      const parsed = parseDkimKey(text);
      assert.equal(parsed.kind, 'fault');
      if (parsed.kind !== 'fault') return;
      assert.match(parsed.fault.reason, reason);
      assert.equal(parsed.fault.offset, offset);
    });
  }
});

describe('parseDkimKey tells a revoked key', () => {
  for (const text of ['v=DKIM1; p=', 'v=DKIM1; k=rsa; p= ;', 'p=']) {
    it(text, () => assert.equal(parseDkimKey(text).kind, 'revoked'));
  }
});

describe('selectDkimKey counts the key records of a selector', () => {
  it('leaves other texts aside', () => {
    assert.equal(selectDkimKey(['v=spf1 -all', 'hello', 'v=DMARC1; p=none']).kind, 'none');
    assert.equal(selectDkimKey(['hello', 'v=DKIM1; p=']).kind, 'one');
    assert.equal(selectDkimKey(['p=AAAA', 'v=DKIM1; p=']).kind, 'several');
  });
});
