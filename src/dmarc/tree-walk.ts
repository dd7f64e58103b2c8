/**
 * The DNS Tree Walk (RFC 9989 section 4.10): DMARC records asked for from a name upwards, at most
 * eight questions, ending at a record with psd=y or psd=n. A DNS failure ends the walk and is
 * reported; it never counts as "no record".
 */
import { type Failure, failureOf } from '../dns/failure.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type DmarcRecord, parseDmarc, selectDmarc } from '../records/dmarc.ts';
import { txtTexts } from '../records/txt.ts';

/**
 * Labels of the second name asked for when the first has eight or more (RFC 9989 section 4.10 step
 * 4).
 */
const SHORTENED_LABELS = 7;

/** What `_dmarc.` and a name publishes. */
export type DmarcAnswer =
  | { kind: 'record'; record: DmarcRecord }
  | { kind: 'none'; reason: string; texts: readonly string[] }
  | { kind: 'failure'; failure: Failure };

/** One step of a walk: the domain, and what is at `_dmarc.` below it. */
type WalkStep = { domain: string; answer: DmarcAnswer };

/** The steps made, in order. When the last one is a failure the rest of the walk is unknown. */
export type TreeWalk = { start: string; steps: WalkStep[]; failure: Failure | null };

/** Asks for the record of one domain; each domain once per verification. */
export type RecordLookup = (domain: string) => Promise<DmarcAnswer>;

/** A memoized record lookup, so that walks which share names share questions. */
export const recordLookup = (lookup: Lookup, deadlineMs: number): RecordLookup => {
  const asked = new Map<string, Promise<DmarcAnswer>>();
  return (domain) => {
    const known = asked.get(domain);
    if (known !== undefined) return known;
    const answer = fetchRecord(domain, lookup, deadlineMs);
    asked.set(domain, answer);
    return answer;
  };
};

const fetchRecord = async (domain: string, lookup: Lookup, deadlineMs: number): Promise<DmarcAnswer> => {
  const answer = await lookup({ name: `_dmarc.${domain}`, type: 'TXT' }, deadlineMs);
  switch (answer.kind) {
    case 'failure':
      // A name that cannot be encoded cannot hold a record either.
      if (answer.failure === 'badname') return { kind: 'none', reason: 'the name cannot be asked for', texts: [] };
      return { kind: 'failure', failure: failureOf(answer) };
    case 'nodata':
    case 'nxdomain':
      return { kind: 'none', reason: 'no record', texts: [] };
    case 'records':
      return readRecord(txtTexts(answer.records));
    default:
      return answer satisfies never;
  }
};

/**
 * Reads the texts at one name: several DMARC records count as none (RFC 9989 section 4.10 steps 2
 * and 6).
 */
const readRecord = (texts: string[]): DmarcAnswer => {
  const selection = selectDmarc(texts);
  if (selection.kind === 'none') return { kind: 'none', reason: 'no DMARC record among the TXT records', texts };
  if (selection.kind === 'several') {
    return {
      kind: 'none',
      reason: `${selection.texts.length} DMARC records, which count as none`,
      texts: selection.texts,
    };
  }
  const parsed = parseDmarc(selection.text);
  if (parsed.kind === 'fault')
    return { kind: 'none', reason: `not a DMARC record: ${parsed.fault.reason}`, texts: [selection.text] };
  return { kind: 'record', record: parsed };
};

/**
 * Walks the tree from a domain.
 * @param domain lower case, A-labels, without the last dot
 */
export const walkTree = async (domain: string, askRecord: RecordLookup): Promise<TreeWalk> => {
  const steps: WalkStep[] = [];
  let labels = domain.split('.');
  while (labels.length > 0) {
    const name = labels.join('.');
    const answer = await askRecord(name);
    steps.push({ domain: name, answer });
    if (answer.kind === 'failure') return { start: domain, steps, failure: answer.failure };
    if (answer.kind === 'record' && answer.record.psd !== 'u') break;
    labels = labels.length > SHORTENED_LABELS ? labels.slice(-SHORTENED_LABELS) : labels.slice(1);
  }
  return { start: domain, steps, failure: null };
};

/** A record and the domain it was found at. */
export type FoundRecord = { domain: string; record: DmarcRecord };

/** The steps that found a record, longest name first. */
export const foundRecords = (walk: TreeWalk): FoundRecord[] =>
  walk.steps.flatMap(({ domain, answer }) => (answer.kind === 'record' ? [{ domain, record: answer.record }] : []));

/**
 * The Organizational Domain that a walk gives (RFC 9989 section 4.10.2).
 * @returns null when the walk failed
 */
export const organizationalDomain = (walk: TreeWalk): string | null => {
  if (walk.failure !== null) return null;
  const found = foundRecords(walk);
  for (const { domain, record } of found) {
    if (record.psd === 'n') return domain;
    if (record.psd === 'y' && domain !== walk.start) {
      const labels = walk.start.split('.');
      return labels.slice(-(domain.split('.').length + 1)).join('.');
    }
  }
  return found.at(-1)?.domain ?? walk.start;
};
