/** tlsFindings: what the facts say of TLS, and where they stay silent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { tlsFindings } from '../../../src/verdict/findings/tls-findings.ts';

const OUTSIDE = { clientIp: '192.0.2.10' };
const secured = (tls: SmtpFacts['tls'], over: SmtpFacts = {}): SmtpFacts => ({
  ...OUTSIDE,
  protocol: 'ESMTPS',
  tls,
  ...over,
});
const codes = (facts: SmtpFacts): string[] => tlsFindings(facts).map(({ code, section }) => `${code} ${section}`);

const CASES: readonly (readonly [of: string, facts: SmtpFacts, expected: string[]])[] = [
  ['facts that say nothing', OUTSIDE, []],
  ['a session without TLS', { ...OUTSIDE, protocol: 'ESMTP' }, ['no-tls RFC 3207 section 1']],
  ['SMTP of old', { ...OUTSIDE, protocol: 'SMTP' }, ['no-tls RFC 3207 section 1']],
  ['a word that is no transmission type', { ...OUTSIDE, protocol: 'HTTP' }, []],
  ['a client that is unknown', { protocol: 'ESMTP' }, []],
  ['the same machine', { clientIp: '127.0.0.1', protocol: 'ESMTP' }, []],
  ['the same machine, IPv6 and old TLS', secured({ version: 'TLSv1' }, { clientIp: '::1' }), []],
  ['a network inside', { clientIp: '10.1.2.3', protocol: 'ESMTP' }, []],
  ['LMTP', { ...OUTSIDE, protocol: 'LMTP' }, []],
  ['UTF8LMTP', { ...OUTSIDE, protocol: 'UTF8LMTP' }, []],
  ['a submission', { ...OUTSIDE, protocol: 'ESMTPA', auth: { identity: 'bob' } }, []],
  ['TLS of which nothing is known', { ...OUTSIDE, protocol: 'ESMTPS' }, []],
  ['TLS 1.3', secured({ version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bits: 256 }), []],
  ['TLS 1.2 as Exchange writes it', secured({ version: 'TLS1_2' }), []],
  ['TLS 1.2 as Exim writes it', secured({ version: 'TLS1.2' }), []],
  ['TLS 1.0 of Postfix', secured({ version: 'TLSv1' }), ['old-tls-version RFC 8996 section 4']],
  ['TLS 1.0', secured({ version: 'TLSv1.0' }), ['old-tls-version RFC 8996 section 4']],
  ['TLS 1.0 of Exchange', secured({ version: 'TLS1_0' }), ['old-tls-version RFC 8996 section 4']],
  ['TLS 1.1', secured({ version: 'tls 1.1' }), ['old-tls-version RFC 8996 section 5']],
  ['SSL 3', secured({ version: 'SSLv3' }), ['old-tls-version RFC 7568 section 3']],
  ['a version that is none', secured({ version: 'TLSv1.1x' }), []],
  ['a version to come', secured({ version: 'TLSv2' }), []],
  [
    'implicit TLS of an old version',
    { ...OUTSIDE, tls: { version: 'TLSv1.1', mode: 'implicit' } },
    ['old-tls-version RFC 8996 section 5'],
  ],
];

for (const [of, facts, expected] of CASES)
  test(`tlsFindings says of ${of}: ${expected[0] ?? 'nothing'}`, () => assert.deepEqual(codes(facts), expected));

/** Names as OpenSSL, IANA and GnuTLS write them. */
const CIPHERS: readonly (readonly [cipher: string, word: RegExp | null])[] = [
  ['ECDHE-RSA-AES256-GCM-SHA384', null],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', null],
  ['TLS_AES_128_GCM_SHA256', null],
  ['ECDHE_SECP256R1__RSA_SHA256__AES_256_GCM', null],
  ['DHE-RSA-CAMELLIA256-SHA', null],
  ['RC4-SHA', /RC4/],
  ['TLS_RSA_WITH_RC4_128_MD5', /RC4/],
  ['RSA_ARCFOUR_128_SHA1', /RC4/],
  ['DES-CBC3-SHA', /Triple DES/],
  ['EDH-RSA-DES-CBC3-SHA', /Triple DES/],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', /Triple DES/],
  ['DES-CBC-SHA', /uses DES/],
  ['EXP-RC4-MD5', /export/],
  ['EXP1024-DES-CBC-SHA', /export/],
  ['TLS_RSA_EXPORT_WITH_DES40_CBC_SHA', /export/],
  ['RC2-CBC-MD5', /RC2/],
  ['NULL-SHA', /nothing/],
  ['ECDHE-RSA-NULL-SHA', /nothing/],
  ['AECDH-NULL-SHA', /nothing/],
  ['ADH-AES256-GCM-SHA384', /anonymous/],
  ['AECDH-AES256-SHA', /anonymous/],
  ['TLS_ECDH_anon_WITH_AES_128_CBC_SHA', /anonymous/],
];

for (const [cipher, word] of CIPHERS)
  test(`tlsFindings says of ${cipher}: ${word?.source ?? 'nothing'}`, () => {
    const found = tlsFindings(secured({ version: 'TLSv1.2', cipher }));
    assert.deepEqual(
      found.map(({ code, severity }) => [code, severity]),
      word === null ? [] : [['weak-tls-cipher', 'info']],
    );
    if (word !== null) assert.match(found[0]?.message ?? '', word);
  });

test('tlsFindings goes by the bits where the name of the suite says nothing', () => {
  assert.deepEqual(codes(secured({ version: 'TLSv1.2', cipher: 'X', bits: 56 })), [
    'weak-tls-cipher RFC 9325 section 4.1',
  ]);
  assert.deepEqual(codes(secured({ version: 'TLSv1.2', bits: 111 })), ['weak-tls-cipher RFC 9325 section 4.1']);
  assert.deepEqual(codes(secured({ version: 'TLSv1.2', bits: 112 })), []);
  assert.deepEqual(codes(secured({ version: 'TLSv1.2', bits: 0 })), []);
});
