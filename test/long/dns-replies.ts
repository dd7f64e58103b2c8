/**
 * Mutated DNS replies through the reply reader: `node test/long/dns-replies.ts --count 1000000
 * --seed 1`. Prints each reply that breaks a property, with its seed; exits 1 when there is one. A
 * case is its seed alone, so `--count 1 --seed n` plays one again.
 *
 * The properties: the reader never throws; it hands on no more than its limits; every record it
 * hands on belongs to the name asked for or to one that the aliases of the reply lead to; and an
 * absence is told only where the reply proves one.
 */
import { parseArgs } from 'node:util';
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import { isAtOrUnder, normalizeName } from '../../src/dns/name.ts';
import { decodeMessage, type Message, type WireRecord } from '../../src/dns/wire/message.ts';
import { encodeQuery, isReplyTo, type Query } from '../../src/dns/wire/query.ts';
import { judgeReply } from '../../src/dns/wire/reply.ts';
import { dataFrom, mutate, type Pick, seeded } from '../dns/random-message.ts';
import { replyTo, soa } from '../dns/scripted-server.ts';
import { encodeMessage } from '../dns/wire/message-writer.ts';

/** What came of a run: how many replies ended how, and the cases that broke a property. */
export type MutationReport = {
  readonly count: number;
  /**
   * By kind of answer, `dropped` for what is no reply to the question, `truncated` for what sends
   * it to TCP.
   */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly broken: readonly { readonly seed: number; readonly what: string; readonly hex: string }[];
};

const NAMES = ['brand.example', '_dmarc.brand.example', 'a.b.c.test', `${'x'.repeat(63)}.example`];
const OTHER_NAMES = ['evil.test', 'example', 'brand.exampl', 'xbrand.example', 'a.brand.example', 'test', ''];
const TYPES: readonly RecordType[] = ['TXT', 'A', 'AAAA', 'MX', 'PTR', 'CNAME'];

/** Plays the seeds `seed`, `seed + 1`, … */
export const mutateReplies = (seed: number, count: number): MutationReport => {
  const outcomes: Record<string, number> = {};
  const broken: { seed: number; what: string; hex: string }[] = [];
  for (let at = seed; at < seed + count; at++) {
    const pick = seeded(at);
    const name = oneOf(NAMES, pick);
    const type = oneOf(TYPES, pick);
    const query = encodeQuery(name, type, pick(2) === 0 ? 1232 : null);
    const reply = mutatedReply(query, name, type, pick);
    const { outcome, what } = judge(reply, query, name, type);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (what !== null) broken.push({ seed: at, what, hex: reply.toString('hex') });
  }
  return { count, outcomes, broken };
};

const oneOf = <Item>(items: readonly Item[], pick: Pick): Item => items[pick(items.length)] as Item;

/**
 * A reply as servers give them or an attacker would, then changed: mostly behind the question, so
 * that it still is a reply to it.
 */
const mutatedReply = (query: Query, name: string, type: RecordType, pick: Pick): Buffer => {
  const asked = decodeMessage(query);
  if (asked === null) throw new Error('a query that cannot be read');
  const whole = encodeMessage(replyTo(asked, partsFrom(name, type, pick)));
  if (pick(4) === 0) return whole;
  if (pick(8) === 0) return mutate(whole, pick);
  const questionEnd = 12 + name.length + 2 + 4;
  return Buffer.concat([whole.subarray(0, questionEnd), mutate(whole.subarray(questionEnd), pick)]);
};

const partsFrom = (name: string, type: RecordType, pick: Pick): Partial<Message> => {
  const links = pick(3) === 0 ? pick(13) : 0;
  const aliases = Array.from({ length: links }, (_, at) => `n${at + 1}.alias.test`);
  const end = aliases.at(-1) ?? name;
  const owners = [name, ...aliases];
  const answers: WireRecord[] = [
    ...aliases.map((target, at) => record(owners[at] ?? name, 'CNAME', target, pick)),
    ...Array.from({ length: pick(4) === 0 ? pick(12) : pick(3) }, () => recordFrom(end, type, pick)),
    ...Array.from({ length: pick(3) }, () =>
      recordFrom(oneOf([...OTHER_NAMES, ...owners], pick), oneOf(TYPES, pick), pick),
    ),
  ];
  const authorities = Array.from({ length: pick(3) }, (): WireRecord => {
    const owner = oneOf([...OTHER_NAMES, end], pick);
    return pick(2) === 0 ? soa(owner, pick(1000), pick(1000)) : record(owner, 'NS', 'ns.other.test', pick);
  });
  return {
    rcode: oneOf([0, 0, 0, 0, 3, 2, 5], pick),
    isTruncated: pick(20) === 0,
    recursionAvailable: pick(3) !== 0,
    isAuthoritative: pick(3) === 0,
    authenticData: pick(2) === 0,
    answers: pick(4) === 0 ? answers.reverse() : answers,
    authorities,
    additionals: Array.from({ length: pick(2) }, () => recordFrom(name, type, pick)),
  };
};

