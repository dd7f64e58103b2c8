/**
 * The state of one evaluation: who is checked, what was counted, which questions were asked. Counts
 * lookups and void lookups against the limits of RFC 7208 section 4.6.4 and writes every answer
 * into the trace. Decides nothing about terms.
 */
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import { limitText } from '../../schemas/limit.ts';
import type { SpfResult, SpfTraceRecord, SpfTraceTerm } from '../../schemas/spf.ts';
import { type Failure, failureOf, isLasting } from '../dns/failure.ts';
import type { Answer, Lookup } from '../dns/lookup.ts';
import type { IpAddress } from '../ip/address.ts';
import type { DomainSpec } from '../records/macro.ts';
import type { SpfTerm } from '../records/spf.ts';

/** Limits of an evaluation. The first four are those of RFC 7208 section 4.6.4. */
export type SpfLimits = {
  /** Terms that cause lookups. */
  readonly lookups: number;
  /** Terms whose lookup finds nothing. */
  readonly voids: number;
  /** Hosts of one MX answer whose addresses are asked for. */
  readonly mxHosts: number;
  /** Names of one PTR answer that are validated; later ones are ignored. */
  readonly ptrNames: number;
  /** Questions asked for the whole tree beyond what the result needs. */
  readonly extraQuestions: number;
  /** Records within records in a whole tree. */
  readonly nesting: number;
  /** Terms in the trace. */
  readonly traceTerms: number;
  /** Characters of an explanation. */
  readonly explanationCharacters: number;
};

/** The limits of RFC 7208 section 4.6.4, and ours where it names none. */
export const SPF_LIMITS: SpfLimits = {
  lookups: 10,
  voids: 2,
  mxHosts: 10,
  ptrNames: 10,
  extraQuestions: 128,
  nesting: 20,
  traceTerms: 2000,
  explanationCharacters: 500,
};

/** Who is checked: the arguments of check_host() and what macros need beside them. */
export type Client = {
  readonly ip: IpAddress;
  readonly localPart: string;
  readonly senderDomain: string;
  readonly helo: string;
  readonly receiver: string;
  readonly epochSeconds: number;
};

/** Position of a record in the tree. */
export type Frame = {
  /** The domain of check_host(). */
  readonly domain: string;
  /** Domains from the first record to this one, in lower case. */
  readonly path: readonly string[];
};

/** What ends an evaluation at a term. */
export type TermError = {
  readonly kind: 'error';
  readonly result: 'temperror' | 'permerror';
  readonly reason: string;
  /** The limit that was passed, if one was. */
  readonly limit?: SpfTraceTerm['limit'];
};

/** What a term came to. */
export type Outcome = { readonly kind: 'match' } | { readonly kind: 'no-match'; readonly reason?: string } | TermError;

/** What check_host() of one domain came to. */
export type Evaluated = {
  /** `none` for a domain without a record; null in a walk that only completes the tree. */
  readonly result: SpfResult | null;
  readonly reason: string;
  readonly trace: SpfTraceRecord;
  /** The term that decided, with the domain whose record holds it. */
  readonly matched: { readonly term: string; readonly domain: string } | null;
  /** The `exp` of the record whose mechanism decided (RFC 7208 section 6.2), with its place. */
  readonly explanation: { readonly spec: DomainSpec; readonly trace: SpfTraceTerm; readonly frame: Frame } | null;
};

/** A term that the result did not need, kept for the whole tree. */
export type Unreached = { readonly term: SpfTerm; readonly trace: SpfTraceTerm; readonly frame: Frame };

/** One evaluation on its way. `lookups`, `voids`, `traceRoom` and `unreached` change as it goes. */
export type Walk = {
  readonly client: Client;
  readonly limits: SpfLimits;
  readonly ask: (name: string, type: RecordType) => Promise<Answer>;
  /** check_host() of a domain: handed in, because records hold terms and terms lead to records. */
  readonly enter: (walk: Walk, frame: Frame, holder: SpfTraceTerm | null) => Promise<Evaluated>;
  /**
   * True once the result is known and only the tree is completed: nothing is limited by section
   * 4.6.4 any more, nothing decides.
   */
  readonly surplus: boolean;
  lookups: number;
  voids: number;
  traceRoom: number;
  unreached: Unreached[];
};

const MAX_TRACE_VALUES = 50;
const MAX_TRACE_VALUE_CHARACTERS = 500;

const valueText = (record: RecordData): string => {
  if (typeof record === 'string') return record;
  if (Array.isArray(record)) return record.join('');
  if ('exchange' in record) return `${record.priority} ${record.exchange || '.'}`;
  return JSON.stringify(record);
};

