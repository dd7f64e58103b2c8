/**
 * A flight that several wait for, and a waiter with a deadline of its own: the waiter leaves with
 * `timeout`, the flight goes on for the others. Never cancels the flight.
 */
import type { Answer } from './lookup.ts';

/** Milliseconds of a monotonic clock, as `performance.now()`. */
export type Clock = () => number;

/** Longest delay of a timer; Node fires longer ones at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** What a question gets whose moment passed without a reply being asked for or waited out here. */
export const TIMEOUT: Answer = Object.freeze({ kind: 'failure', failure: 'timeout', source: 'local' });

/**
 * Calls back once every reply is judged that lay in a socket when a timer fired: after a blocked
 * event loop timers fire first. The sockets are read in the turn of the loop that follows and
 * judged at its end, after what was put there before them; so two turns pass.
 */
export const afterReplies = (callback: () => void): void => {
  setImmediate(() => setImmediate(callback));
};

/**
 * Waits for a flight until a deadline.
 * @param deadlineMs on the clock; a moment more than 24 days away waits for the flight itself
 * @returns the flight's answer, or {@link TIMEOUT}; never rejects if the flight does not
 */
export const byDeadline = (flight: Promise<Answer>, deadlineMs: number, clock: Clock): Promise<Answer> => {
  const remainingMs = deadlineMs - clock();
  if (remainingMs > MAX_TIMER_MS) return flight;
  return new Promise((resolve) => {
    const timer = setTimeout(() => afterReplies(() => resolve(TIMEOUT)), Math.max(0, remainingMs));
    flight.then((answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
};
