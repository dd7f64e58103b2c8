/** readSmimeSigner: whose certificate signed (RFC 5652 section 5.1, RFC 8550 section 3). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_SIGNATURE_BYTES, readSmimeSigner } from '../../../src/message/mime/smime-signer.ts';
import { partsOf } from './parts-of.ts';
import { ALICE, KEYID, NOBODY, NOCERTS, ODD, STREAM, SUBJECT } from './signatures.ts';

const ADDRESSES = ['alice@brand.example', 'a.liddell@brand.example'];

const detached = async (base64: string, type = 'application/pkcs7-signature') =>
  readSmimeSigner(
    (
      await partsOf(
        `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: ${type}\nContent-Transfer-Encoding: base64\n\n${base64}\n--b--`,
      )
    ).parts,
  );

const opaque = async (body: string, encoding: string) =>
  readSmimeSigner(
    (
      await partsOf(
        `Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: ${encoding}\n\n${body}`,
      )
    ).parts,
  );

const CASES: readonly (readonly [of: string, base64: string, expected: string[] | null])[] = [
  ['a certificate with two addresses, beside that of its issuer', ALICE, ADDRESSES],
  ['an address in the subject alone', SUBJECT, ['alice@brand.example']],
  ['a certificate without an address', NOBODY, null],
  ['another name before the addresses', ODD, ['mallory@evil.example', 'alice@brand.example']],
  ['a signer named by its key', KEYID, ADDRESSES],
  ['no certificate', NOCERTS, null],
  ['nothing', '', null],
  ['no CMS', 'aGVsbG8=', null],
];
for (const [of, base64, expected] of CASES)
  test(`readSmimeSigner reads ${of}`, async () => assert.deepEqual(await detached(base64), expected));

test('readSmimeSigner reads an opaque signature of indefinite length, in base64 and as octets', async () => {
  assert.deepEqual(await opaque(STREAM.replace(/.{64}/g, '$&\r\n'), 'base64'), ADDRESSES);
  assert.deepEqual(await opaque(Buffer.from(STREAM, 'base64').toString('latin1'), 'binary'), ADDRESSES);
  assert.equal(await opaque(STREAM, 'quoted-printable'), null);
});

test('readSmimeSigner reads no signature that is too large', async () => {
  const fill = (octets: number) => ' '.repeat(octets - ALICE.length) + ALICE;
  assert.deepEqual(await opaque(fill(MAX_SIGNATURE_BYTES), 'base64'), ADDRESSES);
  assert.equal(await opaque(fill(MAX_SIGNATURE_BYTES + 1), 'base64'), null);
});

test('readSmimeSigner of a cut or changed object never throws, and names nobody else', () => {
  const octets = Buffer.from(ALICE, 'base64');
  const part = {
    parent: null,
    type: 'application/pkcs7-mime',
    parameters: new Map(),
    disposition: null,
    encoding: 'binary',
  };
  const read = (body: Buffer) => readSmimeSigner([{ ...part, body }]);
  for (let length = 0; length < octets.length; length++) assert.equal(read(octets.subarray(0, length)), null);
  fc.assert(
    fc.property(fc.nat(octets.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(octets);
      changed[at] = value;
      read(changed);
    }),
    { numRuns: 1500 },
  );
  for (const hex of ['3080', '0500', '0000', '30820000', '1f', '3084ffffffff', 'a080', '30ff'])
    assert.equal(read(Buffer.from(`308006092a864886f70d010702a0803080${hex.repeat(20_000)}`, 'hex')), null);
});