/** Asks a question for a term and writes the answer into its trace. */
export const askFor = async (walk: Walk, term: SpfTraceTerm, name: string, type: RecordType): Promise<Answer> => {
  const answer = await walk.ask(name, type);
  const records = answer.kind === 'records' ? answer.records : [];
  term.answers.push({
    name,
    type,
    outcome: answer.kind,
    values: records.slice(0, MAX_TRACE_VALUES).map((record) => valueText(record).slice(0, MAX_TRACE_VALUE_CHARACTERS)),
    ...(answer.kind === 'failure' ? failureOf(answer) : {}),
    void: false,
  });
  return answer;
};

/**
 * Counts a lookup of a term (RFC 7208 section 4.6.4): each `include`, `a`, `mx`, `ptr`, `exists`
 * and `redirect`, and each PTR lookup for `%{p}`.
 * @returns the permerror that a count past the limit is, else null
 */
export const countLookup = (walk: Walk, term: SpfTraceTerm): TermError | null => {
  term.lookups += 1;
  walk.lookups += 1;
  if (walk.surplus || walk.lookups <= walk.limits.lookups) return null;
  const reason = `${quoteTerm(term)} is DNS lookup ${walk.lookups}, the limit is ${walk.limits.lookups}`;
  return { kind: 'error', result: 'permerror', reason, limit: 'lookups' };
};

/**
 * Counts a void lookup. RFC 7208 section 4.6.4 limits the number of terms whose queries find
 * nothing, so a term counts once; only the query for the term's own target counts, not those for
 * the addresses of MX hosts or of names of the client.
 * @returns the permerror that a count past the limit is, else null
 */
export const countVoid = (walk: Walk, term: SpfTraceTerm, answer: Answer): TermError | null => {
  if (answer.kind !== 'nodata' && answer.kind !== 'nxdomain') return null;
  if (term.voids > 0) return null;
  const last = term.answers.at(-1);
  if (last !== undefined) last.void = true;
  term.voids = 1;
  walk.voids += 1;
  if (walk.surplus || walk.voids <= walk.limits.voids) return null;
  const reason = `${quoteTerm(term)} is void lookup ${walk.voids}, the limit is ${walk.limits.voids}`;
  return { kind: 'error', result: 'permerror', reason, limit: 'voids' };
};

/**
 * What a question without a usable answer comes to (RFC 7208 sections 4.4 and 5): temperror, and
 * permerror where a limit of ours would strike again, since temperror is for what may be different
 * later (sections 2.6.6 and 2.6.7).
 */
export const lookupFailed = (name: string, type: RecordType, failure: Failure): TermError => {
  const question = `the DNS question for ${type} of ${printable(name)}`;
  if (failure.failure !== 'limit') {
    const reason = `${question} failed (${failure.failure})`;
    const limit = failure.failure === 'timeout' ? { limit: 'time' as const } : {};
    return { kind: 'error', result: 'temperror', reason, ...limit };
  }
  return {
    kind: 'error',
    result: isLasting(failure) ? 'permerror' : 'temperror',
    reason: `${question} reached ${limitText(failure.limit)}`,
    ...(failure.limit.name === 'time' ? { limit: 'time' as const } : {}),
  };
};

/** A name or term for a sentence: printable ASCII, cut after 120 characters. */
export const printable = (text: string): string => text.slice(0, 120).replace(/[^\x20-\x7e]/g, '?');

/** A term in quotes for a sentence. */
export const quoteTerm = (term: { readonly text: string }): string => `"${printable(term.text)}"`;

type Asker = Walk['ask'];

/**
 * Asks each question of one evaluation once and hands the same answer to every term that needs it.
 * @param monotonicMs the clock of `deadlineMs`; past the deadline nothing is asked and the answer
 * is a timeout
 */
export const askOnce = (
  lookup: Lookup,
  deadlineMs: number,
  monotonicMs: () => number,
): Asker & { knows: (name: string, type: RecordType) => boolean } => {
  const answers = new Map<string, Promise<Answer>>();
  const keyOf = (name: string, type: RecordType) => `${type} ${name.toLowerCase().replace(/\.$/, '')}`;
  const ask: Asker = (name, type) => {
    const key = keyOf(name, type);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer: Promise<Answer> =
      monotonicMs() >= deadlineMs
        ? Promise.resolve({ kind: 'failure', failure: 'timeout', source: 'local' })
        : lookup({ name, type }, deadlineMs);
    answers.set(key, answer);
    return answer;
  };
  return Object.assign(ask, { knows: (name: string, type: RecordType) => answers.has(keyOf(name, type)) });
};
