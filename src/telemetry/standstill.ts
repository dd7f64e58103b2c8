/**
 * Notices when the event loop stands still, and reports what was being judged then: work on one
 * message that takes too long holds up every other. Knows ids, sizes and names of steps, never what
 * a message holds. Costs a few assignments for each step of a verification.
 */
import type { OnProgress, Progress } from '../verdict/run.ts';

/**
 * A longer pause is reported. Half of it would still be noise on a busy machine; at a second, mail
 * servers begin to wait.
 */
export const STANDSTILL_MS = 200;
/** Time between two looks: a pause is known to within this. */
export const LOOK_MS = 50;
/** Most verifications that are named, the largest first: the work grows with the size. */
const MAX_NAMED = 5;

/** One pause. */
export type Standstill = {
  /** How long nothing else could run, at least, in milliseconds. */
  readonly elapsedMs: number;
  /**
   * CPU time of the process meanwhile, in milliseconds. Far less than the pause: the machine gave
   * the process no time.
   */
  readonly cpuMs: number;
  /**
   * What was under way then, the largest first, at most five; empty: it was something else than a
   * verification.
   */
  readonly during: readonly Progress[];
};

/** What the watchdog works with. */
type WatchdogParts = {
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  /** CPU time of the process in milliseconds. */
  readonly cpuMs: () => number;
  /** Calls again and again, with a pause between. @returns ends it */
  readonly every: (ms: number, look: () => void) => () => void;
  readonly onStandstill: (standstill: Standstill) => void;
};

/** A running watchdog. */
type Watchdog = { readonly onProgress: OnProgress; readonly close: () => void };

/** Starts to watch. */
export const watchEventLoop = ({ nowMs, cpuMs, every, onStandstill }: WatchdogParts): Watchdog => {
  const underWay = new Map<string, Progress>();
  // A verification that blocked the loop has often ended by the time the watchdog gets its turn.
  let ended: Progress[] = [];
  let lastMs = nowMs();
  let lastCpuMs = cpuMs();
  const look = (): void => {
    const [now, cpu] = [nowMs(), cpuMs()];
    const elapsedMs = now - lastMs - LOOK_MS;
    if (elapsedMs > STANDSTILL_MS) {
      const during = [...underWay.values(), ...ended].sort((one, other) => other.bytes - one.bytes).slice(0, MAX_NAMED);
      onStandstill({ elapsedMs: Math.round(elapsedMs), cpuMs: Math.round(cpu - lastCpuMs), during });
    }
    lastMs = now;
    lastCpuMs = cpu;
    ended = [];
  };
  return {
    onProgress: (progress) => {
      if (progress.step !== 'end') underWay.set(progress.id, progress);
      else {
        const last = underWay.get(progress.id);
        if (last !== undefined) ended.push(last);
        underWay.delete(progress.id);
      }
    },
    close: every(LOOK_MS, look),
  };
};

/** The watchdog of this process. */
export const watchThisProcess = (onStandstill: WatchdogParts['onStandstill']): Watchdog =>
  watchEventLoop({
    nowMs: () => performance.now(),
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    every: (ms, look) => {
      const timer = setInterval(look, ms).unref();
      return () => clearInterval(timer);
    },
    onStandstill,
  });
