/**
 * One verification's ledger: every question once, with its answer, its source and its time, against
 * limits. All names come from the sender, who pays one message while we pay the questions (RFC 7208
 * section 11.1), so a limit that is reached answers the failure `limit`, which names it and is
 * never cached. Never asks a server itself, never turns a refused question into "no record".
 */
import type { AnswerSource, DnsUsage, Evidence, RecordType } from '../../schemas/dns.ts';
import { type LimitName, type ReachedLimit, reached } from '../../schemas/limit.ts';
import type { DnsSettings } from '../../schemas/settings/dns.ts';
import { byDeadline, type Clock } from './deadline.ts';
import { failureOf } from './failure.ts';
import type { Answer, Lookup, Question } from './lookup.ts';
import { normalizeName, printableName } from './name.ts';
import { registeredDomain } from './public-suffix.ts';

/** The limits of one verification; each from 1. */
export type BudgetLimits = {
  /** Distinct questions, whether or not from memory. */
  readonly maxQuestions: number;
  /** Questions that go out to a server. */
  readonly maxMisses: number;
  /** Distinct registered domains. */
  readonly maxDomains: number;
  /** Questions that failed; after them only memory is asked. */
  readonly maxFailures: number;
  /** From the first question to the last answer. RFC 7208 section 4.6.4 asks for at least 20 s. */
  readonly maxElapsedMs: number;
  /** Records of one answer of any type but TXT. */
  readonly maxRecords: number;
  /** Sum of all strings of all TXT records of one answer, in octets. */
  readonly maxTextBytes: number;
  /** The settings behind the limits, where they are not those for messages. */
  readonly settings?: Readonly<Partial<Record<LimitName, string | null>>>;
};

/** A lookup that keeps a ledger. */
export type Budget = {
  readonly lookup: Lookup;
  /**
   * For the few questions that decide whether a policy applies. Only time limits them: what other
   * names of the message spent must not hide the policy of its author. Callers bound their number.
   */
  readonly policyLookup: Lookup;
  /**
   * The answered questions, sorted by name, then type; times count from the making of the budget.
   */
  readonly evidence: () => Evidence[];
  /** What was spent, and which limits refused a question. */
  readonly usage: () => DnsUsage;
};

/**
 * Records of one answer that are used. RFC 7208 section 4.6.4 bounds those of MX and PTR to ten; no
 * usual name has more than a few dozen addresses.
 */
const MAX_RECORDS = 64;
/** Text of one answer that is used: what the largest DNS message could hold (RFC 1035). */
const MAX_TEXT_BYTES = 65_535;

/** The limits of one verification: those of the settings, and the fixed ones on one answer. */
export const budgetLimits = (settings: DnsSettings): BudgetLimits => ({
  maxQuestions: settings.dnsMaxQuestions,
  maxMisses: settings.dnsMaxMisses,
  maxDomains: settings.dnsMaxDomains,
  maxFailures: settings.dnsMaxFailures,
  maxElapsedMs: settings.dnsMaxElapsedMs,
  maxRecords: MAX_RECORDS,
  maxTextBytes: MAX_TEXT_BYTES,
});

type LedgerEntry = {
  readonly name: string;
  readonly type: RecordType;
  /** Registered domain of the name; null for a name that cannot be asked for. */
  readonly domain: string | null;
  readonly deadlineMs: number;
  readonly flight: Promise<Answer>;
  startedMs: number;
  elapsedMs: number;
  /** Null while it is awaited. */
  answer: Answer | null;
};

/** Failures that say nothing of a server: they do not count against the limit on failures. */
const OWN_FAILURES: ReadonlySet<string> = new Set(['badname', 'limit']);
/** Limits that refuse a question unasked; the others still ask memory. */
const UNASKED: ReadonlySet<LimitName | undefined> = new Set<LimitName | undefined>(['questions', 'domains']);
/** Limits that an author's policy does not hang on. */
const SPENT_BY_OTHERS: ReadonlySet<LimitName | undefined> = new Set<LimitName | undefined>([
  'questions',
  'domains',
  'misses',
  'failures',
]);

const limitOf = (answer: Answer | null): LimitName | undefined =>
  answer?.kind === 'failure' && answer.failure === 'limit' ? answer.limit.name : undefined;
