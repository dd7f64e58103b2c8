/**
 * Closes the listeners of workers that end: at once where other workers go on, and those of all in
 * the same moment when no client comes any more. Not done in the worker, whose message would cross
 * with a connection on its way there: node sends that one to another worker, and loses it when
 * there is none. From here the connection arrives before the end.
 */
import type { WorkerProcess } from './worker-process.ts';

/**
 * No worker has reported a change for so long: clients that were in the kernel's queue when all
 * were quiet have been handed to a worker, and it has reported them.
 */
export const SETTLE_MS = 100;

/** A worker, as far as its listeners are closed. */
type Closable = Pick<WorkerProcess, 'isListening' | 'disconnect' | 'wasDisconnected'>;

/** The closing of the listeners of one service. */
type ListenerClosing<Worker extends Closable> = {
  /** A worker wants its listeners closed. @param isQuiet whether clients come no longer */
  readonly request: (worker: Worker, isQuiet: boolean) => void;
  /** Looks again once nothing was reported for a while. */
  readonly settle: () => void;
};

/**
 * @param workers those that run now
 * @param isEnding whether the whole service ends
 */
export const createListenerClosing = <Worker extends Closable>(
  workers: ReadonlySet<Worker>,
  isEnding: () => boolean,
): ListenerClosing<Worker> => {
  const quiet = new WeakMap<Worker, boolean>();
  const close = (): void => {
    const listening = [...workers].filter(({ isListening }) => isListening);
    const areLast = isEnding() || listening.every((worker) => quiet.has(worker));
    if (areLast && listening.some((worker) => quiet.get(worker) !== true)) return;
    for (const worker of workers) {
      if (!quiet.has(worker) || worker.wasDisconnected()) continue;
      quiet.set(worker, true);
      worker.disconnect();
    }
  };
  let settling: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(settling);
    // An immediate: the turn after the timer accepts what waits in the kernel.
    settling = setTimeout(() => setImmediate(close), SETTLE_MS);
  };
  return {
    request: (worker, isQuiet) => {
      // What is reported after the end changes nothing.
      if (worker.wasDisconnected() || !workers.has(worker)) return;
      quiet.set(worker, isQuiet);
      settle();
    },
    settle,
  };
};
