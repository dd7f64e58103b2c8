/**
 * Whether the white space of a message is even: single spaces between visible octets and nothing
 * else, which the relaxed canonicalization of a body leaves as it is (RFC 6376 section 3.4.4). Line
 * ends are not white space here. Four octets at a time and without a branch, since words come in
 * every length and a processor cannot predict the next space.
 */

const TAB = 0x09;
const SPACE = 0x20;

const isUneven = (bytes: Buffer, at: number): boolean =>
  bytes[at] === TAB || (bytes[at] === SPACE && (bytes[at + 1] ?? 0) <= SPACE);

/**
 * True when a tab, or a space before another control octet, a space or the end of the message,
 * stands in from..to.
 */
export const hasUnevenSpace = (bytes: Buffer, from: number, to: number): boolean => {
  if (bytes.subarray(from, to).includes(TAB)) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let found = 0;
  let spaceBefore = 0;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = view.getInt32(at, true);
    const low = word & 0x7f7f7f7f;
    // The high bit of each octet up to SPACE, and of each below it: adding carries into the high
    // bit what is larger.
    const blank = ~((low + 0x5f5f5f5f) | word) & 0x80808080;
    const space = blank & ((low + 0x60606060) | word);
    found |= blank & ((space << 8) | spaceBefore);
    spaceBefore = space >>> 24;
  }
  if (found !== 0) return true;
  for (at = Math.max(from, at - 1); at < to; at += 1) if (isUneven(bytes, at)) return true;
  return false;
};
