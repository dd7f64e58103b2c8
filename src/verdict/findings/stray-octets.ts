/**
 * Octets of a header block that mail systems read differently: a CR or LF that ends no line, and
 * NUL. A field must not hold them (RFC 5322 section 2.2); some readers begin a new field at a bare
 * CR, some end the text at NUL. Postfix replaces bare CR and LF by a space
 * (`cleanup_replace_stray_cr_lf`); a verdict that ignored them would be about another message than
 * the one that is read. Linear, by native search.
 */
import type { Message } from '../../message/message.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * Looks for them in the header block, its blank line included. Lines that all end with LF are a
 * file with the line ends of its system; LF beside CRLF is bare.
 * @returns the first kind that is found, in words; null where there is none
 */
export const findStrayOctet = ({ bytes, headerBytes }: Message): string | null => {
  const blankLineBytes =
    bytes[headerBytes] === LF ? 1 : bytes[headerBytes] === CR && bytes[headerBytes + 1] === LF ? 2 : 0;
  const block = bytes.subarray(0, headerBytes + blankLineBytes);
  if (block.includes(0)) return 'NUL';
  let pairs = 0;
  for (let at = block.indexOf(CR); at !== -1; at = block.indexOf(CR, at + 1)) {
    if (block[at + 1] !== LF) return 'bare CR';
    pairs += 1;
  }
  if (pairs === 0) return null;
  for (let at = block.indexOf(LF); at !== -1; at = block.indexOf(LF, at + 1))
    if (block[at - 1] !== CR) return 'bare LF';
  return null;
};
