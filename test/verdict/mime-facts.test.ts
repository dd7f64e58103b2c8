/** What a verdict tells of the MIME structure, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLES } from '../../examples/cases.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { MAX_ATTACHMENTS } from '../../src/verdict/mime-facts.ts';
import type { VerifyOptions } from '../../src/verdict/run.ts';
import { ALICE, NOBODY } from '../message/mime/signatures.ts';
import { example, makeVerifier } from './make-verifier.ts';

const verify = makeVerifier();
const judge = (text: string, options: VerifyOptions = { include: ['mime'] }): Promise<Verdict> =>
  verify(Buffer.from(text.replace(/\r?\n/g, '\r\n')), {}, options);
const FROM = 'From: Alice <alice@brand.example>\n';

test('a verdict tells the parts and attachments of a message that it is asked for', async () => {
  const text = `${FROM}Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

-----BEGIN PGP MESSAGE-----
--b
Content-Type: application/pdf; name="old.pdf"
Content-Disposition: attachment;
 filename*0*=utf-8''%C3%BCber; filename*1=".pdf"

12345
--b
Content-Type: image/png; name="=?utf-8?q?=C3=BC=2Epng?="

123
--b
Content-Disposition: attachment

-----BEGIN PGP PUBLIC KEY BLOCK-----
--b--
`;
  const { message } = await judge(text);
  assert.deepEqual(message.mime, {
    type: 'multipart/mixed',
    parts: 4,
    complete: true,
    attachmentCount: 3,
    attachments: [
      { name: 'über.pdf', type: 'application/pdf', size: 5 },
      { name: 'ü.png', type: 'image/png', size: 3 },
      { name: null, type: 'text/plain', size: 36 },
    ],
    inlinePgp: ['message'],
    smimeSigner: null,
  });
  assert.equal((await judge(text, {})).message.mime, undefined);
});

test('a verdict tells so many attachments and counts the rest', async () => {
  const text = `${FROM}Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Disposition: attachment\n\nx\n'.repeat(MAX_ATTACHMENTS + 5)}--b--`;
  const { mime } = (await judge(text)).message;
  assert.deepEqual([mime?.attachments.length, mime?.attachmentCount], [MAX_ATTACHMENTS, MAX_ATTACHMENTS + 5]);
});

test('a verdict tells what a bounce says, unasked, and of no other message', async () => {
  for (const { file, smtp } of EXAMPLES) {
    const { deliveryStatus } = (await verify(example(file), smtp)).message;
    const expected = {
      recipients: [{ finalRecipient: 'nobody@brand.example', action: 'failed', status: '5.1.1' }],
      complete: true,
    };
    assert.deepEqual(deliveryStatus, file === 'bounce.eml' ? expected : undefined, file);
  }
});

const signed = (from: string, signature: string): string => `From: ${from}
Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b

--b

hello
--b
Content-Type: application/pkcs7-signature
Content-Transfer-Encoding: base64

${signature}
--b--
`;

const SIGNERS: readonly (readonly [of: string, from: string, signature: string, told: boolean])[] = [
  ['its own address', 'alice@brand.example', ALICE, false],
  ['its own address in other case', 'Alice@BRAND.example', ALICE, false],
  ['its second address', 'A.Liddell@brand.example', ALICE, false],
  ['another address', 'bob@brand.example', ALICE, true],
  ['another domain', 'alice@evil.example', ALICE, true],
  ['a certificate without addresses', 'bob@brand.example', NOBODY, false],
  ['no signature that can be read', 'bob@brand.example', 'AAAA', false],
  ['several authors', 'alice@brand.example, bob@other.example', ALICE, false],
];
for (const [of, from, signature, told] of SIGNERS)
  test(`an S/MIME signature of ${of} is ${told ? 'a' : 'no'} finding`, async () => {
    const { findings } = await judge(signed(from, signature), {});
    const found = findings.filter(({ code }) => code === 'smime-signer-elsewhere');
    assert.deepEqual(
      found.map(({ severity }) => severity),
      told ? ['warning'] : [],
    );
    if (told) assert.match(found[0]?.message ?? '', /not verified .*alice@brand\.example, a\.liddell@brand\.example/);
  });

test('a verdict tells the S/MIME signer where it is asked for', async () => {
  const { mime } = (await judge(signed('alice@brand.example', ALICE))).message;
  assert.deepEqual(mime?.smimeSigner, ['alice@brand.example', 'a.liddell@brand.example']);
});
