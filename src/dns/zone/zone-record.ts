/**
 * One entry of a master file → one record: owner, TTL, class, type and data (RFC 1035 section 5.1),
 * with the directives $ORIGIN and $TTL (RFC 2308 section 4). Keeps the origin, the default TTL and
 * the last owner between entries. Refuses $INCLUDE, $GENERATE and classes but IN.
 */
import { type RecordData, RecordType } from '../../../schemas/dns.ts';
import { normalizeName } from '../name.ts';
import { checkRecordData } from '../record-data.ts';
import { type Entry, parseTtl, type Token, unescapeText } from './zone-file.ts';

/** What one entry says. `unasked`: a record of a type that the resolver never asks for. */
type EntryReading =
  | { readonly kind: 'directive' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'unasked'; readonly owner: string; readonly ttlSeconds: number }
  | {
      readonly kind: 'record';
      readonly owner: string;
      readonly ttlSeconds: number;
      readonly type: RecordType;
      readonly data: RecordData;
    };

/**
 * Types a real zone holds beside the ones asked for; any other word is a mistake and reported as
 * one.
 */
const UNASKED_TYPES = new Set(
  `AFSDB APL CAA CDNSKEY CDS CERT CSYNC DHCID DNAME DNSKEY DS EUI48 EUI64 HINFO HIP HTTPS IPSECKEY ISDN KEY KX LOC MB MD MF
  MG MINFO MR NAPTR NSAP NSEC NSEC3 NSEC3PARAM NULL NXT OPENPGPKEY PX RP RRSIG RT SIG SMIMEA SRV SSHFP SVCB URI WKS X25 ZONEMD`.split(
    /\s+/,
  ),
);

const fault = (message: string): EntryReading => ({ kind: 'error', message });

/**
 * Makes a reader of entries in file order. Errors are values; a wrong entry leaves the state as it
 * was.
 * @param ttlSecondsOfNone TTL of a record that gives none, where no $TTL does; null: a mistake
 */
export const recordReader = (ttlSecondsOfNone: number | null = null): ((entry: Entry) => EntryReading) => {
  let origin = '';
  let defaultTtlSeconds = ttlSecondsOfNone;
  let lastTtlSeconds: number | null = null;
  let lastOwner: string | null = null;

  const directive = (word: string, tokens: readonly Token[]): EntryReading => {
    if (word !== '$TTL' && word !== '$ORIGIN') return fault(`${word} is not supported: write the records out`);
    const value = tokens[1]?.raw;
    if (value === undefined || tokens.length > 2) return fault(`${word} takes one value`);
    if (word === '$TTL') {
      const seconds = parseTtl(value);
      if (seconds === null) return fault(`$TTL ${value}: not a time in seconds or with units, as in 1h30m`);
      defaultTtlSeconds = seconds;
      return { kind: 'directive' };
    }
    const name = absolute(value, origin);
    if (name === null) return fault(`$ORIGIN ${value}: not a domain name`);
    origin = name;
    return { kind: 'directive' };
  };

  return (entry) => {
    const [first] = entry.tokens;
    if (first === undefined) return { kind: 'directive' };
    if (!entry.inheritsOwner && !first.quoted && first.raw.startsWith('$'))
      return directive(first.raw.toUpperCase(), entry.tokens);

    if (entry.inheritsOwner && lastOwner === null) return fault('no record before this one gives an owner to inherit');
    const owner = entry.inheritsOwner ? lastOwner : normalizeName(absolute(first.raw, origin) ?? '');
    if (owner === null) return fault(`${first.raw}: not a domain name (a relative one needs $ORIGIN)`);
    lastOwner = owner;

    const head = readHead(entry.tokens.slice(entry.inheritsOwner ? 0 : 1));
    if ('message' in head) return fault(head.message);
    const unasked = UNASKED_TYPES.has(head.type) || /^TYPE\d{1,5}$/.test(head.type);
    const type = RecordType.safeParse(head.type);
    if (!type.success && !unasked) return fault(`${head.type}: unknown record type`);
    // RFC 1035 section 5.1: a TTL left out is the last one stated; RFC 2308 section 4 puts $TTL
    // before that.
    const ttlSeconds = head.ttlSeconds ?? defaultTtlSeconds ?? lastTtlSeconds;
    const data = type.success ? readData(type.data, head.rest, origin) : null;
    if (data !== null && 'message' in data) return fault(`${head.type} record: ${data.message}`);
    const soaMinimum =
      data !== null && typeof data.data === 'object' && 'minimum' in data.data ? data.data.minimum : null;
    const ttl = ttlSeconds ?? soaMinimum;
    if (ttl === null) return fault('no TTL: give one here or a $TTL before');
    lastTtlSeconds = ttl;
    return data === null || !type.success
      ? { kind: 'unasked', owner, ttlSeconds: ttl }
      : { kind: 'record', owner, ttlSeconds: ttl, type: type.data, data: data.data };
  };
};

