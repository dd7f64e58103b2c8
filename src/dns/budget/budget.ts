/**
 * The budget of one verification: each question is asked once and recorded with its answer, its
 * source and its time, within limits. A limit that is reached is an answer too; never asks a server
 * itself, never turns a refused question into "no record".
 */
import type { DnsUsage, Evidence, RecordType } from '../../../schemas/dns.ts';
import type { LimitName } from '../../../schemas/limit.ts';
import { byDeadline, type Clock } from '../deadline.ts';
import type { Answer, Lookup, Question } from '../lookup.ts';
import { normalizeName, printableName } from '../name.ts';
import { registeredDomain } from '../public-suffix.ts';
import { type Answered, evidenceOf, limitOf, roundMs, usageOf } from './evidence.ts';
import type { BudgetLimits } from './limits.ts';
import { Spending } from './spending.ts';

/** A lookup that records every question. */
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
 * `replay`: the lookup is recorded evidence. It is counted, not limited: the record already says
 * which questions were refused, and the order of concurrent questions may differ from the first
 * time. Evidence and usage then come out as recorded.
 */
type BudgetMode = 'enforce' | 'replay';

/**
 * Adds a budget to a lookup.
 * @default mode enforce
 */
export const withBudget = (next: Lookup, limits: BudgetLimits, clock: Clock, mode: BudgetMode = 'enforce'): Budget => {
  const ledger = new Ledger(next, limits, clock, mode);
  return {
    lookup: (question, deadlineMs) => ledger.ask(question, deadlineMs, false),
    policyLookup: (question, deadlineMs) => ledger.ask(question, deadlineMs, true),
    evidence: () => evidenceOf(ledger.answered()),
    usage: () => usageOf(ledger.answered(), limits),
  };
};

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

/** Limits that an author's policy does not hang on. */
const SPENT_BY_OTHERS: ReadonlySet<LimitName | undefined> = new Set<LimitName | undefined>([
  'questions',
  'domains',
  'misses',
  'failures',
]);

const BAD_NAME: Answer = Object.freeze({ kind: 'failure', failure: 'badname', source: 'local' });

/** The questions of one verification, each once. */
class Ledger {
  private readonly next: Lookup;
  private readonly limits: BudgetLimits;
  private readonly clock: Clock;
  private readonly mode: BudgetMode;
  private readonly spending: Spending;
  private readonly entries = new Map<string, LedgerEntry>();
  private readonly madeMs: number;

  constructor(next: Lookup, limits: BudgetLimits, clock: Clock, mode: BudgetMode) {
    this.next = next;
    this.limits = limits;
    this.clock = clock;
    this.mode = mode;
    this.spending = new Spending(next, limits, clock);
    this.madeMs = clock();
  }

  ask(question: Question, deadlineMs: number, forPolicy: boolean): Promise<Answer> {
    const name = normalizeName(question.name);
    // The mark keeps a name that was cut apart from a good name of the same look.
    const key = name === null ? `!${question.type}:${printableName(question.name)}` : `${question.type}:${name}`;
    const known = this.entries.get(key);
    if (known !== undefined && !(forPolicy && this.isSpentByOthers(known.answer))) {
      const waited =
        known.answer === null && deadlineMs < known.deadlineMs
          ? byDeadline(known.flight, deadlineMs, this.clock)
          : known.flight;
      return forPolicy
        ? waited.then((answer) => (this.isSpentByOthers(answer) ? this.ask(question, deadlineMs, true) : answer))
        : waited;
    }
    // Refused questions are listed too, but the ledger itself stays bounded.
    if (!forPolicy && this.entries.size >= 2 * this.limits.maxQuestions)
      return Promise.resolve(this.spending.refused('questions'));
    const entry = this.open(question, name, deadlineMs, forPolicy);
    this.entries.set(key, entry);
    return entry.flight;
  }

  /** The questions that have their answer. */
  answered(): Answered[] {
    return [...this.entries.values()].filter((entry): entry is LedgerEntry & Answered => entry.answer !== null);
  }

  /** True for an answer that other names of the message are to blame for. */
  private isSpentByOthers(answer: Answer | null): boolean {
    return this.mode === 'enforce' && SPENT_BY_OTHERS.has(limitOf(answer));
  }

  private open(question: Question, name: string | null, deadlineMs: number, forPolicy: boolean): LedgerEntry {
    const askedMs = this.clock();
    const domain = name === null ? null : registeredDomain(name);
    const { type } = question;
    const answering =
      this.mode === 'replay'
        ? this.next({ name: name ?? question.name, type }, deadlineMs)
        : name === null || domain === null
          ? Promise.resolve(BAD_NAME)
          : this.spending.ask({ name, type }, domain, deadlineMs, forPolicy);
    const flight = answering.then((answer) => {
      entry.startedMs = answer.recorded?.startedMs ?? roundMs(askedMs - this.madeMs);
      entry.elapsedMs = answer.recorded?.elapsedMs ?? roundMs(this.clock() - askedMs);
      entry.answer = answer;
      return answer;
    });
    const entry: LedgerEntry = {
      name: name ?? printableName(question.name),
      type,
      domain,
      deadlineMs,
      flight,
      startedMs: 0,
      elapsedMs: 0,
      answer: null,
    };
    return entry;
  }
}
