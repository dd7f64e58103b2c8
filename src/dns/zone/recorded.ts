/**
 * Recorded evidence as a lookup: a replay gets each answer with its recorded outcome, source, TTL
 * and timing, and asks no server. A question that the evidence does not hold is the failure
 * `unrecorded`, never "no record". An overlay over it answers "what if this record were
 * published".
 */
import type { Evidence, RecordType } from '../../../schemas/dns.ts';
import type { Failure } from '../failure.ts';
import type { Answer, Lookup } from '../lookup.ts';
import { normalizeName, printableName } from '../name.ts';
import { checkRecordData } from '../record-data.ts';
import type { FieldError } from './overlay.ts';

/**
 * A name that cannot be encoded is recorded cut and escaped; the mark keeps it apart from a good
 * name of the same look.
 */
const keyOf = (name: string, type: RecordType, isBadName = false): string =>
  isBadName ? `!${type}:${printableName(name)}` : `${type}:${name}`;

const isBadName = (entry: Evidence): boolean => entry.outcome === 'failure' && entry.failure === 'badname';

/**
 * Answers from evidence. Where two entries hold one question the first counts; an entry that {@link
 * evidenceErrors} names is `badresp`.
 */
export const recorded = (evidence: readonly Evidence[]): Lookup => {
  const answers = new Map<string, Answer>();
  for (const entry of evidence) {
    const key = keyOf(normalizeName(entry.name) ?? entry.name, entry.type, isBadName(entry));
    if (!answers.has(key)) answers.set(key, answerOf(entry));
  }
  return async (question) => {
    const name = normalizeName(question.name);
    const answer = answers.get(keyOf(name ?? question.name, question.type, name === null));
    return answer ?? { kind: 'failure', failure: name === null ? 'badname' : 'unrecorded', source: 'local' };
  };
};

const answerOf = (entry: Evidence): Answer => {
  const common = {
    source: entry.source,
    ...(entry.rcode === undefined ? {} : { rcode: entry.rcode }),
    recorded: { startedMs: entry.startedMs, elapsedMs: entry.elapsedMs },
  };
  const ttlSeconds = entry.ttlSeconds ?? 0;
  switch (entry.outcome) {
    case 'records': {
      const records = (entry.records ?? []).map((data) => checkRecordData(entry.type, data));
      const good = records.flatMap((record) => (record.ok ? [record.data] : []));
      return good.length === 0 || good.length < records.length
        ? { kind: 'failure', failure: 'badresp', ...common }
        : { kind: 'records', records: Object.freeze(good), ttlSeconds, authenticated: entry.authenticated, ...common };
    }
    case 'nodata':
    case 'nxdomain':
      return { kind: entry.outcome, ttlSeconds, authenticated: entry.authenticated, ...common };
    case 'failure':
      return { kind: 'failure', ...recordedFailure(entry), ...common };
    default:
      return entry.outcome satisfies never;
  }
};

const recordedFailure = ({ failure = 'badresp', limit }: Evidence): Failure => {
  if (failure !== 'limit') return { failure };
  return limit === undefined ? { failure: 'badresp' } : { failure, limit };
};

/**
 * What is wrong with evidence that a caller gives, beyond its schema: data that does not fit its
 * type, an outcome without what belongs to it, one question twice.
 * @param path the field that holds it, for the errors
 */
export const evidenceErrors = (evidence: readonly Evidence[], path = 'evidence'): FieldError[] => {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of evidence.entries()) {
    const at = `${path}[${index}]`;
    const name = normalizeName(entry.name);
    if (name === null && !isBadName(entry)) errors.push({ path: `${at}.name`, message: 'must be a domain name' });
    const key = keyOf(name ?? entry.name, entry.type);
    if (seen.has(key)) errors.push({ path: at, message: `${key.slice(0, 280)} appears in an earlier entry` });
    seen.add(key);
    if (entry.outcome === 'failure' && entry.failure === undefined)
      errors.push({ path: `${at}.failure`, message: 'must be given with outcome "failure"' });
    if (entry.outcome === 'failure' && (entry.failure === 'limit') !== (entry.limit !== undefined))
      errors.push({ path: `${at}.limit`, message: 'must be given with failure "limit", and only there' });
    if (entry.outcome !== 'records') continue;
    if (entry.records === undefined || entry.records.length === 0)
      errors.push({ path: `${at}.records`, message: 'must hold a record with outcome "records"' });
    for (const [record, data] of (entry.records ?? []).entries()) {
      const checked = checkRecordData(entry.type, data);
      if (!checked.ok) errors.push({ path: `${at}.records[${record}]`, message: `${entry.type}: ${checked.message}` });
    }
  }
  return errors;
};
