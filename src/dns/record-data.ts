/**
 * The shape of record data by type: what a zone file, an overlay and recorded evidence must hold
 * before it is answered as if it came from DNS. Canonical addresses, names without the last dot,
 * character-strings of at most 255 octets. Asks nothing, throws nothing. RFC 1035 section 3.3 and
 * 3.4, RFC 3596 (AAAA), RFC 6698 section 2.1 (TLSA), RFC 7505 (null MX).
 */
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import { formatIp, parseIp4, parseIp6 } from '../ip/address.ts';
import { normalizeName } from './name.ts';

/** Longest character-string in octets (RFC 1035 section 3.3). */
const MAX_STRING_BYTES = 255;
/**
 * Most octets of one record's data, length octets included: RDLENGTH is 16 bits (RFC 1035 section
 * 3.2.1).
 */
const MAX_RDATA_BYTES = 65_535;

/** A value in canonical form, or one sentence on what is wrong with it and where inside it. */
type Checked<Value> =
  | { readonly ok: true; readonly data: Value }
  | { readonly ok: false; readonly field: string; readonly message: string };

/**
 * A record in the contract's shape; `field` is "" for the record as a whole, or a path inside it as
 * in "exchange".
 */
type CheckedRecord = Checked<RecordData>;

const good = <Value>(data: Value): Checked<Value> => ({ ok: true, data });
const bad = (message: string, field = ''): { ok: false; field: string; message: string } => ({
  ok: false,
  field,
  message,
});

const ipv4 = (value: unknown): Checked<string> =>
  typeof value === 'string' && parseIp4(value) !== null ? good(value) : bad('must be an IPv4 address');

const ipv6 = (value: unknown): Checked<string> => {
  const address = typeof value === 'string' ? parseIp6(value) : null;
  return address === null ? bad('must be an IPv6 address') : good(formatIp(address));
};

const domainName = (value: unknown): Checked<string> =>
  typeof value === 'string' && normalizeName(value) !== null
    ? good(value.replace(/\.$/, ''))
    : bad('must be a domain name: labels of 1 to 63 characters, 253 characters in all');

/** MX and SOA may name the root, which says "none" (RFC 7505). */
const domainNameOrRoot = (value: unknown): Checked<string> =>
  value === '' || value === '.' ? good('') : domainName(value);

const wholeNumber =
  (max: number) =>
  (value: unknown): Checked<number> =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
      ? good(value)
      : bad(`must be a whole number from 0 to ${max}`);
const octet = wholeNumber(255);
const unsigned16 = wholeNumber(65_535);
const unsigned32 = wholeNumber(4_294_967_295);

const hexadecimal = (value: unknown): Checked<string> =>
  typeof value === 'string' && /^([0-9a-fA-F]{2})+$/.test(value)
    ? good(value.toLowerCase())
    : bad('must be hexadecimal, two digits an octet');

/**
 * A plain string longer than 255 octets is cut into character-strings; given as a list, each one
 * must fit.
 */
const strings = (value: unknown): Checked<string[]> => {
  const parts = typeof value === 'string' ? splitIntoStrings(value) : value;
  if (!Array.isArray(parts) || parts.length === 0) return bad('must be a string or a list of strings');
  let bytes = 0;
  for (const [index, part] of parts.entries()) {
    if (typeof part !== 'string') return bad('must be a string', String(index));
    if (/[^\u0000-\u00ff]/.test(part)) return bad('must hold bytes: one character, U+0000 to U+00FF, is one byte');
    if (part.length > MAX_STRING_BYTES) return bad('must be at most 255 bytes', String(index));
    bytes += part.length + 1;
  }
  if (bytes > MAX_RDATA_BYTES) return bad('must be at most 65535 bytes, counting one more for each string');
  return good([...parts]);
};

const splitIntoStrings = (text: string): string[] => {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += MAX_STRING_BYTES) parts.push(text.slice(at, at + MAX_STRING_BYTES));
  return parts.length === 0 ? [''] : parts;
};

type Fields = Record<string, (value: unknown) => Checked<string | number>>;

const object =
  <Value>(fields: Fields) =>
  (value: unknown): Checked<Value> => {
    const names = Object.keys(fields).join(', ');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return bad(`must be an object of ${names}`);
    const given = value as Record<string, unknown>;
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) return bad(`is not a field of this type: ${names}`, unknown.slice(0, 64));
    const checked: Record<string, unknown> = {};
    for (const [key, check] of Object.entries(fields)) {
      const field = check(given[key]);
      if (!field.ok) return bad(field.message, key);
      checked[key] = field.data;
    }
    return good(checked as Value);
  };

const CHECKS: Record<RecordType, (value: unknown) => CheckedRecord> = {
  A: ipv4,
  AAAA: ipv6,
  TXT: strings,
  SPF: strings,
  PTR: domainName,
  CNAME: domainName,
  NS: domainName,
  MX: object({ priority: unsigned16, exchange: domainNameOrRoot }),
  SOA: object({
    mname: domainNameOrRoot,
    rname: domainNameOrRoot,
    serial: unsigned32,
    refresh: unsigned32,
    retry: unsigned32,
    expire: unsigned32,
    minimum: unsigned32,
  }),
  TLSA: object({ usage: octet, selector: octet, matchingType: octet, data: hexadecimal }),
};

/**
 * Checks the data of one record against its type and puts it into canonical form, frozen.
 * @param data anything; a TXT or SPF record may be one plain string, cut after each 255 bytes
 * @returns never throws
 */
export const checkRecordData = (type: RecordType, data: unknown): CheckedRecord => {
  const checked = CHECKS[type](data);
  if (checked.ok) Object.freeze(checked.data);
  return checked;
};
