/**
 * What the faults are made of: the zone's own answer, records that must not be believed, and
 * replies written octet by octet.
 */
import type { FailureKind, RecordType } from '../../../schemas/dns.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { parentName } from '../../../src/dns/name.ts';
import { type Message, TYPE_CODES, type WireRecord } from '../../../src/dns/wire/message.ts';
import { replyTo, type ServedQuery, soa } from '../scripted-server.ts';
import { encodeMessage } from '../wire/message-writer.ts';

/**
 * One thing that a DNS server can do, and what a resolver without another server to go to has to
 * make of it.
 */
export type DnsFault = {
  readonly what: string;
  /** `right`: the zone's own answer; an absence; or the failure. */
  readonly outcome: 'right' | 'nodata' | 'nxdomain' | FailureKind;
  readonly script: (query: ServedQuery, zone: Lookup) => unknown;
};

/** Name of the question. */
export const nameOf = (query: ServedQuery): string => query.message.questions[0]?.name ?? '';

const TYPES = new Map(Object.entries(TYPE_CODES).map(([type, code]) => [code, type as RecordType]));
export const typeOf = (query: ServedQuery): RecordType => TYPES.get(query.message.questions[0]?.type ?? 0) ?? 'TXT';

/** TXT records for the name asked. */
export const text = (query: ServedQuery, ...texts: string[]): { answers: WireRecord[] } => ({
  answers: texts.map((data) => ({ name: nameOf(query), type: 'TXT', ttlSeconds: 60, data: [data] })),
});

/** A reply with records that must not be believed, one of its octets changed. */
export const changed = (query: ServedQuery, at: number, change: (octet: number) => number): Buffer => {
  const bytes = encodeMessage(replyTo(query.message, { answers: [poison(query)] }));
  bytes[at] = change(bytes[at] ?? 0);
  return bytes;
};

/** The records that the zone holds for the question, under any owner. */
export const rightRecords = async (
  query: ServedQuery,
  zone: Lookup,
  owner = nameOf(query),
  ttlSeconds = 60,
): Promise<WireRecord[]> => {
  const type = typeOf(query);
  const answer = await zone({ name: nameOf(query), type }, Number.POSITIVE_INFINITY);
  if (answer.kind !== 'records') throw new Error(`the zone holds no ${type} of ${nameOf(query)}`);
  return answer.records.map((data) => ({ name: owner, type, ttlSeconds, data }) as WireRecord);
};

/** The zone's own answer, with what belongs to it changed. */
export const right = async (query: ServedQuery, zone: Lookup, parts: Partial<Message> = {}): Promise<void> =>
  query.answer({ answers: await rightRecords(query, zone), ...parts });

/** A record of the type asked for that would change the verdict if it were believed. */
export const poison = (query: ServedQuery, owner = nameOf(query)): WireRecord => {
  const common = { name: owner, ttlSeconds: 60 };
  switch (typeOf(query)) {
    case 'A':
      return { ...common, type: 'A', data: '203.0.113.66' };
    case 'MX':
      return { ...common, type: 'MX', data: { priority: 0, exchange: 'evil.test' } };
    case 'PTR':
      return { ...common, type: 'PTR', data: 'evil.test' };
    default:
      return { ...common, type: 'TXT', data: ['v=spf1 +all'] };
  }
};

/** A record of another type than the one asked for. */
export const otherType = (query: ServedQuery): WireRecord =>
  typeOf(query) === 'A'
    ? { name: nameOf(query), type: 'TXT', ttlSeconds: 60, data: ['other type'] }
    : { name: nameOf(query), type: 'A', ttlSeconds: 60, data: '203.0.113.66' };

export const cname = (name: string, target: string): WireRecord => ({
  name,
  type: 'CNAME',
  ttlSeconds: 60,
  data: target,
});
export const ns = (name: string): WireRecord => ({ name, type: 'NS', ttlSeconds: 60, data: 'ns.other.test' });
/** The SOA of the zone that holds the name asked for. */
export const zoneSoa = (query: ServedQuery): WireRecord => soa(parentName(nameOf(query)) ?? '', 60, 60);

/** Lets what was sent over UDP be followed by TCP. */
export const overTcp =
  (script: DnsFault['script']): DnsFault['script'] =>
  (query, zone) =>
    query.transport === 'tcp' ? script(query, zone) : query.answer({ isTruncated: true });

const POINTER_TO_QUESTION = Buffer.of(0xc0, 12);

/** Where the question section of a query ends. */
export const questionEnd = (query: ServedQuery): number => 12 + nameOf(query).length + 2 + 4;

/** RDATA of the poison. */
const rdataOf = (query: ServedQuery): Buffer => {
  switch (typeOf(query)) {
    case 'A':
      return Buffer.of(203, 0, 113, 66);
    case 'MX':
      return Buffer.from('\0\0\x04evil\x04test\0', 'latin1');
    case 'PTR':
      return Buffer.from('\x04evil\x04test\0', 'latin1');
    default:
      return Buffer.from('\x0bv=spf1 +all', 'latin1');
  }
};

/** Parts of a record; by default those of a whole one. */
type RawParts = {
  readonly owner?: Buffer;
  readonly type?: number;
  readonly recordClass?: number;
  readonly rdata?: Buffer;
  readonly rdlength?: number;
};

/** A record with any part of it wrong. */
export const rawRecord = (query: ServedQuery, parts: RawParts = {}): Buffer => {
  const rdata = parts.rdata ?? rdataOf(query);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(parts.type ?? TYPE_CODES[typeOf(query)], 0);
  fixed.writeUInt16BE(parts.recordClass ?? 1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(parts.rdlength ?? rdata.length, 8);
  return Buffer.concat([parts.owner ?? POINTER_TO_QUESTION, fixed, rdata]);
};

/** A NOERROR reply to the question with octets behind it, whatever its counts say. */
export const rawReply = (
  query: ServedQuery,
  [answers, authorities, additionals]: readonly [number, number, number],
  ...tail: Buffer[]
): Buffer => {
  const reply = Buffer.concat([query.bytes.subarray(0, questionEnd(query)), ...tail]);
  reply.writeUInt16BE(0x8180, 2);
  for (const [index, count] of [1, answers, authorities, additionals].entries())
    reply.writeUInt16BE(count, 4 + 2 * index);
  return reply;
};
