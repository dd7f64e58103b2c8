/**
 * One verification's ledger: every question once, with its answer, its source and its time, against limits. All names come from the sender, who
 * pays one message while we pay the questions (RFC 7208 section 11.1), so a limit that is reached answers `budget`, which ends as temperror and is
 * never cached. Never asks a server itself, never turns a refused question into "no record".
 */
import type { DnsLimit, DnsUsage, Evidence, RecordType } from '../../schemas/dns.ts';
import type { DnsSettings } from '../../schemas/dns-settings.ts';
import { byDeadline, type Clock } from './deadline.ts';
import type { Answer, Lookup } from './lookup.ts';
import { normalizeName, printableName, registeredDomain } from './name.ts';

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
};

/** A lookup that keeps a ledger. */
export type Budget = {
  readonly lookup: Lookup;
  /** The answered questions, sorted by name, then type; times count from the making of the budget. */
  readonly evidence: () => Evidence[];
  /** What was spent, and which limits refused a question. */
  readonly usage: () => DnsUsage;
};

/** The limits that the settings give to one verification. */
export const budgetLimits = (settings: DnsSettings): BudgetLimits => ({
  maxQuestions: settings.dnsMaxQuestions,
  maxMisses: settings.dnsMaxMisses,
  maxDomains: settings.dnsMaxDomains,
  maxFailures: settings.dnsMaxFailures,
  maxElapsedMs: settings.dnsMaxElapsedMs,
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
const OWN_FAILURES: ReadonlySet<string> = new Set(['badname', 'budget']);
/** Limits that refuse a question unasked; the others still ask memory. */
const UNASKED: ReadonlySet<DnsLimit | undefined> = new Set<DnsLimit | undefined>(['questions', 'domains']);

const refused = (limit: DnsLimit): Answer => ({ kind: 'failure', failure: 'budget', limit, source: 'local' });
const roundMs = (ms: number): number => Math.round(ms * 100) / 100;

/**
 * Lays a ledger with limits around a lookup.
 * @param mode `replay`: the lookup is recorded evidence. It is told, not limited: the record already holds which questions were refused, and the order
 *   of concurrent questions may differ from the first time. Evidence and usage then come out as recorded
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

  /** The limit that lets this question reach memory only, if any. One that is awaited may yet be a miss. */
  const exhausted = (): DnsLimit | null => {
    if (clock() >= phaseEndMs) return 'time';
    if (failures >= limits.maxFailures) return 'failures';
    return misses + awaited >= limits.maxMisses ? 'misses' : null;
  };

  const enforce = async (name: string, domain: string, type: RecordType, deadlineMs: number): Promise<Answer> => {
    if (questions >= limits.maxQuestions) return refused('questions');
    if (!domains.has(domain) && domains.size >= limits.maxDomains) return refused('domains');
    questions++;
    domains.add(domain);
    if (phaseEndMs === Number.POSITIVE_INFINITY) phaseEndMs = clock() + limits.maxElapsedMs;
    const limit = exhausted();
    if (limit !== null) {
      const held = await next({ name, type }, Number.NEGATIVE_INFINITY);
      return held.kind === 'failure' && held.source === 'local' && held.failure === 'timeout' ? refused(limit) : held;
    }
    awaited++;
    const answer = await next({ name, type }, Math.min(deadlineMs, phaseEndMs));
    awaited--;
    if (answer.source === 'network') misses++;
    if (answer.kind === 'failure' && !OWN_FAILURES.has(answer.failure)) failures++;
    return answer.kind === 'failure' && answer.failure === 'timeout' && clock() >= phaseEndMs
      ? refused('time')
      : answer;
  };

  const lookup: Lookup = (question, deadlineMs) => {
    const name = normalizeName(question.name);
    const shown = name ?? printableName(question.name);
    // The mark keeps a name that was cut apart from a good name of the same look.
    const key = name === null ? `!${question.type}:${shown}` : `${question.type}:${name}`;
    const held = ledger.get(key);
    if (held !== undefined)
      return held.answer === null && deadlineMs < held.deadlineMs
        ? byDeadline(held.flight, deadlineMs, clock)
        : held.flight;
    // Refused questions are told too, but the ledger itself stays bounded.
    if (ledger.size >= 2 * limits.maxQuestions) return Promise.resolve(refused('questions'));
    const askedMs = clock();
    const domain = name === null ? null : registeredDomain(name);
    const flight = (
      mode === 'replay'
        ? next({ name: name ?? question.name, type: question.type }, deadlineMs)
        : name === null || domain === null
          ? Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' })
          : enforce(name, domain, question.type, deadlineMs)
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
    lookup,
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
    ...(answer.kind === 'failure' ? { failure: answer.failure } : { ttlSeconds: answer.ttlSeconds }),
    ...(answer.kind === 'failure' && answer.limit !== undefined ? { limit: answer.limit } : {}),
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
  const exceeded = new Set<DnsLimit>();
  let questions = 0;
  let misses = 0;
  let failures = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { answer, domain, startedMs, elapsedMs } of entries) {
    firstMs = Math.min(firstMs, startedMs);
    lastMs = Math.max(lastMs, startedMs + elapsedMs);
    const failure = answer.kind === 'failure' ? answer : null;
    if (failure?.limit !== undefined) exceeded.add(failure.limit);
    if (UNASKED.has(failure?.limit)) continue;
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
    exceeded: [...exceeded].sort(compare),
  };
};