type Head = { readonly ttlSeconds: number | null; readonly type: string; readonly rest: readonly Token[] };

/**
 * TTL and class stand before the type in either order, each at most once (RFC 1035 section 5.1).
 */
const readHead = (tokens: readonly Token[]): Head | { readonly message: string } => {
  let ttlSeconds: number | null = null;
  let hasClass = false;
  for (const [index, token] of tokens.entries()) {
    const word = token.raw.toUpperCase();
    const seconds: number | null = token.quoted || ttlSeconds !== null ? null : parseTtl(token.raw);
    if (seconds !== null) ttlSeconds = seconds;
    else if (!hasClass && /^(IN|CH|HS|CS|ANY)$/.test(word)) {
      if (word !== 'IN') return { message: `class ${word}: only IN is known here` };
      hasClass = true;
    } else if (token.quoted) return { message: 'a record type is expected before the data' };
    else return { ttlSeconds, type: word, rest: tokens.slice(index + 1) };
  }
  return { message: 'no record type' };
};

/** Octets of the longest name (RFC 1035 section 3.1), each written as `\DDD`. */
const MAX_WRITTEN_NAME = 255 * 4;

/**
 * A name of the file made absolute, its case kept; null when it cannot be one: relative without an
 * origin, or a dot inside a label.
 */
const absolute = (raw: string, origin: string): string | null => {
  if (raw === '@') return origin === '' ? null : origin;
  if (raw.length > MAX_WRITTEN_NAME) return null;
  const text = hasEscapedDot(raw) ? null : unescapeText(raw);
  if (text === null || text === '.') return null;
  const isAbsolute = text.endsWith('.');
  if (!isAbsolute && origin === '') return null;
  const name = isAbsolute ? text.slice(0, -1) : `${text}.${origin}`;
  return normalizeName(name) === null ? null : name;
};

const hasEscapedDot = (raw: string): boolean => /\\(\.|046)/.test(raw.replaceAll('\\\\', ''));

/**
 * A name in record data; "" is the root, and what is no name fails the check of its type by its
 * empty label.
 */
const dataName = (raw: string, origin: string): string => (raw === '.' ? '' : (absolute(raw, origin) ?? '..'));

/** The mailbox of an SOA may hold `john\.doe`: kept as written, since it is never asked for. */
const mailboxName = (raw: string, origin: string): string =>
  hasEscapedDot(raw) ? raw.replace(/\.$/, '') : dataName(raw, origin);

const readData = (
  type: RecordType,
  tokens: readonly Token[],
  origin: string,
): { readonly data: RecordData } | { readonly message: string } => {
  const texts = tokens.map((token) => unescapeText(token.raw));
  if (texts.includes(null)) return { message: 'an escape is \\ and a character, or \\ and three digits up to 255' };
  const words = tokens.map((token) => token.raw);
  const wanted = FIELD_COUNTS[type];
  if (tokens.length < wanted.min || tokens.length > wanted.max)
    return { message: `${wanted.says} expected, ${tokens.length} given` };
  const checked = checkRecordData(type, shapeOf(type, words, texts as string[], origin));
  if (checked.ok) return { data: checked.data };
  return { message: checked.field === '' ? checked.message : `${checked.field} ${checked.message}` };
};

const shapeOf = (type: RecordType, words: readonly string[], texts: readonly string[], origin: string): unknown => {
  const [one = '', two = '', three = ''] = words;
  switch (type) {
    case 'A':
    case 'AAAA':
      return one;
    case 'TXT':
    case 'SPF':
      return texts;
    case 'PTR':
    case 'CNAME':
    case 'NS':
      return dataName(one, origin);
    case 'MX':
      return { priority: digits(one), exchange: dataName(two, origin) };
    case 'SOA':
      return {
        mname: dataName(one, origin),
        rname: mailboxName(two, origin),
        serial: digits(three),
        refresh: parseTtl(words[3] ?? ''),
        retry: parseTtl(words[4] ?? ''),
        expire: parseTtl(words[5] ?? ''),
        minimum: parseTtl(words[6] ?? ''),
      };
    case 'TLSA':
      return { usage: digits(one), selector: digits(two), matchingType: digits(three), data: words.slice(3).join('') };
    default:
      return type satisfies never;
  }
};

const digits = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);

const fields = (count: number, says: string) => ({ min: count, max: count, says });
const FIELD_COUNTS: Record<RecordType, { min: number; max: number; says: string }> = {
  A: fields(1, 'one address'),
  AAAA: fields(1, 'one address'),
  TXT: { min: 1, max: 1024, says: 'at least one string' },
  SPF: { min: 1, max: 1024, says: 'at least one string' },
  PTR: fields(1, 'one name'),
  CNAME: fields(1, 'one name'),
  NS: fields(1, 'one name'),
  MX: fields(2, 'preference and host'),
  SOA: fields(7, 'seven fields (mname rname serial refresh retry expire minimum)'),
  TLSA: { min: 4, max: 1024, says: 'usage, selector, matching type and hexadecimal data' },
};
