/**
 * The contract of this room: one question, one answer. Cache, zone, overlay and budget are all a
 * `Lookup`, so each is a layer over another; what lies between the cache and the wire answers by
 * callback (ask.ts). Never throws and never turns a failure into "no record": what went wrong is an
 * answer of kind `failure`. RFC 1035 (questions), RFC 2308 (NODATA and NXDOMAIN are two different
 * negatives), RFC 9520 (failures).
 */
import type { AnswerSource, RecordData, RecordType } from '../../schemas/dns.ts';
import type { Failure } from './failure.ts';

/**
 * One question. `name` is as it came (any case, an optional last dot); layers compare names through
 * `normalizeName`. Class is always IN.
 */
export type Question = { readonly name: string; readonly type: RecordType };

type Common = {
  /** Where this answer came from. */
  readonly source: AnswerSource;
  /** RCODE of the reply; absent where no reply was had. */
  readonly rcode?: number;
  /**
   * Only on an answer out of recorded evidence: when it was asked and how long it took at the time,
   * in milliseconds.
   */
  readonly recorded?: { readonly startedMs: number; readonly elapsedMs: number };
};

/**
 * What is known after a question. A closed union: `switch` over `kind` ends in `satisfies never`.
 */
export type Answer =
  | (Common & {
      readonly kind: 'records';
      /** At least one; frozen, so that a cache can hand out the same array. */
      readonly records: readonly RecordData[];
      /** Seconds that remain, after clamping. */
      readonly ttlSeconds: number;
      /**
       * AD bit of a trusted server. Reported and used for DANE, never to turn a fail into a pass.
       */
      readonly authenticated: boolean;
    })
  | (Common & {
      readonly kind: 'nodata' | 'nxdomain';
      readonly ttlSeconds: number;
      readonly authenticated: boolean;
    })
  | (Common & { readonly kind: 'failure' } & Failure);

/**
 * Asks one question.
 * @param deadlineMs the moment, on the monotonic clock (`performance.now()`), by which the answer
 * is wanted; a failure `timeout` is due by then. A moment that has passed asks the cache
 * alone: nothing goes out to a server
 * @returns never rejects
 */
export type Lookup = (question: Question, deadlineMs: number) => Promise<Answer>;
