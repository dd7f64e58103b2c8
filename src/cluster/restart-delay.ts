/**
 * How long a replacement waits before it starts: not at all after a long life, and after short ones
 * a time that doubles each time, since nothing is gained by crashing faster.
 */

/** A process that lives for less has a short life. */
const SHORT_LIFE_MS = 10_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/** @param lifetimeMs of the process that ended @returns milliseconds until the next one starts */
export type RestartDelay = (lifetimeMs: number) => number;

/** The delays of one slot. */
export const createRestartDelay = (): RestartDelay => {
  let nextMs = FIRST_DELAY_MS;
  return (lifetimeMs) => {
    if (lifetimeMs >= SHORT_LIFE_MS) {
      nextMs = FIRST_DELAY_MS;
      return 0;
    }
    const delayMs = nextMs;
    nextMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    return delayMs;
  };
};
