/**
 * IP addresses between text and octets: A and AAAA record data. Text out is canonical (RFC 5952:
 * lower case, the longest run of zeros as `::`, IPv4-mapped addresses with a dotted tail). Never
 * accepts a zone id, a port or a short IPv4 form.
 */
import { isIPv4, isIPv6 } from 'node:net';

/**
 * @param text dotted quad
 * @returns 4 octets, or null when it is not an IPv4 address
 */
export const parseIpv4 = (text: string): Uint8Array | null =>
  isIPv4(text) ? Uint8Array.from(text.split('.'), Number) : null;

/** @returns 16 octets, or null when the text is not an IPv6 address (RFC 4291 section 2.2) */
export const parseIpv6 = (text: string): Uint8Array | null => {
  if (!isIPv6(text) || text.includes('%')) return null;
  const octets = new Uint8Array(16);
  const [head = '', tail] = text.split('::');
  const headOctets = groups(head);
  const tailOctets = tail === undefined ? [] : groups(tail);
  octets.set(headOctets, 0);
  octets.set(tailOctets, 16 - tailOctets.length);
  return octets;
};

const groups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (group.includes('.')) return group.split('.').map(Number);
        const value = Number.parseInt(group, 16);
        return [value >> 8, value & 0xff];
      });

/** Dotted quad of the 4 octets at `at`. */
export const formatIpv4 = (octets: Uint8Array, at = 0): string =>
  `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;

/** Canonical text (RFC 5952) of the 16 octets at `at`. */
export const formatIpv6 = (octets: Uint8Array, at = 0): string => {
  const words: number[] = [];
  for (let word = 0; word < 8; word++)
    words.push(((octets[at + word * 2] ?? 0) << 8) | (octets[at + word * 2 + 1] ?? 0));
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff)
    return `::ffff:${formatIpv4(octets, at + 12)}`;
  const { start, length } = longestZeroRun(words);
  const text = (part: number[]) => part.map((word) => word.toString(16)).join(':');
  return length < 2 ? text(words) : `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
};

const longestZeroRun = (words: readonly number[]): { start: number; length: number } => {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= words.length; at++) {
    if (words[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
};
