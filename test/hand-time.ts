/**
 * Time that a test moves by hand: `setTimeout` and `setInterval` of this process fire when the test
 * lets time pass, however slow the machine is. Sockets, immediates and the timers inside node (idle
 * sockets, `node:timers/promises`) go on as ever. Begin it after what listens has started, since
 * that may wait for a timer.
 */
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The time of one test; the real one is back when the test ends. */
export type HandTime = {
  /** Monotonic milliseconds, from 0. */
  readonly clock: () => number;
  /** Fires every timer that is due within so many milliseconds. */
  readonly pass: (ms: number) => void;
  /** Gives the real time back before the test ends, as what closes a server may need it. */
  readonly end: () => void;
  /** Lets so many milliseconds pass in each turn of the event loop until `work` settles. */
  readonly passUntil: <Outcome>(work: Promise<Outcome>, ms: number) => Promise<Outcome>;
};

/** Begins it. */
export const handTime = (context: TestContext): HandTime => {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let nowMs = 0;
  const pass = (ms: number): void => {
    nowMs += ms;
    context.mock.timers.tick(ms);
  };
  return {
    clock: () => nowMs,
    pass,
    end: () => context.mock.timers.reset(),
    passUntil: async (work, ms) => {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      work.then(settle, settle);
      for (; !isSettled; pass(ms)) await nextTurn();
      return work;
    },
  };
};
