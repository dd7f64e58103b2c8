/**
 * What the measurements are made on: one brand, its zone, and its messages, each with a new
 * RSA-2048 relaxed/relaxed signature, aligned SPF and p=reject, so that every part of a verdict has
 * its work. The text is of words in random order: nothing in it repeats that a hash or a parser
 * could profit from.
 */
import { generateKeyPairSync } from 'node:crypto';
import { keyRecord, signMessage } from '../test/dkim/sign.ts';

/** One size to measure. */
export type Size = { readonly name: string; readonly bytes: number };

/**
 * The three sizes of the table: what a notice, a letter in HTML and a letter with a picture take.
 */
export const SIZES = [
  { name: '3 kB', bytes: 3_000 },
  { name: '30 kB', bytes: 30_000 },
  { name: '1 MB', bytes: 1_000_000 },
] as const satisfies readonly Size[];

/** The transport facts that belong to every message. */
export const FACTS = {
  clientIp: '192.0.2.10',
  helo: 'mail.brand.example',
  mailFrom: 'alice@brand.example',
  rcptTo: 'bob@receiver.example',
} as const;

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** How a TXT record longer than 255 octets is written in a zone file. */
const quoted = (text: string): string => (text.match(/.{1,200}/g) ?? []).map((piece) => `"${piece}"`).join(' ');

/** The zone, in master-file syntax; selectors s1 to s10 hold the same key. */
export const ZONE = [
  '$ORIGIN example.',
  '$TTL 300',
  '@ SOA ns.example. host.example. 1 3600 600 86400 300',
  '@ NS ns',
  'ns A 127.0.0.1',
  'mail.brand A 192.0.2.10',
  'brand A 192.0.2.80',
  'brand MX 10 mail.brand',
  'brand TXT "v=spf1 ip4:192.0.2.0/24 -all"',
  '_dmarc.brand TXT "v=DMARC1; p=reject; rua=mailto:reports@brand.example"',
  ...Array.from({ length: 10 }, (_, at) => `s${at + 1}._domainkey.brand TXT ${quoted(keyRecord(key))}`),
  '',
].join('\n');

const WORDS =
  'the figures of last quarter are better than we thought and every one in our house may be glad of it while nobody knows yet what spring will bring'.split(
    ' ',
  );

/**
 * Lines of a letter: words in random order, about 70 octets each.
 * @param bytes octets in all, reached to within one line
 */
export const letter = (bytes: number): string => {
  const lines: string[] = [];
  for (let octets = 0; octets < bytes; ) {
    let line = '';
    while (line.length < 66) line += `${WORDS[Math.floor(Math.random() * WORDS.length)]} `;
    lines.push(`${line.trimEnd()}.\r\n`);
    octets += line.length + 2;
  }
  return lines.join('');
};

/** The header fields that a letter is sent with. */
export const HEADER = [
  'Received: from mail.brand.example (mail.brand.example [192.0.2.10])',
  '\tby mx.receiver.example with ESMTPS id 4bXk2Q1Zz9; Thu, 01 Oct 2026 00:00:00 +0000',
  'From: Alice <alice@brand.example>',
  'To: Bob <bob@receiver.example>',
  'Subject: The figures of the last quarter',
  'Date: Thu, 01 Oct 2026 00:00:00 +0000',
  'Message-ID: <7c0d5f3e@brand.example>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
]
  .map((line) => `${line}\r\n`)
  .join('');

/** Octets that header and signature take. */
const HEADER_BYTES = 1_150;

/**
 * A signed message of about so many octets.
 * @param signatures how many signatures it bears, each with a selector of its own
 */
export const makeMessage = async (bytes: number, signatures = 1): Promise<Buffer> => {
  let text = `${HEADER}\r\n${letter(bytes - HEADER_BYTES)}`;
  for (let at = signatures; at >= 1; at--) {
    text = await signMessage(text, {
      key,
      header: 'relaxed',
      body: 'relaxed',
      tags: `v=1; d=brand.example; s=s${((at - 1) % 10) + 1};`,
      h: 'from:to:subject:date:message-id:mime-version:content-type',
    });
  }
  return Buffer.from(text, 'latin1');
};
