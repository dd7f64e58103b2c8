/**
 * Notices when the event loop is blocked, and reports what was being judged then: work on one
 * message or domain that takes too long delays every other. Knows ids, sizes, names of steps and
 * the domains that are assessed, never the content of a message. Costs a few assignments for each
 * step of a verification.
 */
import { randomUUID } from 'node:crypto';
import type { OnProgress, Progress } from '../verdict/run.ts';

/**
 * A longer pause is reported. Half of it would still be noise on a busy machine; at a second, mail
 * servers begin to wait.
 */
export const STANDSTILL_MS = 200;
/** Time between two looks: a pause is known to within this. */
export const LOOK_MS = 50;
/** Most verifications that are named, the largest first since the work grows with the size. */
const MAX_NAMED = 5;
/** Longest domain name that is logged (RFC 1035 section 2.3.4). */
const MAX_DOMAIN_LENGTH = 255;

/** An assessment of a domain under way. */
type Assessment = { readonly id: string /** As the caller wrote it. */; readonly domain: string };

/** One pause. */
export type Standstill = {
  /** How long nothing else could run, at least, in milliseconds. */
  readonly elapsedMs: number;
  /**
   * CPU time of the process meanwhile, in milliseconds. Far less than the pause: the machine gave
   * the process no time.
   */
  readonly cpuMs: number;
  /** Verifications under way then, the largest first, at most five. */
  readonly during: readonly Progress[];
  /** Assessments of domains under way then, the oldest first, at most five. */
  readonly assessments: readonly Assessment[];
};

/** What the watchdog depends on. */
type Dependencies = {
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  /** CPU time of the process in milliseconds. */
  readonly cpuMs: () => number;
  /** Calls again and again, with a pause between. @returns ends it */
  readonly every: (ms: number, look: () => void) => () => void;
  readonly newId: () => string;
  readonly onStandstill: (standstill: Standstill) => void;
};

/** A running watchdog. */
type Watchdog = {
  readonly onProgress: OnProgress;
  /** Runs an assessment of a domain; changes neither outcome nor error. */
  readonly assessing: <Outcome>(domain: string, assess: () => Promise<Outcome>) => Promise<Outcome>;
  readonly close: () => void;
};

/** Work under way, and work that ended since the last look. */
class WorkInProgress<Work extends { readonly id: string }> {
  private readonly underWay = new Map<string, Work>();
  // Work that blocked the loop has often ended by the time the watchdog gets its turn.
  private ended: Work[] = [];

  set(work: Work): void {
    this.underWay.set(work.id, work);
  }

  end(id: string): void {
    const work = this.underWay.get(id);
    if (work !== undefined) this.ended.push(work);
    this.underWay.delete(id);
  }

  all(): Work[] {
    return [...this.underWay.values(), ...this.ended];
  }

  forgetEnded(): void {
    this.ended = [];
  }
}

/** Starts to watch. */
export const watchEventLoop = ({ nowMs, cpuMs, every, newId, onStandstill }: Dependencies): Watchdog => {
  const verifications = new WorkInProgress<Progress>();
  const assessments = new WorkInProgress<Assessment>();
  let lastMs = nowMs();
  let lastCpuMs = cpuMs();
  const look = (): void => {
    const [now, cpu] = [nowMs(), cpuMs()];
    const elapsedMs = now - lastMs - LOOK_MS;
    if (elapsedMs > STANDSTILL_MS)
      onStandstill({
        elapsedMs: Math.round(elapsedMs),
        cpuMs: Math.round(cpu - lastCpuMs),
        during: verifications
          .all()
          .sort((one, other) => other.bytes - one.bytes)
          .slice(0, MAX_NAMED),
        assessments: assessments.all().slice(0, MAX_NAMED),
      });
    lastMs = now;
    lastCpuMs = cpu;
    verifications.forgetEnded();
    assessments.forgetEnded();
  };
  return {
    onProgress: (progress) => {
      if (progress.step === 'end') verifications.end(progress.id);
      else verifications.set(progress);
    },
    assessing: async (domain, assess) => {
      const id = newId();
      assessments.set({ id, domain: domain.slice(0, MAX_DOMAIN_LENGTH) });
      try {
        return await assess();
      } finally {
        assessments.end(id);
      }
    },
    close: every(LOOK_MS, look),
  };
};

/** The watchdog of this process. */
export const watchThisProcess = (onStandstill: Dependencies['onStandstill']): Watchdog =>
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
    newId: randomUUID,
    onStandstill,
  });
