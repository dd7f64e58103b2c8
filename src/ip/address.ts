/**
 * IP addresses and networks as bytes: read, written and compared, for the networks of an SPF record
 * and the addresses compared with them. Never resolves anything. RFC 4291 section 2.2 (IPv6 text),
 * RFC 5952 (its canonical form), RFC 7208 section 12 (ip4-network allows no leading zero).
 */

/** An address: 4 bytes for IPv4, 16 for IPv6. */
export type IpAddress = { readonly family: 4 | 6; readonly bytes: Uint8Array };

const QNUM = /^(?:0|[1-9][0-9]{0,2})$/;
const HEXTET = /^[0-9a-fA-F]{1,4}$/;

/**
 * Reads a dotted quad (`qnum` of RFC 7208 section 12: no leading zeros).
 * @returns null where the text is no IPv4 address
 */
export const parseIp4 = (text: string): IpAddress | null => {
  const parts = text.split('.', 5);
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!QNUM.test(part) || Number(part) > 255) return null;
    bytes[index] = Number(part);
  }
  return { family: 4, bytes };
};

const hextets = (text: string): number[] | null => {
  if (text === '') return [];
  const words: number[] = [];
  const parts = text.split(':', 9);
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const tail = parseIp4(part);
      if (tail === null) return null;
      const [a = 0, b = 0, c = 0, d = 0] = tail.bytes;
      words.push(a * 256 + b, c * 256 + d);
    } else if (HEXTET.test(part)) {
      words.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return words;
};

/**
 * Reads an IPv6 address in any form of RFC 4291 section 2.2; a zone (`%eth0`) is refused.
 * @returns null where it is none
 */
export const parseIp6 = (text: string): IpAddress | null => {
  if (text.length > 45) return null;
  const halves = text.split('::', 3);
  if (halves.length > 2) return null;
  const head = hextets(halves[0] ?? '');
  const tail = halves.length === 2 ? hextets(halves[1] ?? '') : [];
  if (head === null || tail === null) return null;
  if (halves.length === 2 && (halves[0] ?? '').includes('.')) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const words = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return { family: 6, bytes: Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255])) };
};

/** Reads an address of either family as it is written. @returns null where the text is none */
export const parseIp = (text: string): IpAddress | null => parseIp4(text) ?? parseIp6(text);

/**
 * Reads the address of a client. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is that IPv4
 * address, as RFC 7208 section 5 asks.
 * @returns null where the text is no address
 */
export const parseClientIp = (text: string): IpAddress | null => {
  const address = parseIp(text);
  if (address === null || address.family === 4) return address;
  const { bytes } = address;
  const mapped = bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped ? { family: 4, bytes: bytes.slice(12) } : address;
};

/**
 * True when both are of one family and agree in their first `prefixLength` bits (0 to 32 or 128).
 */
export const inNetwork = (address: IpAddress, network: IpAddress, prefixLength: number): boolean => {
  if (address.family !== network.family) return false;
  const whole = prefixLength >> 3;
  for (let index = 0; index < whole; index += 1) if (address.bytes[index] !== network.bytes[index]) return false;
  const rest = prefixLength & 7;
  if (rest === 0) return true;
  return (((address.bytes[whole] ?? 0) ^ (network.bytes[whole] ?? 0)) & (0xff << (8 - rest))) === 0;
};

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

/** Writes an address in its canonical form: dotted quad, or RFC 5952 for IPv6. */
export const formatIp = ({ family, bytes }: IpAddress): string =>
  family === 4 ? formatIpv4(bytes) : formatIpv6(bytes);

/**
 * The nibbles of an IPv6 address with dots between, or the dotted quad: the `i` macro of RFC 7208
 * section 7.3. Lower case.
 */
export const dottedIp = (address: IpAddress): string =>
  address.family === 4
    ? formatIp(address)
    : [...address.bytes].flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)]).join('.');

/** The name whose PTR records name an address (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export const reverseName = (address: IpAddress): string =>
  `${dottedIp(address).split('.').reverse().join('.')}.${address.family === 4 ? 'in-addr' : 'ip6'}.arpa`;