const record = (name: string, type: RecordType, data: RecordData, pick: Pick): WireRecord => ({
  name,
  type,
  ttlSeconds: pick(65_536) * 65_536,
  data,
});
const recordFrom = (name: string, type: RecordType, pick: Pick): WireRecord =>
  record(name, type, dataFrom(type, pick), pick);

/** Judges one reply as the resolver does. @returns what became of it, and the property it breaks */
const judge = (
  reply: Buffer,
  query: Query,
  name: string,
  type: RecordType,
): { readonly outcome: string; readonly what: string | null } => {
  try {
    if (reply.length < 12 || !isReplyTo(reply, query)) return { outcome: 'dropped', what: null };
    const answer = judgeReply(reply, { name, type }, true);
    if (answer === 'truncated') return { outcome: answer, what: null };
    if (answer.kind === 'failure') return { outcome: answer.failure, what: null };
    const message = decodeMessage(reply);
    if (message === null) return { outcome: answer.kind, what: 'an answer out of a message that cannot be read' };
    const reached = namesReached(message, name);
    return {
      outcome: answer.kind,
      what:
        answer.kind === 'records'
          ? brokenRecords(answer.records, message, reached, type)
          : brokenAbsence(answer.kind, message, reached, reply),
    };
  } catch (error) {
    return { outcome: 'thrown', what: String(error) };
  }
};

/** The name asked for and every name that an alias of the answer section leads to from there. */
const namesReached = (message: Message, name: string): ReadonlySet<string> => {
  const reached = new Set([name]);
  for (let size = 0; size < reached.size; ) {
    size = reached.size;
    for (const alias of message.answers)
      if (alias.type === 'CNAME' && 'data' in alias && reached.has(alias.name.toLowerCase()))
        reached.add(String(alias.data).toLowerCase());
  }
  return reached;
};

const brokenRecords = (
  records: readonly RecordData[],
  message: Message,
  reached: ReadonlySet<string>,
  type: RecordType,
): string | null => {
  if (message.rcode !== 0) return `records under RCODE ${message.rcode}`;
  if (records.length === 0) return 'no record among the records';
  const own = message.answers.flatMap((one) =>
    one.type === type && 'data' in one && reached.has(one.name.toLowerCase()) ? [JSON.stringify(one.data)] : [],
  );
  const foreign = records.find((data) => !own.includes(JSON.stringify(data)));
  return foreign === undefined ? null : `a record of another owner: ${JSON.stringify(foreign)}`;
};

const brokenAbsence = (
  kind: 'nodata' | 'nxdomain',
  message: Message,
  reached: ReadonlySet<string>,
  reply: Buffer,
): string | null => {
  if (kind === 'nxdomain') return message.rcode === 3 ? null : `nxdomain under RCODE ${message.rcode}`;
  if (message.rcode !== 0) return `nodata under RCODE ${message.rcode}`;
  const speaksForIt = message.authorities.some(({ name: owner, type }) => {
    const zone = owner === '' ? '' : normalizeName(owner);
    return type === 'SOA' && zone !== null && [...reached].some((name) => zone === '' || isAtOrUnder(name, zone));
  });
  const isEmpty = reply.readUInt16BE(6) === 0 && message.recursionAvailable;
  return speaksForIt || isEmpty ? null : 'nodata without proof';
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  });
  const startMs = performance.now();
  const { broken, ...report } = mutateReplies(Number(values.seed), Number(values.count));
  for (const { seed, what, hex } of broken.slice(0, 20)) console.log(`seed ${seed}: ${what}\n  ${hex}`);
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(JSON.stringify({ seed: Number(values.seed), ...report, broken: broken.length, seconds }));
  process.exitCode = broken.length === 0 ? 0 : 1;
}
