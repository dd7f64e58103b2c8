/**
 * DNS messages, octets to objects: RFC 1035 section 4, EDNS0 of RFC 6891, AAAA of RFC 3596, TLSA of
 * RFC 6698. Decoding takes anything and never throws; it knows structure only, and judges neither
 * what was asked nor who answered.
 */
import type { RecordData, RecordType } from '../../../schemas/dns.ts';
import { formatIpv4, formatIpv6 } from '../../ip/address.ts';
import { type Cursor, cursorOver, readName, readString, readUint8, readUint16, readUint32 } from './cursor.ts';

/**
 * TYPE values of the types asked for (RFC 1035 section 3.2.2, RFC 3596, RFC 6698, RFC 4408 for
 * SPF).
 */
export const TYPE_CODES: Readonly<Record<RecordType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  TLSA: 52,
  SPF: 99,
};
const TYPES_BY_CODE: ReadonlyMap<number, RecordType> = new Map(
  Object.entries(TYPE_CODES).map(([type, code]) => [code, type as RecordType]),
);
/** TYPE of the EDNS0 pseudo-record (RFC 6891 section 6.1.1). */
export const OPT = 41;
/** CLASS value of the Internet (RFC 1035 section 3.2.4). */
export const CLASS_IN = 1;
/** Largest message: the length before it over TCP has 16 bits. */
export const MAX_MESSAGE_BYTES = 65_535;

/** One entry of the question section; `type` is a TYPE value. */
type WireQuestion = { readonly name: string; readonly type: number };

/** One record of class IN. A record of a type that is not asked for has its RDATA as it came. */
export type WireRecord = {
  readonly name: string;
  readonly ttlSeconds: number;
} & ({ readonly type: RecordType; readonly data: RecordData } | { readonly type: number; readonly rdata: Uint8Array });

/** A message. Class is IN throughout; records of other classes are left out when decoding. */
export type Message = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** With EDNS 12 bits (RFC 6891 section 6.1.3), without it 4. */
  readonly rcode: number;
  readonly questions: readonly WireQuestion[];
  readonly answers: readonly WireRecord[];
  readonly authorities: readonly WireRecord[];
  readonly additionals: readonly WireRecord[];
  /** The OPT record; null without EDNS. */
  readonly edns: { readonly payloadBytes: number; readonly version: number; readonly dnssecOk: boolean } | null;
};

/**
 * @param askedName name of the first question, where the octets are known to hold just that: it is
 * taken instead of being read once more
 * @returns null when the octets are not a whole, well-formed message; octets after its end are
 * ignored
 */
export const decodeMessage = (bytes: Buffer, askedName: string | null = null): Message | null => {
  if (bytes.length < 12 || bytes.length > MAX_MESSAGE_BYTES) return null;
  const cursor = cursorOver(bytes, askedName);
  const id = readUint16(cursor);
  const flags = readUint16(cursor);
  const questionCount = readUint16(cursor);
  const answerCount = readUint16(cursor);
  const authorityCount = readUint16(cursor);
  const additionalCount = readUint16(cursor);
  const questions: WireQuestion[] = [];
  for (let count = 0; count < questionCount && !cursor.hasFailed; count++) {
    questions.push({ name: readName(cursor), type: readUint16(cursor) });
    readUint16(cursor);
  }
  const opt: OptRecords = { found: null, isRepeated: false };
  const answers = readRecords(cursor, answerCount, opt);
  const authorities = readRecords(cursor, authorityCount, opt);
  const additionals = readRecords(cursor, additionalCount, opt);
  if (cursor.hasFailed || opt.isRepeated) return null;
  return {
    id,
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: (flags & 0xf) | ((opt.found?.extendedRcode ?? 0) << 4),
    questions,
    answers,
    authorities,
    additionals,
    edns:
      opt.found === null
        ? null
        : { payloadBytes: opt.found.payloadBytes, version: opt.found.version, dnssecOk: opt.found.dnssecOk },
  };
};

type OptRecords = {
  found: { payloadBytes: number; extendedRcode: number; version: number; dnssecOk: boolean } | null;
  /** More than one OPT is a format error (RFC 6891 section 6.1.1). */
  isRepeated: boolean;
};

const readRecords = (cursor: Cursor, count: number, opt: OptRecords): WireRecord[] => {
  const records: WireRecord[] = [];
  for (let read = 0; read < count && !cursor.hasFailed; read++) {
    const name = readName(cursor);
    const code = readUint16(cursor);
    const recordClass = readUint16(cursor);
    const ttl = readUint32(cursor);
    const length = readUint16(cursor);
    const end = cursor.at + length;
    if (end > cursor.bytes.length) cursor.hasFailed = true;
    if (cursor.hasFailed) break;
    if (code === OPT) {
      opt.isRepeated ||= opt.found !== null || name !== '';
      opt.found = {
        payloadBytes: recordClass,
        extendedRcode: ttl >>> 24,
        version: (ttl >>> 16) & 0xff,
        dnssecOk: (ttl & 0x8000) !== 0,
      };
      cursor.at = end;
      continue;
    }
    if (recordClass !== CLASS_IN) {
      cursor.at = end;
      continue;
    }
    const type = TYPES_BY_CODE.get(code);
    if (type === undefined) {
      records.push({
        name,
        ttlSeconds: ttl,
        type: code,
        rdata: Uint8Array.from(cursor.bytes.subarray(cursor.at, end)),
      });
      cursor.at = end;
      continue;
    }
    const data = readRdata(cursor, type, end);
    if (cursor.at !== end) cursor.hasFailed = true;
    records.push({ name, ttlSeconds: ttl, type, data });
  }
  return records;
};

const readRdata = (cursor: Cursor, type: RecordType, end: number): RecordData => {
  switch (type) {
    case 'A':
    case 'AAAA': {
      const from = cursor.at;
      const length = type === 'A' ? 4 : 16;
      if (end - from !== length) {
        cursor.hasFailed = true;
        return '';
      }
      cursor.at = end;
      return type === 'A' ? formatIpv4(cursor.bytes, from) : formatIpv6(cursor.bytes, from);
    }
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return readName(cursor);
    case 'MX': {
      const priority = readUint16(cursor);
      return { priority, exchange: readName(cursor) };
    }
    case 'TXT':
    case 'SPF': {
      // Nearly all records hold one string; a list that starts empty would get room for many, and
      // stays in memory as long as the answer.
      const strings = [readString(cursor)];
      while (cursor.at < end && !cursor.hasFailed) strings.push(readString(cursor));
      return strings;
    }
    case 'SOA': {
      const mname = readName(cursor);
      const rname = readName(cursor);
      const serial = readUint32(cursor);
      const refresh = readUint32(cursor);
      const retry = readUint32(cursor);
      const expire = readUint32(cursor);
      return { mname, rname, serial, refresh, retry, expire, minimum: readUint32(cursor) };
    }
    case 'TLSA': {
      const usage = readUint8(cursor);
      const selector = readUint8(cursor);
      const matchingType = readUint8(cursor);
      if (cursor.at >= end) cursor.hasFailed = true;
      const data = cursor.bytes.toString('hex', cursor.at, end);
      cursor.at = Math.max(cursor.at, end);
      return { usage, selector, matchingType, data };
    }
    default:
      return type satisfies never;
  }
};
