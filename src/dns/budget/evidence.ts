/**
 * What a verification asked, as it is reported: the evidence, one entry for each question, and the
 * usage of the limits, which is counted again from the answers so that a replay comes to the same.
 */
import type { DnsUsage, Evidence, RecordType } from '../../../schemas/dns.ts';
import type { LimitName, ReachedLimit } from '../../../schemas/limit.ts';
import { failureOf } from '../failure.ts';
import type { Answer } from '../lookup.ts';
import type { BudgetLimits } from './limits.ts';
import { OWN_FAILURES } from './spending.ts';

/** A question with its answer. Times count from the making of the budget. */
export type Answered = {
  readonly name: string;
  readonly type: RecordType;
  /** Registered domain of the name; null for a name that cannot be asked for. */
  readonly domain: string | null;
  readonly startedMs: number;
  readonly elapsedMs: number;
  readonly answer: Answer;
};

/** Limits that refuse a question unasked; the others still ask the cache. */
const UNASKED: ReadonlySet<LimitName | undefined> = new Set<LimitName | undefined>(['questions', 'domains']);

/** The limit that refused a question; undefined where none did. */
export const limitOf = (answer: Answer | null): LimitName | undefined =>
  answer?.kind === 'failure' && answer.failure === 'limit' ? answer.limit.name : undefined;

/** Milliseconds as they are reported. */
export const roundMs = (ms: number): number => Math.round(ms * 100) / 100;

/** The evidence, sorted by name, then type. */
export const evidenceOf = (questions: readonly Answered[]): Evidence[] => questions.map(entryOf).sort(byNameThenType);

const entryOf = ({ name, type, answer, startedMs, elapsedMs }: Answered): Evidence => ({
  name,
  type,
  outcome: answer.kind,
  ...(answer.kind === 'records' ? { records: [...answer.records] } : {}),
  ...(answer.kind === 'failure' ? failureOf(answer) : { ttlSeconds: answer.ttlSeconds }),
  ...(answer.rcode === undefined ? {} : { rcode: answer.rcode }),
  authenticated: answer.kind !== 'failure' && answer.authenticated,
  source: answer.source,
  startedMs,
  elapsedMs,
});

const byNameThenType = (one: Evidence, other: Evidence): number =>
  one.name === other.name ? compare(one.type, other.type) : compare(one.name, other.name);
const compare = (one: string, other: string): number => (one < other ? -1 : 1);

/** What was spent, and which limits refused a question. */
export const usageOf = (entries: readonly Answered[], limits: BudgetLimits): DnsUsage => {
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
