/**
 * What a matching reply says about its question: the CNAME chain that starts at the question, the
 * records at its end, or which negative. Records of other owners are ignored: bailiwick is the
 * recursive server's work, a stub takes its own chain only. A reply that contradicts itself is
 * `badresp`, one that proves neither records nor their absence is `unproven`; neither is ever "no
 * record". RFC 2308 (negatives), RFC 6604 (RCODE of a chain), RFC 6840 (AD).
 */
import type { RecordData } from '../../../schemas/dns.ts';
import type { ServerFailure } from '../failure.ts';
import type { Answer, Question } from '../lookup.ts';
import { isAtOrUnder, normalizeName } from '../name.ts';
import { MAX_CNAMES, tooManyCnames } from '../zone/zone.ts';
import { decodeMessage, type Message, type WireRecord } from './message.ts';

const NOERROR = 0;
const NXDOMAIN = 3;
const FAILURES_BY_RCODE: Readonly<Record<number, ServerFailure>> = {
  1: 'formerr',
  2: 'servfail',
  4: 'notimp',
  5: 'refused',
};

/** TYPE of DNAME, which takes every name below its owner away (RFC 6672). */
const DNAME = 39;

/** The answer to a reply that is malformed or contradicts itself. */
export const BAD_REPLY = Object.freeze({ kind: 'failure', failure: 'badresp', source: 'network' } as const);
/** The answer to a NOERROR reply without records that does not prove that there are none. */
const UNPROVEN = Object.freeze({ kind: 'failure', failure: 'unproven', source: 'network', rcode: NOERROR } as const);

/**
 * Judges a reply that matches its query.
 * @param question its name normalized
 * @param trustsAd whether the AD bit of this server counts (RFC 6840 section 5.8)
 * @returns `truncated` when TC is set: a partial answer is never used; TTLs are as sent, unclamped;
 * 0 where no SOA bounds a negative answer
 */
export const judgeReply = (bytes: Buffer, question: Question, trustsAd: boolean): Answer | 'truncated' => {
  const isTruncated = ((bytes[2] ?? 0) & 0x02) !== 0;
  if (isTruncated) return 'truncated';
  const message = decodeMessage(bytes, question.name);
  if (message === null) return BAD_REPLY;
  const { rcode } = message;
  if (rcode !== NOERROR && rcode !== NXDOMAIN)
    return { kind: 'failure', failure: FAILURES_BY_RCODE[rcode] ?? 'rcode', source: 'network', rcode };
  const chain = followChain(message.answers, question);
  if (chain === null) return BAD_REPLY;
  if (chain === 'too-long') return tooManyCnames('network');
  const authenticated = trustsAd && message.authenticData;
  if (chain.records.length > 0) {
    if (rcode === NXDOMAIN || !isHandable(chain.records)) return BAD_REPLY;
    return {
      kind: 'records',
      records: freezeRecords(chain.records),
      ttlSeconds: chain.ttlSeconds,
      authenticated,
      source: 'network',
      rcode,
    };
  }
  const negativeTtlSeconds = negativeTtl(message, chain.end);
  if (rcode === NOERROR && !provesNoData(message, chain, negativeTtlSeconds !== null, answerCount(bytes)))
    return UNPROVEN;
  return {
    kind: rcode === NXDOMAIN ? 'nxdomain' : 'nodata',
    ttlSeconds: Math.min(chain.ttlSeconds, negativeTtlSeconds ?? 0),
    authenticated,
    source: 'network',
    rcode,
  };
};

type Chain = {
  readonly records: readonly RecordData[];
  /** The least over the records and every CNAME on the way; Infinity for an empty chain. */
  readonly ttlSeconds: number;
  readonly links: number;
  /** Normalized name at the end. */
  readonly end: string;
};

/** Before the first; never added to. */
const NONE: RecordData[] = [];

/** @returns null when the chain loops, forks or leads to no name */
const followChain = (answers: readonly WireRecord[], question: Question): Chain | 'too-long' | null => {
  let name = question.name;
  const passed = new Set([name]);
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (let links = 0; links <= MAX_CNAMES; links++) {
    let records: RecordData[] = NONE;
    let target: string | null = null;
    for (const record of answers) {
      if (!('data' in record) || (record.name !== name && normalizeName(record.name) !== name)) continue;
      if (record.type === question.type) {
        // Made with its first record: a list that starts empty gets room for many, and this one is
        // in memory as long as the answer.
        if (records.length === 0) records = [record.data];
        else records.push(record.data);
        ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
      } else if (record.type === 'CNAME') {
        const next = normalizeName(String(record.data));
        if (next === null || (target !== null && next !== target)) return null;
        target = next;
        ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
      }
    }
    if (records.length > 0) return target === null ? { records, ttlSeconds, links, end: name } : null;
    if (target === null) return { records, ttlSeconds, links, end: name };
    if (passed.has(target)) return null;
    passed.add(target);
    name = target;
  }
  return 'too-long';
};

/** The SOA counts only for names at or below its own. */
const negativeTtl = (message: Message, name: string): number | null => {
  for (const record of message.authorities) {
    if (!('data' in record) || typeof record.data !== 'object' || !('minimum' in record.data)) continue;
    const owner = record.name === '' ? '' : normalizeName(record.name);
    if (owner === '' || (owner !== null && isAtOrUnder(name, owner)))
      return Math.min(record.ttlSeconds, record.data.minimum);
  }
  return null;
};

/** ANCOUNT as sent: records of other classes are no longer in the decoded message. */
const answerCount = (bytes: Buffer): number => bytes.readUInt16BE(6);

/**
 * Whether a NOERROR reply without records of the type is NODATA (RFC 2308 section 2.2). The SOA of
 * a zone that holds the name proves it (types 1 and 2). Without one the reply must be empty (type
 * 3) and come from a server that recurses: an authoritative server has to send the SOA (RFC 2308
 * section 3), and a stub can take only a recursive server's word. NS without SOA is a referral, an
 * alias without SOA was not followed, and an answer section with nothing that answers says nothing
 * about the name.
 */
const provesNoData = (message: Message, chain: Chain, hasSoa: boolean, answers: number): boolean => {
  if (hasSoa) return !message.answers.some((record) => isDnameAbove(record, chain.end));
  return answers === 0 && message.recursionAvailable && !message.authorities.some(isSoaOrNs);
};

/** A DNAME above the name leads elsewhere; without its CNAME the reply broke off there. */
const isDnameAbove = (record: WireRecord, name: string): boolean => {
  if (record.type !== DNAME) return false;
  const owner = record.name === '' ? '' : normalizeName(record.name);
  return owner !== null && owner !== name && (owner === '' || isAtOrUnder(name, owner));
};

/** Where no SOA speaks for the name, an SOA is that of another zone. */
const isSoaOrNs = ({ type }: WireRecord): boolean => type === 'SOA' || type === 'NS';

/** Every name in it is one that could be asked for, so that evidence can be replayed. */
const isHandable = (records: readonly RecordData[]): boolean =>
  records.every((data) => {
    if (Array.isArray(data)) return true;
    if (typeof data === 'string') return data.includes(':') || normalizeName(data) !== null;
    return !('exchange' in data) || data.exchange === '' || normalizeName(data.exchange) !== null;
  });

const freezeRecords = (records: readonly RecordData[]): readonly RecordData[] => {
  for (const record of records) Object.freeze(record);
  return Object.freeze(records);
};
