/**
 * readProtection: RFC 2045 section 5.1, RFC 8551 section 3, RFC 3156 sections 4 to 6.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../../../src/message/message.ts';
import { contentTypeOf } from '../../../src/message/mime/media-type.ts';
import { readProtection } from '../../../src/message/mime/protection.ts';

type Protection = ReturnType<typeof readProtection>[number];

function protectionOf(content: string): Protection[] {
  const message = readMessage(Buffer.from(content, 'latin1'));
  assert.equal(message.kind, 'message');
  return message.kind === 'message' ? readProtection(contentTypeOf(message.fields), message.body) : [];
}

const types: [of: string, value: string, protection: Protection[]][] = [
  ['plain text', 'text/plain; charset=utf-8', []],
  [
    'S/MIME detached signature (RFC 8551 section 3.5.3)',
    'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=x',
    ['smime-signed'],
  ],
  ['S/MIME of older programs', 'multipart/signed; protocol="application/x-pkcs7-signature"', ['smime-signed']],
  [
    'OpenPGP signature (RFC 3156 section 5)',
    'Multipart/Signed; Protocol="Application/PGP-Signature"',
    ['openpgp-signed'],
  ],
  ['another signature', 'multipart/signed; protocol="application/x-other"', []],
  ['a signature without protocol', 'multipart/signed', []],
  [
    'OpenPGP encryption (RFC 3156 section 4)',
    'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x',
    ['openpgp-encrypted'],
  ],
  [
    'S/MIME opaque signature (RFC 8551 section 3.5.2)',
    'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m',
    ['smime-signed'],
  ],
  [
    'S/MIME encryption (section 3.3)',
    'application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
    ['smime-encrypted'],
  ],
  [
    'S/MIME authenticated encryption (section 3.4)',
    'application/pkcs7-mime; smime-type=authEnveloped-data',
    ['smime-encrypted'],
  ],
  ['S/MIME certificates only (section 3.8)', 'application/pkcs7-mime; smime-type=certs-only', []],
  [
    'comments in the type',
    'multipart (a) / (b) signed (c) ; (d) protocol (e) = (f) "application/pgp-signature" (g)',
    ['openpgp-signed'],
  ],
  ['a protocol without quotes', 'multipart/signed; protocol=application/pgp-signature', ['openpgp-signed']],
  ['no type', 'nonsense', []],
];
for (const [of, value, protection] of types) {
  test(`readProtection tells ${of}`, () =>
    assert.deepEqual(protectionOf(`Content-Type: ${value}\r\n\r\nbody`), protection));
}

const objects: [of: string, hex: string, protection: Protection[]][] = [
  ['signed data', '30820b0606092a864886f70d010702a0820af7', ['smime-signed']],
  ['enveloped data', '30820b0606092a864886f70d010703a0820af7', ['smime-encrypted']],
  ['authenticated enveloped data', '30820b06060b2a864886f70d0109100117a082', ['smime-encrypted']],
  ['plain data', '30820b0606092a864886f70d010701a0820af7', []],
  ['anything else', '414243', []],
];
for (const [of, hex, protection] of objects) {
  test(`readProtection looks into an S/MIME object without smime-type: ${of}`, () => {
    const base64 = `${Buffer.from(hex, 'hex').toString('base64').slice(0, 10)}\r\n${Buffer.from(hex, 'hex').toString('base64').slice(10)}`;
    assert.deepEqual(
      protectionOf(`Content-Type: application/x-pkcs7-mime; name=smime.p7m\r\n\r\n${base64}`),
      protection,
    );
    assert.deepEqual(
      protectionOf(`Content-Type: application/octet-stream; name="smime.p7m"\r\n\r\n${base64}`),
      protection,
    );
    const binary = Buffer.from(hex, 'hex').toString('latin1');
    assert.deepEqual(protectionOf(`Content-Type: application/pkcs7-mime\r\n\r\n${binary}`), protection);
  });
}

test('readProtection tells nothing of a message with two Content-Type fields, or with none', () => {
  const signed = 'Content-Type: multipart/signed; protocol="application/pgp-signature"\r\n';
  assert.deepEqual(protectionOf(`${signed}${signed}\r\n`), []);
  assert.deepEqual(protectionOf('\r\nbody'), []);
  assert.deepEqual(protectionOf('Content-Type: application/octet-stream; name=a.bin\r\n\r\n'), []);
});

const ofType = (value: string) => protectionOf(`Content-Type: ${value}\r\n\r\nbody`);
const PGP = 'protocol="application/pgp-signature"';

test('readProtection keeps the first of repeated parameters and reads past a semicolon too many', () => {
  assert.deepEqual(ofType(`Multipart/SIGNED;; x=1; ${PGP}; Protocol=other;`), ['openpgp-signed']);
  assert.deepEqual(ofType(`multipart/signed; protocol=other; ${PGP}`), []);
  assert.deepEqual(ofType('multipart/signed; protocol="application\\/pgp-signature" ;'), ['openpgp-signed']);
});

test('readProtection reads 50 parameters of a type and no more', () => {
  const parameters = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=x; `).join('');
  assert.deepEqual(ofType(`multipart/signed; ${parameters(49)}${PGP}`), ['openpgp-signed']);
  assert.deepEqual(ofType(`multipart/signed; ${parameters(50)}${PGP}`), []);
});

test('readProtection never throws and never stands still', () => {
  const parts = fc.constantFrom('a', '/', ';', '=', '"', '\\', '(', ')', ' ', '\0', 'é');
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (pieces) => void ofType(pieces.join(''))),
    { numRuns: 3000 },
  );
  for (const piece of [';', '(', 'a/b;', '=', '"', '\\']) ofType(`a/b${piece.repeat(100_000)}`);
});
