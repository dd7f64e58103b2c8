/**
 * Runs tasks within two limits: how many run at one time, and how long a caller waits for each. An
 * abandoned task is asked to stop and still counts until it ends, because it still uses CPU and
 * memory. Knows nothing of messages.
 */

/** Tasks that count against the same limit. */
export type LimitedRuns = {
  /**
   * Runs a task, or refuses it when too many run.
   * @param task gets a signal that fires when nobody waits for its result any more
   * @param callerSignal fires when the caller went away
   * @returns the result of the task, or which limit was reached
   * @throws what the task throws; the reason of `callerSignal` when the caller went away
   */
  run<T>(
    task: (signal: AbortSignal) => Promise<T>,
    callerSignal?: AbortSignal,
  ): Promise<T | 'service-full' | 'too-slow'>;
  /** Tasks that have not ended, abandoned ones included. */
  running(): number;
};

/** Makes the limits. @param deadlineMs milliseconds in which a task must have ended */
export const createLimitedRuns = (maxRunning: number, deadlineMs: number): LimitedRuns => {
  let running = 0;

  const counted = async <T>(task: () => Promise<T>): Promise<T> => {
    running += 1;
    try {
      return await task();
    } finally {
      running -= 1;
    }
  };

  return {
    run: async (task, callerSignal) => {
      callerSignal?.throwIfAborted();
      if (running >= maxRunning) return 'service-full';
      const work = new AbortController();
      const ended = Promise.withResolvers<'too-slow'>();
      // The task is aborted only when it is abandoned: an abort makes an error with a stack, which
      // costs as much as a DNS lookup.
      const timer = setTimeout(() => {
        ended.resolve('too-slow');
        work.abort();
      }, deadlineMs);
      const onCallerGone = (): void => {
        ended.reject(callerSignal?.reason);
        work.abort();
      };
      callerSignal?.addEventListener('abort', onCallerGone, { once: true });
      try {
        return await Promise.race([counted(() => task(work.signal)), ended.promise]);
      } finally {
        clearTimeout(timer);
        callerSignal?.removeEventListener('abort', onCallerGone);
      }
    },
    running: () => running,
  };
};
