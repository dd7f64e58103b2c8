/**
 * How long an answer may be cached: TTLs within bounds (RFC 8767), negatives (RFC 2308), and
 * failures, which are cached for seconds, longer with each in a row (RFC 9520). Caches nothing
 * itself.
 */
import type { CachedAnswer } from './answer-store.ts';
import type { Answer, Question } from './lookup.ts';
import type { RandomNumbers } from './transport/random.ts';

/** Bounds of the time for which answers are cached. */
export type LifetimeBounds = {
  readonly minTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly maxNegativeTtlSeconds: number;
  readonly failureTtlSeconds: number;
  readonly maxFailureTtlSeconds: number;
};

/** Time for which "no server could be reached" is cached: it speaks of us, not of the name. */
const UNREACHABLE_TTL_SECONDS = 1;
/** RFC 9520: a failure is cached for at least a second and at most five minutes. */
const MIN_FAILURE_TTL_SECONDS = 1;
const MAX_FAILURE_TTL_SECONDS = 300;

/**
 * Makes the function that turns an answer into a cache entry with its lifetime.
 * @returns given the cached failure of the question; null for an answer that is not to be
 * cached, else the answer with its TTL clamped
 */
export const lifetimes = (bounds: LifetimeBounds, random: RandomNumbers) => {
  /** Failures in a row that are not long past. */
  const failuresBefore = (before: CachedAnswer | undefined, nowMs: number): number =>
    before !== undefined && nowMs < before.expiresAtMs + bounds.maxFailureTtlSeconds * 1000 ? before.failuresInRow : 0;

  /**
   * Doubles with each failure in a row, with 10 % jitter either way so that names do not come due
   * at once (RFC 9520).
   */
  const backOffSeconds = (failuresInRow: number): number => {
    const seconds = bounds.failureTtlSeconds * 2 ** Math.min(failuresInRow - 1, 16);
    const jittered = Math.min(seconds, bounds.maxFailureTtlSeconds) * (0.9 + random.below(2001) / 10_000);
    return Math.min(Math.max(jittered, MIN_FAILURE_TTL_SECONDS), MAX_FAILURE_TTL_SECONDS);
  };

  return ({ type }: Question, answer: Answer, before: CachedAnswer | undefined, nowMs: number): CachedAnswer | null => {
    if (answer.source !== 'network') return null;
    if (answer.kind === 'failure') {
      const failuresInRow = failuresBefore(before, nowMs) + 1;
      const ttlSeconds = answer.failure === 'network' ? UNREACHABLE_TTL_SECONDS : backOffSeconds(failuresInRow);
      return { ...UNUSED, type, answer, expiresAtMs: expiry(nowMs, ttlSeconds), ttlSeconds, failuresInRow };
    }
    const longest = answer.kind === 'records' ? bounds.maxTtlSeconds : bounds.maxNegativeTtlSeconds;
    const ttlSeconds = Math.max(bounds.minTtlSeconds, Math.min(answer.ttlSeconds, longest));
    const clamped = ttlSeconds === answer.ttlSeconds ? answer : { ...answer, ttlSeconds };
    return { ...UNUSED, type, answer: clamped, expiresAtMs: expiry(nowMs, ttlSeconds), ttlSeconds, failuresInRow: 0 };
  };
};

/** What an entry begins with. */
const UNUSED = { hits: 0, staleUntilMs: 0, next: undefined };

/** A whole number: a fraction is an object of its own in memory, one for each entry. */
const expiry = (nowMs: number, ttlSeconds: number): number => Math.round(nowMs + ttlSeconds * 1000);
