/**
 * What the transport facts say against the encryption of the hop that brought the message in: none,
 * an old protocol version, a weak cipher suite. Pure. Facts that do not say are told as nothing,
 * and a hop within one's own machine, an LMTP hop or a submission needs no TLS finding of a
 * receiver. RFC 3207, RFC 8996, RFC 9325.
 */
import type { Finding } from '../../../schemas/finding.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { reachOf } from '../derived/own-hosts.ts';
import { readTransport } from '../transport.ts';
import { finding } from './finding.ts';

/** The findings of the facts, each `info`: mail is taken without TLS too. */
export const tlsFindings = (facts: SmtpFacts): Finding[] => {
  const reach = facts.clientIp === undefined ? null : reachOf(facts.clientIp);
  if (reach === 'loopback' || /^(?:UTF8)?LMTP/i.test(facts.protocol ?? '')) return [];
  const { encryption, authenticated } = readTransport(facts);
  // Of an address inside, or unknown, nothing says that the message crossed the Internet.
  if (encryption === 'none')
    return reach === 'public' && authenticated !== true
      ? [finding('no-tls', 'the client sent the message without TLS, so anybody on the way could read it', 'transport')]
      : [];
  return [...oldVersion(facts.tls?.version), ...weakCipher(facts.tls)];
};

/** As in "TLSv1.2", "TLS1_0", "SSLv3"; no minor version is 0. */
const VERSION = /^(SSL|TLS) ?v?([0-9])(?:[._]([0-9]))?$/i;

const oldVersion = (written: string | undefined): Finding[] => {
  const [, protocol = '', major, minor = '0'] = VERSION.exec(written ?? '') ?? [];
  if (major === undefined) return [];
  const isSsl = protocol.toUpperCase() === 'SSL';
  if (!isSsl && (Number(major) !== 1 || Number(minor) > 1)) return [];
  const section = isSsl ? 'RFC 7568 section 3' : Number(minor) === 0 ? 'RFC 8996 section 4' : 'RFC 8996 section 5';
  const name = isSsl ? `SSL ${major}.${minor}` : `TLS ${major}.${minor}`;
  const message = `the message came over ${name}, which must not be used any more`;
  return [finding('old-tls-version', message, 'smtp.tls.version', { section })];
};

type Weakness = { readonly about: string; readonly section?: string };

/** What a word of a cipher suite's name says against it, as OpenSSL, GnuTLS and IANA write it. */
const WEAK_WORDS: ReadonlyMap<string, Weakness> = new Map(
  (
    [
      [['NULL'], { about: 'encrypts nothing' }],
      [['EXP', 'EXPORT', 'EXP1024', 'EXPORT1024', 'DES40'], { about: 'has a key of export strength' }],
      [['RC4', 'ARCFOUR', 'ARCFOUR128'], { about: 'uses RC4, which is broken' }],
      [['RC2'], { about: 'uses RC2, which is broken' }],
      [['3DES', 'CBC3', 'DES3'], { about: 'uses Triple DES, which has fewer than 128 bits of security' }],
      [['DES'], { about: 'uses DES, which is broken' }],
      [
        ['ADH', 'AECDH', 'ANON'],
        { about: 'proves the identity of no server (anonymous)', section: 'RFC 7672 section 8.2' },
      ],
    ] as const satisfies readonly (readonly [readonly string[], Weakness])[]
  ).flatMap(([words, weakness]) => words.map((word): [string, Weakness] => [word, weakness])),
);

/** Bits of security that a suite must have (RFC 9325 section 4.1). */
const LEAST_BITS = 112;

const weakCipher = (tls: SmtpFacts['tls']): Finding[] => {
  const { cipher, bits } = tls ?? {};
  const words = new Set((cipher ?? '').toUpperCase().split(/[^0-9A-Z]/));
  const found = [...WEAK_WORDS].find(([word]) => words.has(word))?.[1];
  const weakness: Weakness | undefined =
    found ??
    (bits !== undefined && bits > 0 && bits < LEAST_BITS
      ? { about: `has ${bits} bits, and ${LEAST_BITS} are the least` }
      : undefined);
  if (weakness === undefined) return [];
  const suite = cipher === undefined ? 'the cipher suite' : `the cipher suite ${cipher}`;
  const { about, section } = weakness;
  return [
    finding(
      'weak-tls-cipher',
      `${suite} of the connection ${about}`,
      'smtp.tls.cipher',
      section === undefined ? {} : { section },
    ),
  ];
};
