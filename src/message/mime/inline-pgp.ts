/**
 * OpenPGP within the text of a message, told by its armor header lines (RFC 4880 section 6.2): a
 * line of its own that begins a block. Nothing is verified or decrypted, and a text about such a
 * line looks the same.
 */
import { decodedBody, type Part } from './parts.ts';

/** What a block says it is. */
const ARMOR_WORDS = {
  'PGP MESSAGE': 'message',
  'PGP SIGNED MESSAGE': 'signed-message',
  'PGP SIGNATURE': 'signature',
  'PGP PUBLIC KEY BLOCK': 'public-key',
  'PGP PRIVATE KEY BLOCK': 'private-key',
} as const;

type ArmorWord = (typeof ARMOR_WORDS)[keyof typeof ARMOR_WORDS];

/** Text parts that are looked into, and octets of each, as transferred. */
export const MAX_TEXT_PARTS = 20;
export const MAX_TEXT_BYTES = 65_536;

const BEGIN = Buffer.from('-----BEGIN PGP ');
const LF = 0x0a;
/** Longest header line that is known, and its padding. */
const MAX_LINE_BYTES = 64;

/** The kinds of blocks in the text parts, each once, in the order of `ARMOR_WORDS`. */
export const findInlinePgp = (parts: readonly Part[]): ArmorWord[] => {
  const texts = parts.filter(({ type }) => type?.startsWith('text/') === true).slice(0, MAX_TEXT_PARTS);
  const found = new Set(texts.flatMap(armorIn));
  return Object.values(ARMOR_WORDS).filter((word) => found.has(word));
};

const armorIn = (part: Part): ArmorWord[] => {
  // Quoted-printable leaves such a line as it is.
  const text = decodedBody(part, MAX_TEXT_BYTES) ?? part.body.subarray(0, MAX_TEXT_BYTES);
  const words: ArmorWord[] = [];
  for (let at = text.indexOf(BEGIN); at !== -1; at = text.indexOf(BEGIN, at + BEGIN.length)) {
    if (at > 0 && text[at - 1] !== LF) continue;
    const [line = ''] = text.toString('latin1', at, at + MAX_LINE_BYTES).split('\n', 1);
    const block = /^-----BEGIN ([A-Z ]+)-----[ \t\r]*$/.exec(line)?.[1];
    if (block !== undefined && Object.hasOwn(ARMOR_WORDS, block))
      words.push(ARMOR_WORDS[block as keyof typeof ARMOR_WORDS]);
  }
  return words;
};