const roundMs = (ms: number): number => Math.round(ms * 100) / 100;

/**
 * Adds a ledger with limits to a lookup.
 * @param mode `replay`: the lookup is recorded evidence. It is counted, not limited: the record
 * already holds which questions were refused, and the order of concurrent questions may differ from
 * the first time. Evidence and usage then come out as recorded
 */
export const withBudget = (
  next: Lookup,
  limits: BudgetLimits,
  clock: Clock,
  mode: 'enforce' | 'replay' = 'enforce',
): Budget => {
  const ledger = new Map<string, LedgerEntry>();
  const domains = new Set<string>();
  const madeMs = clock();
  let phaseEndMs = Number.POSITIVE_INFINITY;
  let questions = 0;
  let misses = 0;
  let failures = 0;
  let awaited = 0;

  const values: Partial<Record<LimitName, number>> = {
    questions: limits.maxQuestions,
    domains: limits.maxDomains,
    misses: limits.maxMisses,
    failures: limits.maxFailures,
    time: limits.maxElapsedMs,
    records: limits.maxRecords,
    'text-bytes': limits.maxTextBytes,
  };
  const refused = (name: LimitName, source: AnswerSource = 'local'): Answer => ({
    kind: 'failure',
    failure: 'limit',
    limit: reached(name, values[name] ?? 0, limits.settings?.[name]),
    source,
  });

  /**
   * The limit that lets this question reach memory only, if any. One that is awaited may yet be a
   * miss.
   */
  const exhausted = (forPolicy: boolean): LimitName | null => {
    if (clock() >= phaseEndMs) return 'time';
    if (forPolicy) return null;
    if (failures >= limits.maxFailures) return 'failures';
    return misses + awaited >= limits.maxMisses ? 'misses' : null;
  };

  /**
   * An answer as far as it is used. TXT is bounded by octets alone: real domains publish dozens of
   * records at one name.
   */
  const usable = (answer: Answer): Answer => {
    if (answer.kind !== 'records') return answer;
    if (!Array.isArray(answer.records[0]))
      return answer.records.length > limits.maxRecords ? refused('records', answer.source) : answer;
    let textBytes = 0;
    for (const strings of answer.records) {
      if (Array.isArray(strings)) for (const string of strings) textBytes += string.length;
    }
    return textBytes > limits.maxTextBytes ? refused('text-bytes', answer.source) : answer;
  };

  const enforce = async (
    { name, type }: Question,
    domain: string,
    deadlineMs: number,
    forPolicy: boolean,
  ): Promise<Answer> => {
    if (!forPolicy && questions >= limits.maxQuestions) return refused('questions');
    if (!forPolicy && !domains.has(domain) && domains.size >= limits.maxDomains) return refused('domains');
    questions++;
    domains.add(domain);
    if (phaseEndMs === Number.POSITIVE_INFINITY) phaseEndMs = clock() + limits.maxElapsedMs;
    const limit = exhausted(forPolicy);
    if (limit !== null) {
      const held = await next({ name, type }, Number.NEGATIVE_INFINITY);
      const isUnheld = held.kind === 'failure' && held.source === 'local' && held.failure === 'timeout';
      return isUnheld ? refused(limit) : usable(held);
    }
    awaited++;
    const answer = await next({ name, type }, Math.min(deadlineMs, phaseEndMs));
    awaited--;
    if (answer.source === 'network') misses++;
    if (answer.kind === 'failure' && !OWN_FAILURES.has(answer.failure)) failures++;
    // The deadline of a caller is the end of the same time, counted from a moment before the first
    // question.
    const isOver =
      answer.kind === 'failure' && answer.failure === 'timeout' && clock() >= Math.min(deadlineMs, phaseEndMs);
    return isOver ? refused('time') : usable(answer);
  };

  const ask = (question: Question, deadlineMs: number, forPolicy: boolean): Promise<Answer> => {
    const name = normalizeName(question.name);
    const shown = name ?? printableName(question.name);
    // The mark keeps a name that was cut apart from a good name of the same look.
    const key = name === null ? `!${question.type}:${shown}` : `${question.type}:${name}`;
    const held = ledger.get(key);
    const isSpent = (answer: Answer | null) => forPolicy && mode === 'enforce' && SPENT_BY_OTHERS.has(limitOf(answer));
    if (held !== undefined && !isSpent(held.answer)) {
      const waited =
        held.answer === null && deadlineMs < held.deadlineMs ? byDeadline(held.flight, deadlineMs, clock) : held.flight;
      return forPolicy ? waited.then((answer) => (isSpent(answer) ? ask(question, deadlineMs, true) : answer)) : waited;
    }
    // Refused questions are listed too, but the ledger itself stays bounded.
    if (!forPolicy && ledger.size >= 2 * limits.maxQuestions) return Promise.resolve(refused('questions'));
    const askedMs = clock();
    const domain = name === null ? null : registeredDomain(name);
    const flight = (
      mode === 'replay'
        ? next({ name: name ?? question.name, type: question.type }, deadlineMs)
        : name === null || domain === null
          ? Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' })
          : enforce({ name, type: question.type }, domain, deadlineMs, forPolicy)
    ).then((answer) => {
      entry.startedMs = answer.recorded?.startedMs ?? roundMs(askedMs - madeMs);
      entry.elapsedMs = answer.recorded?.elapsedMs ?? roundMs(clock() - askedMs);
      entry.answer = answer;
      return answer;
    });
    const entry: LedgerEntry = {
      name: shown,
      type: question.type,
      domain,
      deadlineMs,
      flight,
      startedMs: 0,
      elapsedMs: 0,
      answer: null,
    };
    ledger.set(key, entry);
    return flight;
  };

  const answered = (): (LedgerEntry & { answer: Answer })[] =>
    [...ledger.values()].filter((entry): entry is LedgerEntry & { answer: Answer } => entry.answer !== null);

  return {
    lookup: (question, deadlineMs) => ask(question, deadlineMs, false),
    policyLookup: (question, deadlineMs) => ask(question, deadlineMs, true),
    evidence: () => answered().map(evidenceOf).sort(byNameThenType),
    usage: () => usageOf(answered(), limits),
  };
};

