/**
 * The cache as a lookup: gives out what it holds, asks once for what many want, and decides how long an answer may be held. A failure is held too, for
 * seconds, so that a sick zone is not asked at every message (RFC 9520). RFC 2308 (negatives), RFC 8767 (TTL bounds, stale answers).
 *
 * A question runs to its own deadline even if the first who asked has left. Answers of source `local` (limits, special names) are never held.
 */
import { RecordType } from '../../schemas/dns.ts';
import { answerStore, type HeldAnswer, type StoreLimits, type StoreStats } from './answer-store.ts';
import { byDeadline, type Clock, TIMEOUT } from './deadline.ts';
import type { Answer, Lookup, Question } from './lookup.ts';
import { normalizeName } from './name.ts';
import type { RandomNumbers } from './random.ts';

/** How long answers are held, and what is done about old ones. */
export type CacheSettings = StoreLimits & {
  /** Time one question has, whoever waits for it. */
  readonly questionTimeoutMs: number;
  readonly minTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly maxNegativeTtlSeconds: number;
  readonly failureTtlSeconds: number;
  readonly maxFailureTtlSeconds: number;
  readonly prefetches: boolean;
  readonly maxPrefetches: number;
  /** 0: a record past its TTL is never given out. */
  readonly serveStaleSeconds: number;
  readonly serveStaleWaitMs: number;
};

/** Counts since the start, and what is held now. */
export type CacheStats = {
  readonly records: StoreStats;
  readonly negatives: StoreStats;
  readonly hits: number;
  readonly misses: number;
  readonly shared: number;
  readonly stale: number;
  readonly prefetches: number;
};

/** A lookup with a memory. */
export type CachedLookup = {
  readonly lookup: Lookup;
  readonly stats: () => CacheStats;
  /**
   * Forgets every type of a name, or everything; an answer that is on its way is not held either. Answers that reached the name through a CNAME stand under
   * the name that was asked for.
   * @returns the number of answers forgotten
   */
  readonly flush: (name?: string) => number;
};

/** Time for which a stale answer stands in before the question is asked again (RFC 8767 section 5). */
const STALE_RECHECK_MS = 30_000;
/** Time for which "no server could be reached" is held: it speaks of us, not of the name. */
const UNREACHABLE_TTL_SECONDS = 1;
/** RFC 9520 section 3.2: a failure is held for at least a second and at most five minutes. */
const MIN_FAILURE_TTL_SECONDS = 1;
const MAX_FAILURE_TTL_SECONDS = 300;
const MIN_PREFETCH_TTL_SECONDS = 60;
const MIN_PREFETCH_HITS = 2;

type Flight = { readonly answer: Promise<Answer>; readonly deadlineMs: number; isForgotten: boolean };

