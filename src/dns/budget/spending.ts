/**
 * What one verification has spent of its limits. Every question passes here on its way to the
 * cache; one that is over a limit answers the failure `limit`, which names it and is never cached.
 */
import type { AnswerSource } from '../../../schemas/dns.ts';
import { type LimitName, reached } from '../../../schemas/limit.ts';
import type { Clock } from '../deadline.ts';
import type { Answer, Lookup, Question } from '../lookup.ts';
import type { BudgetLimits } from './limits.ts';

/** Failures that say nothing of a server: they do not count against the limit on failures. */
export const OWN_FAILURES: ReadonlySet<string> = new Set(['badname', 'limit']);

/** The counters of one verification. */
export class Spending {
  private readonly next: Lookup;
  private readonly limits: BudgetLimits;
  private readonly clock: Clock;
  private readonly domains = new Set<string>();
  private phaseEndMs = Number.POSITIVE_INFINITY;
  private questions = 0;
  private misses = 0;
  private failures = 0;
  private inFlight = 0;

  constructor(next: Lookup, limits: BudgetLimits, clock: Clock) {
    this.next = next;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Asks within the limits.
   * @param domain registered domain of the name
   * @param forPolicy limited by time only
   */
  async ask(question: Question, domain: string, deadlineMs: number, forPolicy: boolean): Promise<Answer> {
    const { limits, domains, clock } = this;
    if (!forPolicy && this.questions >= limits.maxQuestions) return this.refused('questions');
    if (!forPolicy && !domains.has(domain) && domains.size >= limits.maxDomains) return this.refused('domains');
    this.questions++;
    domains.add(domain);
    if (this.phaseEndMs === Number.POSITIVE_INFINITY) this.phaseEndMs = clock() + limits.maxElapsedMs;
    const limit = this.exhausted(forPolicy);
    if (limit !== null) {
      const cached = await this.next(question, Number.NEGATIVE_INFINITY);
      const isMiss = cached.kind === 'failure' && cached.source === 'local' && cached.failure === 'timeout';
      return isMiss ? this.refused(limit) : this.usable(cached);
    }
    this.inFlight++;
    const answer = await this.next(question, Math.min(deadlineMs, this.phaseEndMs));
    this.inFlight--;
    if (answer.source === 'network') this.misses++;
    if (answer.kind === 'failure' && !OWN_FAILURES.has(answer.failure)) this.failures++;
    // The deadline of a caller is the end of the same time, counted from a moment before the first
    // question.
    const isOver =
      answer.kind === 'failure' && answer.failure === 'timeout' && clock() >= Math.min(deadlineMs, this.phaseEndMs);
    return isOver ? this.refused('time') : this.usable(answer);
  }

  /** The answer of a question that a limit refuses. */
  refused(name: LimitName, source: AnswerSource = 'local'): Answer {
    const limit = reached(name, this.valueOf(name), this.limits.settings?.[name]);
    return { kind: 'failure', failure: 'limit', limit, source };
  }

  private valueOf(name: LimitName): number {
    const { limits } = this;
    switch (name) {
      case 'questions':
        return limits.maxQuestions;
      case 'domains':
        return limits.maxDomains;
      case 'misses':
        return limits.maxMisses;
      case 'failures':
        return limits.maxFailures;
      case 'time':
        return limits.maxElapsedMs;
      case 'records':
        return limits.maxRecords;
      case 'text-bytes':
        return limits.maxTextBytes;
      default:
        return 0;
    }
  }

  /**
   * The limit that lets this question reach the cache only, if any. One that is in flight may yet
   * be a miss.
   */
  private exhausted(forPolicy: boolean): LimitName | null {
    const { limits } = this;
    if (this.clock() >= this.phaseEndMs) return 'time';
    if (forPolicy) return null;
    if (this.failures >= limits.maxFailures) return 'failures';
    return this.misses + this.inFlight >= limits.maxMisses ? 'misses' : null;
  }

  /**
   * An answer as far as it is used. TXT is bounded by octets alone: real domains publish dozens of
   * records at one name.
   */
  private usable(answer: Answer): Answer {
    const { limits } = this;
    if (answer.kind !== 'records') return answer;
    if (!Array.isArray(answer.records[0]))
      return answer.records.length > limits.maxRecords ? this.refused('records', answer.source) : answer;
    let textBytes = 0;
    for (const strings of answer.records) {
      if (Array.isArray(strings)) for (const string of strings) textBytes += string.length;
    }
    return textBytes > limits.maxTextBytes ? this.refused('text-bytes', answer.source) : answer;
  }
}
