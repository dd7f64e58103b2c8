/**
 * The cache as a lookup: gives out what it holds, asks once for what many want, and decides how long an answer may be held. A failure is held too, for
 * seconds, so that a sick zone is not asked at every message (RFC 9520). RFC 2308 (negatives), RFC 8767 (TTL bounds, stale answers).
 *
 * A question runs to its own deadline even if the first who asked has left. Answers of source `local` (limits, special names) are never held.
 */
import { RecordType } from '../../schemas/dns.ts';
import { answerStore, type HeldAnswer, type StoreLimits, type StoreStats } from './answer-store.ts';
import type { Ask } from './ask.ts';
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

type Flight = { answer: Promise<Answer>; readonly deadlineMs: number; isForgotten: boolean };

/** In the place of a flight's answer while the flight starts. */
const NOT_YET: Promise<Answer> = new Promise(() => {});

/** Lays a cache around what asks. Names reach `next` normalized. */
export const cached = (next: Ask, settings: CacheSettings, clock: Clock, random: RandomNumbers): CachedLookup => {
  const store = answerStore(settings);
  const flights = new Map<string, Flight>();
  const counts = { hits: 0, misses: 0, shared: 0, stale: 0, prefetches: 0 };
  let prefetching = 0;

  /** @returns undefined when nothing is held that may be given out */
  const fromMemory = (key: string, question: Question, nowMs: number): Answer | undefined => {
    const held = store.records(key);
    if (held !== undefined && (nowMs < held.expiresAtMs || nowMs < held.staleUntilMs)) {
      const answer = nowMs < held.expiresAtMs ? hit(held, nowMs) : stale(held);
      if (isDueForPrefetch(held, nowMs)) prefetch(key, question, nowMs);
      return answer;
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

  const fly = (key: string, question: Question, nowMs: number): Flight => {
    const deadlineMs = nowMs + settings.questionTimeoutMs;
    const flight: Flight = { answer: NOT_YET, deadlineMs, isForgotten: false };
    // In the map before the question starts: what needs no server is answered within the call.
    flights.set(key, flight);
    flight.answer = new Promise((resolve) => {
      next(question, deadlineMs, (answer) => resolve(land(key, flight, answer)));
    });
    return flight;
  };

  const land = (key: string, flight: Flight, answer: Answer): Answer => {
    // A flight that was forgotten is out of the map, and another may be in its place.
    if (!flight.isForgotten) flights.delete(key);
    const held = holdFor(key, answer, clock());
    if (held === null) return answer;
    if (!flight.isForgotten && held.ttlSeconds > 0) store.put(key, held);
    return held.answer;
  };

  /** @returns null for what is not to be held; else the answer with its TTL clamped */
  const holdFor = (key: string, answer: Answer, nowMs: number): HeldAnswer | null => {
    if (answer.source !== 'network') return null;
    if (answer.kind === 'failure') {
      const failuresInRow = failuresBefore(key, nowMs) + 1;
      const ttlSeconds = answer.failure === 'network' ? UNREACHABLE_TTL_SECONDS : backOffSeconds(failuresInRow);
      return newlyHeld(answer, ttlSeconds, failuresInRow, nowMs);
    }
    const longest = answer.kind === 'records' ? settings.maxTtlSeconds : settings.maxNegativeTtlSeconds;
    const ttlSeconds = Math.max(settings.minTtlSeconds, Math.min(answer.ttlSeconds, longest));
    return newlyHeld(ttlSeconds === answer.ttlSeconds ? answer : { ...answer, ttlSeconds }, ttlSeconds, 0, nowMs);
  };

  const newlyHeld = (answer: Answer, ttlSeconds: number, failuresInRow: number, nowMs: number): HeldAnswer => ({
    answer,
    // A whole number: a fraction is an object of its own in memory, one for each entry.
    expiresAtMs: Math.round(nowMs + ttlSeconds * 1000),
    ttlSeconds,
    failuresInRow,
    hits: 0,
    staleUntilMs: 0,
  });

  /** Failures in a row that are not long past. */
  const failuresBefore = (key: string, nowMs: number): number => {
    const before = store.negative(key);
    if (before === undefined) return 0;
    return nowMs < before.expiresAtMs + settings.maxFailureTtlSeconds * 1000 ? before.failuresInRow : 0;
  };

  /** Doubles with each failure in a row, with 10 % jitter either way so that names do not come due together (RFC 9520 section 3.2). */
  const backOffSeconds = (failuresInRow: number): number => {
    const seconds = settings.failureTtlSeconds * 2 ** Math.min(failuresInRow - 1, 16);
    const jittered = Math.min(seconds, settings.maxFailureTtlSeconds) * (0.9 + random.below(2001) / 10_000);
    return Math.min(Math.max(jittered, MIN_FAILURE_TTL_SECONDS), MAX_FAILURE_TTL_SECONDS);
  };

  const prefetch = (key: string, question: Question, nowMs: number): void => {
    // A renewal that failed waits as every failed question does.
    const failure = store.negative(key);
    if (flights.has(key) || (failure !== undefined && nowMs < failure.expiresAtMs)) return;
    counts.prefetches++;
    prefetching++;
    fly(key, question, nowMs).answer.then(() => {
      prefetching--;
    });
  };

  const miss = (key: string, question: Question, deadlineMs: number, nowMs: number): Promise<Answer> => {
    if (deadlineMs <= nowMs) return Promise.resolve(TIMEOUT);
    let flight = flights.get(key);
    if (flight === undefined) {
      counts.misses++;
      flight = fly(key, question, nowMs);
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
    const nowMs = clock();
    // Keys are written normalized only, so a name that finds one as it stands needs no look.
    const given = `${question.type}:${question.name}`;
    const direct = fromMemory(given, question, nowMs);
    if (direct !== undefined) return Promise.resolve(direct);
    const name = normalizeName(question.name);
    if (name === null) return Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' });
    if (name === question.name) return miss(given, question, deadlineMs, nowMs);
    const key = `${question.type}:${name}`;
    const normalized = { name, type: question.type };
    const held = fromMemory(key, normalized, nowMs);
    return held === undefined ? miss(key, normalized, deadlineMs, nowMs) : Promise.resolve(held);
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