/** Lays a cache around a lookup. Names reach `next` normalized. */
export const cached = (next: Lookup, settings: CacheSettings, clock: Clock, random: RandomNumbers): CachedLookup => {
  const store = answerStore(settings);
  const flights = new Map<string, Flight>();
  const counts = { hits: 0, misses: 0, shared: 0, stale: 0, prefetches: 0 };
  let prefetching = 0;

  /** @returns undefined when nothing fresh is held */
  const fromMemory = (key: string): Answer | undefined => {
    const nowMs = clock();
    const held = store.records(key);
    if (held !== undefined) {
      if (nowMs < held.expiresAtMs) return hit(held, nowMs);
      if (nowMs < held.staleUntilMs) return stale(held);
    }
    const negative = store.negative(key);
    if (negative === undefined || nowMs >= negative.expiresAtMs) return undefined;
    const old = negative.answer.kind === 'failure' ? staleCandidate(key, nowMs) : undefined;
    return old === undefined ? hit(negative, nowMs) : stale(old);
  };

  const hit = (held: HeldAnswer, nowMs: number): Answer => {
    counts.hits++;
    held.hits++;
    const { answer } = held;
    if (answer.kind === 'failure') return { ...answer, source: 'cache' };
    const { kind, authenticated, rcode = 0 } = answer;
    const ttlSeconds = Math.ceil((held.expiresAtMs - nowMs) / 1000);
    return kind === 'records'
      ? { kind, records: answer.records, ttlSeconds, authenticated, source: 'cache', rcode }
      : { kind, ttlSeconds, authenticated, source: 'cache', rcode };
  };

  const stale = (held: HeldAnswer): Answer => {
    counts.stale++;
    const { answer } = held;
    return answer.kind === 'failure' ? answer : { ...answer, ttlSeconds: STALE_RECHECK_MS / 1000, source: 'stale' };
  };

  const isDueForPrefetch = (held: HeldAnswer, nowMs: number): boolean =>
    settings.prefetches &&
    held.ttlSeconds >= MIN_PREFETCH_TTL_SECONDS &&
    held.hits >= MIN_PREFETCH_HITS &&
    held.expiresAtMs - nowMs < held.ttlSeconds * 100 &&
    prefetching < settings.maxPrefetches;

  const fly = (key: string, question: Question): Flight => {
    const deadlineMs = clock() + settings.questionTimeoutMs;
    const flight: Flight = {
      deadlineMs,
      isForgotten: false,
      answer: next(question, deadlineMs).then((answer) => {
        // A flight that was forgotten is out of the map, and another may be in its place.
        if (!flight.isForgotten) flights.delete(key);
        const held = holdFor(key, answer);
        if (held === null) return answer;
        if (!flight.isForgotten && held.ttlSeconds > 0) store.put(key, held);
        return held.answer;
      }),
    };
    flights.set(key, flight);
    return flight;
  };

  /** @returns null for what is not to be held; else the answer with its TTL clamped */
  const holdFor = (key: string, answer: Answer): HeldAnswer | null => {
    if (answer.source !== 'network') return null;
    if (answer.kind === 'failure') {
      const failuresInRow = failuresBefore(key) + 1;
      const isUnreachable = answer.failure === 'network';
      return newlyHeld(answer, isUnreachable ? UNREACHABLE_TTL_SECONDS : backOffSeconds(failuresInRow), failuresInRow);
    }
    const longest = answer.kind === 'records' ? settings.maxTtlSeconds : settings.maxNegativeTtlSeconds;
    const ttlSeconds = Math.max(settings.minTtlSeconds, Math.min(answer.ttlSeconds, longest));
    return newlyHeld(ttlSeconds === answer.ttlSeconds ? answer : { ...answer, ttlSeconds }, ttlSeconds, 0);
  };

  const newlyHeld = (answer: Answer, ttlSeconds: number, failuresInRow: number): HeldAnswer => ({
    answer,
    expiresAtMs: clock() + ttlSeconds * 1000,
    ttlSeconds,
    failuresInRow,
    hits: 0,
    staleUntilMs: 0,
  });

  /** Failures in a row that are not long past. */
  const failuresBefore = (key: string): number => {
    const before = store.negative(key);
    if (before === undefined) return 0;
    return clock() < before.expiresAtMs + settings.maxFailureTtlSeconds * 1000 ? before.failuresInRow : 0;
  };

  /** Doubles with each failure in a row, with 10 % jitter either way so that names do not come due together (RFC 9520 section 3.2). */
  const backOffSeconds = (failuresInRow: number): number => {
    const seconds = settings.failureTtlSeconds * 2 ** Math.min(failuresInRow - 1, 16);
    const jittered = Math.min(seconds, settings.maxFailureTtlSeconds) * (0.9 + random.below(2001) / 10_000);
    return Math.min(Math.max(jittered, MIN_FAILURE_TTL_SECONDS), MAX_FAILURE_TTL_SECONDS);
  };

  const prefetch = (key: string, question: Question): void => {
    if (flights.has(key)) return;
    counts.prefetches++;
    prefetching++;
    fly(key, question).answer.then(() => {
      prefetching--;
    });
  };

  const miss = (key: string, question: Question, deadlineMs: number): Promise<Answer> => {
    const nowMs = clock();
    if (deadlineMs <= nowMs) return Promise.resolve(TIMEOUT);
    let flight = flights.get(key);
    if (flight === undefined) {
      counts.misses++;
      flight = fly(key, question);
    } else counts.shared++;
    const old = staleCandidate(key, nowMs);
    if (old === undefined)
      return deadlineMs < flight.deadlineMs ? byDeadline(flight.answer, deadlineMs, clock) : flight.answer;
    const patienceMs = Math.min(deadlineMs, nowMs + settings.serveStaleWaitMs);
    return byDeadline(flight.answer, patienceMs, clock).then((answer) => {
      if (answer.kind !== 'failure') return answer;
      old.staleUntilMs = clock() + STALE_RECHECK_MS;
      return stale(old);
    });
  };

  const staleCandidate = (key: string, nowMs: number): HeldAnswer | undefined => {
    const held = settings.serveStaleSeconds > 0 ? store.records(key) : undefined;
    return held !== undefined && nowMs < held.expiresAtMs + settings.serveStaleSeconds * 1000 ? held : undefined;
  };

  const lookup: Lookup = (question, deadlineMs) => {
    // Keys are written normalized only, so a name that finds one as it stands needs no look.
    const given = `${question.type}:${question.name}`;
    const direct = fromMemory(given);
    if (direct !== undefined) {
      renew(given, question);
      return Promise.resolve(direct);
    }
    const name = normalizeName(question.name);
    if (name === null) return Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' });
    const key = `${question.type}:${name}`;
    const normalized = { name, type: question.type };
    const held = key === given ? undefined : fromMemory(key);
    if (held === undefined) return miss(key, normalized, deadlineMs);
    renew(key, normalized);
    return Promise.resolve(held);
  };

  const renew = (key: string, question: Question): void => {
    if (!settings.prefetches) return;
    const held = store.records(key);
    if (held === undefined || !isDueForPrefetch(held, clock())) return;
    // A renewal that failed waits as every failed question does.
    const failure = store.negative(key);
    if (failure === undefined || clock() >= failure.expiresAtMs) prefetch(key, question);
  };

  const flush = (name?: string): number => {
    if (name === undefined) {
      for (const flight of flights.values()) flight.isForgotten = true;
      flights.clear();
      return store.clear();
    }
    const normalized = normalizeName(name);
    if (normalized === null) return 0;
    let count = 0;
    for (const type of RecordType.options) {
      const key = `${type}:${normalized}`;
      const flight = flights.get(key);
      if (flight !== undefined) flight.isForgotten = true;
      flights.delete(key);
      if (store.remove(key)) count++;
    }
    return count;
  };

  return { lookup, stats: () => ({ ...store.stats(), ...counts }), flush };
};
