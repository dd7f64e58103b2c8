/**
 * The decoder against `dns-packet` as oracle: `node test/dns/fuzz.ts --cases 200000 --seed 1`.
 * Where both read a message they must read the same; where only ours does, the difference must be
 * one that is known. Prints each disagreement with its seed; exits 1 when there is one.
 */
import { parseArgs } from 'node:util';
import packet from 'dns-packet';
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import { decodeMessage, type Message, type WireRecord } from '../../src/dns/wire/message.ts';
import { parseIp6 } from '../../src/ip/address.ts';
import { messageFrom, mutate, seeded } from './random-message.ts';
import { encodeMessage } from './wire/message-writer.ts';

/** What one run found. */
export type FuzzReport = {
  readonly cases: number;
  readonly bothRead: number;
  readonly onlyOurs: number;
  readonly onlyTheirs: number;
  readonly disagreements: readonly { readonly seed: number; readonly hex: string; readonly what: string }[];
};

/**
 * Runs cases with the seeds `seed`, `seed + 1`, …; each is one message, every fourth unchanged and
 * the others mutated.
 */
export const fuzzDecoder = (seed: number, cases: number): FuzzReport => {
  const report = { cases, bothRead: 0, onlyOurs: 0, onlyTheirs: 0 };
  const disagreements: { seed: number; hex: string; what: string }[] = [];
  for (let at = seed; at < seed + cases; at++) {
    const pick = seeded(at);
    const whole = encodeMessage(messageFrom(pick));
    const isWhole = at % 4 === 0;
    const bytes = isWhole ? whole : mutate(whole, pick);
    const ours = decodeMessage(bytes);
    const theirs = readByOracle(bytes);
    if (ours !== null && theirs !== null) report.bothRead++;
    else if (ours !== null) report.onlyOurs++;
    else if (theirs !== null) report.onlyTheirs++;
    const what = isWhole && ours === null ? 'a well-formed message is refused' : difference(ours, theirs);
    if (what !== null) disagreements.push({ seed: at, hex: bytes.toString('hex'), what });
  }
  return { ...report, disagreements };
};

const readByOracle = (bytes: Buffer): packet.DecodedPacket | null => {
  try {
    return packet.decode(bytes);
  } catch {
    return null;
  }
};

/** @returns null when both agree, or one refuses what the other reads by its own rules */
const difference = (ours: Message | null, theirs: packet.DecodedPacket | null): string | null => {
  if (ours === null || theirs === null || hasOtherClass(theirs)) return null;
  if (ours.id !== theirs.id) return 'id';
  if (ours.isResponse !== (theirs.type === 'response')) return 'QR';
  if (ours.isTruncated !== theirs.flag_tc) return 'TC';
  if (ours.authenticData !== theirs.flag_ad) return 'AD';
  const questions = theirs.questions ?? [];
  if (ours.questions.length !== questions.length) return 'number of questions';
  for (const [index, question] of ours.questions.entries())
    if (isPlain(question.name) && question.name !== questions[index]?.name.replace(/^\.$/, ''))
      return `question ${index}`;
  return (
    sectionDifference('answer', ours.answers, theirs.answers) ??
    sectionDifference('authority', ours.authorities, theirs.authorities) ??
    sectionDifference('additional', ours.additionals, theirs.additionals)
  );
};

/**
 * Ours skips a record of another class by its RDLENGTH. The oracle reads its data by type, past
 * that length if need be, and goes on from there; and it takes the top bit of the class for a mark
 * of multicast DNS. Messages with such a record are not compared.
 */
const hasOtherClass = ({ answers = [], authorities = [], additionals = [] }: packet.DecodedPacket): boolean =>
  [...answers, ...authorities, ...additionals].some(
    (record) => record.type !== 'OPT' && 'class' in record && (record.class !== 'IN' || record.flush === true),
  );

const sectionDifference = (
  section: string,
  ours: readonly WireRecord[],
  theirs: readonly packet.Answer[] | undefined,
): string | null => {
  // Ours leaves out OPT, which is no record.
  const comparable = (theirs ?? []).filter((record) => record.type !== 'OPT');
  if (ours.length !== comparable.length) return `number of ${section} records`;
  for (const [index, record] of ours.entries()) {
    const other = comparable[index];
    if (other === undefined) return `${section} ${index}`;
    if (isPlain(record.name) && record.name !== other.name.replace(/^\.$/, '')) return `${section} ${index} owner`;
    if ('ttl' in other && other.ttl !== record.ttlSeconds) return `${section} ${index} TTL`;
    if ('data' in record && record.type !== 'SPF' && other.type !== record.type) return `${section} ${index} type`;
    if ('data' in record && 'data' in other && !isSameData(record.type, record.data, other.data))
      return `${section} ${index} ${record.type} data ${JSON.stringify(record.data)} ${JSON.stringify(other.data)}`;
  }
  return null;
};

/**
 * The oracle reads octets of names as UTF-8 and does not escape dots: such names are not compared.
 */
const isPlain = (name: string): boolean => !name.includes('\\');

const isSameData = (type: RecordType, ours: RecordData, theirs: unknown): boolean => {
  const sameName = (name: string, other: unknown) => !isPlain(name) || name === String(other).replace(/^\.$/, '');
  const their = theirs as Record<string, unknown>;
  switch (type) {
    case 'A':
      return ours === theirs;
    case 'AAAA':
      return Buffer.from(parseIp6(String(ours))?.bytes ?? []).equals(
        Buffer.from(parseIp6(String(theirs))?.bytes ?? [0]),
      );
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return sameName(String(ours), theirs);
    case 'TXT':
      return JSON.stringify(ours) === JSON.stringify((theirs as Buffer[]).map((string) => string.toString('latin1')));
    case 'MX':
      return (
        typeof ours === 'object' &&
        'exchange' in ours &&
        ours.priority === their.preference &&
        sameName(ours.exchange, their.exchange)
      );
    case 'SOA':
      return (
        typeof ours === 'object' &&
        'mname' in ours &&
        sameName(ours.mname, their.mname) &&
        sameName(ours.rname, their.rname) &&
        ours.serial === their.serial &&
        ours.expire === their.expire &&
        ours.minimum === their.minimum
      );
    case 'TLSA':
      return (
        typeof ours === 'object' &&
        'usage' in ours &&
        ours.usage === their.usage &&
        ours.selector === their.selector &&
        ours.matchingType === their.matchingType &&
        ours.data === (their.certificate as Buffer).toString('hex')
      );
    case 'SPF':
      return true;
    default:
      return type satisfies never;
  }
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
  });
  const report = fuzzDecoder(Number(values.seed), Number(values.cases));
  for (const { seed, what, hex } of report.disagreements.slice(0, 20)) console.log(`seed ${seed}: ${what}\n  ${hex}`);
  const { disagreements, ...counts } = report;
  console.log(JSON.stringify({ ...counts, disagreements: disagreements.length }));
  process.exitCode = disagreements.length === 0 ? 0 : 1;
}