const evidenceOf = (entry: LedgerEntry & { answer: Answer }): Evidence => {
  const { answer } = entry;
  return {
    name: entry.name,
    type: entry.type,
    outcome: answer.kind,
    ...(answer.kind === 'records' ? { records: [...answer.records] } : {}),
    ...(answer.kind === 'failure' ? failureOf(answer) : { ttlSeconds: answer.ttlSeconds }),
    ...(answer.rcode === undefined ? {} : { rcode: answer.rcode }),
    authenticated: answer.kind !== 'failure' && answer.authenticated,
    source: answer.source,
    startedMs: entry.startedMs,
    elapsedMs: entry.elapsedMs,
  };
};

const byNameThenType = (one: Evidence, other: Evidence): number =>
  one.name === other.name ? compare(one.type, other.type) : compare(one.name, other.name);
const compare = (one: string, other: string): number => (one < other ? -1 : 1);

const usageOf = (entries: readonly (LedgerEntry & { answer: Answer })[], limits: BudgetLimits): DnsUsage => {
  const domains = new Set<string>();
  const exceeded = new Map<LimitName, ReachedLimit>();
  let questions = 0;
  let misses = 0;
  let failures = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { answer, domain, startedMs, elapsedMs } of entries) {
    firstMs = Math.min(firstMs, startedMs);
    lastMs = Math.max(lastMs, startedMs + elapsedMs);
    const failure = answer.kind === 'failure' ? answer : null;
    if (failure?.failure === 'limit') exceeded.set(failure.limit.name, failure.limit);
    if (UNASKED.has(limitOf(answer))) continue;
    questions++;
    if (answer.source === 'network') misses++;
    if (failure !== null && !OWN_FAILURES.has(failure.failure)) failures++;
    if (domain !== null && failure?.failure !== 'badname') domains.add(domain);
  }
  return {
    questions: { used: questions, limit: limits.maxQuestions },
    misses: { used: misses, limit: limits.maxMisses },
    domains: { used: domains.size, limit: limits.maxDomains },
    failures: { used: failures, limit: limits.maxFailures },
    elapsedMs: { used: entries.length === 0 ? 0 : roundMs(lastMs - firstMs), limit: limits.maxElapsedMs },
    exceeded: [...exceeded.values()].sort((one, other) => compare(one.name, other.name)),
  };
};
