/**
 * A verifier that reports its work: how many verifications run, each verdict, each end without
 * one. Changes neither outcome nor error.
 */
import type { Verdict } from '../../schemas/verdict.ts';
import type { QuestionEvent } from '../dns/resolver.ts';
import { Fault } from './fault.ts';
import type { OnProgress, Step } from './run.ts';
import type { Verify } from './verify.ts';

/** Receives events; called synchronously, must not throw. */
type VerifyWatcher = {
  onRunning: (running: number) => void;
  onVerdict: (verdict: Verdict) => void;
  /** @param code the code of the fault, `internal` for what should not happen */
  onFailure: (code: string) => void;
};

/**
 * Receives events, for gauges and the log; each is called synchronously and must not
 * throw.
 */
export type Watcher = {
  onQuestion: (event: QuestionEvent) => void;
  onStep: (step: Step, elapsedMs: number) => void;
  onProgress?: OnProgress;
  verify: VerifyWatcher;
};

/** Nobody watches. */
export const UNWATCHED: Watcher = {
  onQuestion: () => undefined,
  onStep: () => undefined,
  verify: { onRunning: () => undefined, onVerdict: () => undefined, onFailure: () => undefined },
};

/** Tells a watcher what a verifier does. */
export const observed = (verify: Verify, watcher: VerifyWatcher): Verify => {
  let running = 0;
  return async (message, facts, options) => {
    watcher.onRunning(++running);
    try {
      const verdict = await verify(message, facts, options);
      watcher.onVerdict(verdict);
      return verdict;
    } catch (cause) {
      watcher.onFailure(cause instanceof Fault ? cause.code : 'internal');
      throw cause;
    } finally {
      watcher.onRunning(--running);
    }
  };
};
