/** findInlinePgp: armor header lines at the beginning of a line (RFC 4880 section 6.2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInlinePgp, MAX_TEXT_BYTES, MAX_TEXT_PARTS } from '../../../src/message/mime/inline-pgp.ts';
import { partsOf } from './parts-of.ts';

const found = async (text: string): Promise<string[]> => findInlinePgp((await partsOf(text)).parts);

const CASES: readonly (readonly [of: string, text: string, expected: string[]])[] = [
  ['a message', '-----BEGIN PGP MESSAGE-----\n', ['message']],
  ['CRLF and padding', 'hello\r\n-----BEGIN PGP MESSAGE----- \t\r\n', ['message']],
  ['the end of the text', 'hello\n-----BEGIN PGP MESSAGE-----', ['message']],
  [
    'a signed message',
    '-----BEGIN PGP SIGNED MESSAGE-----\nhello\n-----BEGIN PGP SIGNATURE-----\n',
    ['signed-message', 'signature'],
  ],
  ['a key', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n', ['public-key']],
  ['a key that should not be there', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n', ['private-key']],
  ['a quoted message', '> -----BEGIN PGP MESSAGE-----\n', []],
  ['a line that goes on', '-----BEGIN PGP MESSAGE----- x\n', []],
  ['another block', '-----BEGIN PGP NONSENSE-----\n-----BEGIN CERTIFICATE-----\n', []],
  ['an end alone', '-----END PGP MESSAGE-----\n', []],
  ['lower case', '-----begin pgp message-----\n', []],
];
for (const [of, text, expected] of CASES)
  test(`findInlinePgp tells of ${of}: ${expected.join(', ') || 'nothing'}`, async () =>
    assert.deepEqual(await found(`\n${text}`), expected));

test('findInlinePgp looks into text parts alone, base64 among them', async () => {
  const armor = '-----BEGIN PGP MESSAGE-----\n';
  assert.deepEqual(await found(`Content-Type: application/x\n\n${armor}`), []);
  assert.deepEqual(
    await found(
      `Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n${Buffer.from(armor).toString('base64')}`,
    ),
    ['message'],
  );
  assert.deepEqual(await found(`Content-Transfer-Encoding: quoted-printable\n\n=20\n${armor}`), ['message']);
});

test('findInlinePgp looks at so many octets and parts and no more', async () => {
  const armor = '\n-----BEGIN PGP MESSAGE-----';
  assert.deepEqual(await found(`\n${'x'.repeat(MAX_TEXT_BYTES - armor.length)}${armor}`), ['message']);
  assert.deepEqual(await found(`\n${'x'.repeat(MAX_TEXT_BYTES - armor.length + 1)}${armor}`), []);
  const texts = (count: number) =>
    `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(count)}--b\n${armor}\n`;
  assert.deepEqual(await found(texts(MAX_TEXT_PARTS - 1)), ['message']);
  assert.deepEqual(await found(texts(MAX_TEXT_PARTS)), []);
});
