/**
 * One verification: its clock, its deadline, its DNS budget, its caller and whoever watches it. All
 * questions of the run pass the budget; only what the caller asked for beside the verdict has a
 * budget of its own. After an abort nothing more is asked.
 */
import type { RequiredLevel } from '../../schemas/author.ts';
import type { OverlayRecord } from '../../schemas/dns.ts';
import type { IncludeWord } from '../../schemas/requests/verify.ts';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import { type Budget, withBudget } from '../dns/budget/budget.ts';
import type { BudgetLimits } from '../dns/budget/limits.ts';
import type { Lookup } from '../dns/lookup.ts';
import { parseOverlay, withOverlay } from '../dns/zone/overlay.ts';
import type { MessageLimits } from '../message/message.ts';
import { Fault } from './fault.ts';

/** What a caller may ask for beside the verdict itself. */
export type VerifyOptions = {
  include?: readonly IncludeWord[] | undefined;
  /** Unpublished records for this verification only. */
  overlay?: readonly OverlayRecord[] | undefined;
  /**
   * Names, `*.` wildcards, addresses and networks of own hosts: the Received fields that they wrote
   * are believed.
   */
  trustReceived?: string | readonly string[] | undefined;
  trustedAuthservIds?: readonly string[] | undefined;
  /** How well the author must be known; adds `decision` to the verdict. */
  require?: RequiredLevel | undefined;
  /** Ends the verification without a verdict. */
  signal?: AbortSignal | undefined;
};

/** The steps whose time is measured; `signatures` is DKIM and ARC. */
export type Step = 'spf' | 'signatures' | 'iprev' | 'dmarc' | 'bimi' | 'trace';

/**
 * Where a verification is: the step that began last, or that it ended. `read` comes before the
 * steps, `decide` after them.
 */
export type Progress = {
  /** The id of the verdict. */
  readonly id: string;
  /** Octets of the message. */
  readonly bytes: number;
  readonly step: Step | 'read' | 'decide' | 'end';
};

/** Receives the progress of a verification; called synchronously, must not throw. */
export type OnProgress = (progress: Progress) => void;

/** What a verifier is made of. */
export type VerifierParts = {
  lookup: Lookup;
  settings: VerdictSettings;
  messageLimits: MessageLimits;
  dnsLimits: BudgetLimits;
  clock: {
    /** Milliseconds since the epoch. */
    nowMs: () => number;
    /** Milliseconds that never go back. */
    monotonicMs: () => number;
  };
  newId: () => string;
  version: string;
  /** `replay`: the lookup is recorded evidence; questions are counted and not limited. */
  mode: 'enforce' | 'replay';
  /**
   * Receives the time of a step in milliseconds, for gauges; must not throw. Steps run in parallel:
   * the sum is larger than the whole.
   */
  onStep?: ((step: Step, elapsedMs: number) => void) | undefined;
  onProgress?: OnProgress | undefined;
};

/** A verification under way. */
export type Run = {
  /** The id of the verdict. */
  readonly id: string;
  readonly parts: VerifierParts;
  readonly options: VerifyOptions;
  /** When it began, in milliseconds since the epoch: the time that signatures are judged by. */
  readonly nowMs: number;
  /** On the clock that never goes back. */
  readonly deadlineMs: number;
  readonly budget: Budget;
  /** A separate budget: traces and reports must not use up the limits of the verdict. */
  readonly detailsBudget: Budget;
  /** True when the caller asked for it. */
  readonly includes: (word: IncludeWord) => boolean;
  readonly progress: (step: Progress['step']) => void;
  /** Runs a step and measures its time. */
  readonly timed: <Result>(step: Step, work: () => Promise<Result>) => Promise<Result>;
  readonly elapsedMs: () => number;
};

/**
 * Begins a verification.
 * @param bytes octets of the message
 * @throws Fault `invalid-overlay`
 */
export const beginRun = (parts: VerifierParts, bytes: number, options: VerifyOptions): Run => {
  const { clock, dnsLimits, mode } = parts;
  const id = parts.newId();
  const startedMs = clock.monotonicMs();
  const lookup = stoppable(overlaid(parts.lookup, options.overlay), options.signal);
  const progress: Run['progress'] = (step) => parts.onProgress?.({ id, bytes, step });
  return {
    id,
    parts,
    options,
    nowMs: clock.nowMs(),
    deadlineMs: startedMs + dnsLimits.maxElapsedMs,
    budget: withBudget(lookup, dnsLimits, clock.monotonicMs, mode),
    detailsBudget: withBudget(lookup, dnsLimits, clock.monotonicMs, mode),
    includes: (word) => options.include?.includes(word) === true,
    progress,
    timed: async (step, work) => {
      const stepStartedMs = clock.monotonicMs();
      progress(step);
      try {
        return await work();
      } finally {
        parts.onStep?.(step, clock.monotonicMs() - stepStartedMs);
      }
    },
    elapsedMs: () => clock.monotonicMs() - startedMs,
  };
};

const overlaid = (lookup: Lookup, records: readonly OverlayRecord[] | undefined): Lookup => {
  if (records === undefined || records.length === 0) return lookup;
  const parsed = parseOverlay(records, 'dns');
  if (!parsed.ok) throw new Fault('invalid-overlay', 'the records in "dns" cannot be used', parsed.errors);
  return withOverlay(parsed.overlay, lookup);
};

/** After an abort nothing more is asked: cache only. */
const stoppable =
  (lookup: Lookup, signal: AbortSignal | undefined): Lookup =>
  (question, deadlineMs) =>
    lookup(question, signal?.aborted ? Number.NEGATIVE_INFINITY : deadlineMs);
