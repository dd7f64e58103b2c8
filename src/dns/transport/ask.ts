/**
 * The contract of the layers between the cache and the wire: a question, and its answer delivered
 * by one call. They are many and thin; a promise for each, with the turns it takes and the closures
 * it keeps alive, cost more CPU than the work they do. The cache makes the one promise of a flight,
 * which all who wait for it share.
 */
import type { Answer, Question } from '../lookup.ts';
import type { Server } from './servers.ts';

/** Takes the answer, once. */
export type OnAnswer<Result = Answer> = (answer: Result) => void;

/**
 * Asks one question; never throws.
 * @param question its name normalized
 * @param deadlineMs on the clock, as for a `Lookup`
 * @param onAnswer called once; within the call itself where no server is asked
 * @param first the server to begin with
 */
export type Ask<Result = Answer> = (
  question: Question,
  deadlineMs: number,
  onAnswer: OnAnswer<Result>,
  first?: Server,
) => void;
