/**
 * The cache as a lookup: gives out what it holds, asks once for what many want, and decides how
 * long an answer may be held. A failure is held too, for seconds, so that a sick zone is not asked
 * at every message (RFC 9520). RFC 2308 (negatives), RFC 8767 (TTL bounds, stale answers).
 *
 * A question runs to its own deadline even if the first who asked has left. Answers of source
 * `local` (limits, special names) are never held.
 */
import { RecordType } from '../../schemas/dns.ts';
import { answerStore, type HeldAnswer, type StoreLimits, type StoreStats } from './answer-store.ts';
import { byDeadline, type Clock, TIMEOUT } from './deadline.ts';
import type { Answer, Lookup, Question } from './lookup.ts';
import { normalizeName } from './name.ts';
import type { Ask } from './transport/ask.ts';
import type { RandomNumbers } from './transport/random.ts';

/** How long answers are held, and what is done about old ones. */
type CacheSettings = StoreLimits & {
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
type CacheStats = {
  readonly records: StoreStats;
  readonly negatives: StoreStats;
  readonly hits: number;
  readonly misses: number;
  readonly shared: number;
  readonly stale: number;
  readonly prefetches: number;
};

/** A lookup with a memory. */
type CachedLookup = {
  readonly lookup: Lookup;
  readonly stats: () => CacheStats;
  /**
   * Forgets every type of a name, or everything; an answer that is on its way is not held either.
   * Answers that reached the name through a CNAME stand under the name that was asked for.
   * @returns the number of answers forgotten
   */
  readonly flush: (name?: string) => number;
};

/**
 * Time for which a stale answer stands in before the question is asked again (RFC 8767 section 5).
 */
const STALE_RECHECK_MS = 30_000;
/** Time for which "no server could be reached" is held: it speaks of us, not of the name. */
const UNREACHABLE_TTL_SECONDS = 1;
/** RFC 9520: a failure is held for at least a second and at most five minutes. */
const MIN_FAILURE_TTL_SECONDS = 1;
const MAX_FAILURE_TTL_SECONDS = 300;
const MIN_PREFETCH_TTL_SECONDS = 60;
const MIN_PREFETCH_HITS = 2;

type Flight = { answer: Promise<Answer>; readonly deadlineMs: number; isForgotten: boolean };

const flightKey = ({ type, name }: Question): string => `${type}:${name}`;

/** In the place of a flight's answer while the flight starts. */
const NOT_YET: Promise<Answer> = new Promise(() => {});

/** Lays a cache around what asks. Names reach `next` normalized. */
export const cached = (next: Ask, settings: CacheSettings, clock: Clock, random: RandomNumbers): CachedLookup => {
  const store = answerStore(settings);
  const flights = new Map<string, Flight>();
  const counts = { hits: 0, misses: 0, shared: 0, stale: 0, prefetches: 0 };
  let prefetching = 0;

  /** @returns undefined when nothing is held that may be given out */
  const fromMemory = (question: Question, nowMs: number): Answer | undefined => {
    const held = store.records(question);
    if (held !== undefined && (nowMs < held.expiresAtMs || nowMs < held.staleUntilMs)) {
      const answer = nowMs < held.expiresAtMs ? hit(held, nowMs) : stale(held);
      if (isDueForPrefetch(held, nowMs)) prefetch(question, nowMs);
      return answer;
    }
    const negative = store.negative(question);
    if (negative === undefined || nowMs >= negative.expiresAtMs) return undefined;
    const old = negative.answer.kind === 'failure' ? staleCandidate(question, nowMs) : undefined;
    return old === undefined ? hit(negative, nowMs) : stale(old);
  };

  const hit = (held: HeldAnswer, nowMs: number): Answer => {
    counts.hits++;
    held.hits++;
    const { answer } = held;
    if (answer.kind === 'failure') return { ...answer, source: 'cache' };
    const { kind, authenticated, rcode = 0 } = answer;
    // Rounded down: who caches by this number must not hold the answer longer than its zone allows.
    const ttlSeconds = Math.floor((held.expiresAtMs - nowMs) / 1000);
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
      next(question, deadlineMs, (answer) => resolve(land(key, question, flight, answer)));
    });
    return flight;
  };

  const land = (key: string, question: Question, flight: Flight, answer: Answer): Answer => {
    // A flight that was forgotten is out of the map, and another may be in its place.
    if (!flight.isForgotten) flights.delete(key);
    const held = holdFor(question, answer, clock());
    if (held === null) return answer;
    if (!flight.isForgotten && held.ttlSeconds > 0) store.put(question.name, held);
    return held.answer;
  };

  /** @returns null for what is not to be held; else the answer with its TTL clamped */
  const holdFor = (question: Question, answer: Answer, nowMs: number): HeldAnswer | null => {
    if (answer.source !== 'network') return null;
    if (answer.kind === 'failure') {
      const failuresInRow = failuresBefore(question, nowMs) + 1;
      const ttlSeconds = answer.failure === 'network' ? UNREACHABLE_TTL_SECONDS : backOffSeconds(failuresInRow);
      return newlyHeld(question.type, answer, ttlSeconds, failuresInRow, nowMs);
    }
    const longest = answer.kind === 'records' ? settings.maxTtlSeconds : settings.maxNegativeTtlSeconds;
    const ttlSeconds = Math.max(settings.minTtlSeconds, Math.min(answer.ttlSeconds, longest));
    const clamped = ttlSeconds === answer.ttlSeconds ? answer : { ...answer, ttlSeconds };
    return newlyHeld(question.type, clamped, ttlSeconds, 0, nowMs);
  };

  const newlyHeld = (
    type: RecordType,
    answer: Answer,
    ttlSeconds: number,
    failuresInRow: number,
    nowMs: number,
  ): HeldAnswer => ({
    type,
    answer,
    // A whole number: a fraction is an object of its own in memory, one for each entry.
    expiresAtMs: Math.round(nowMs + ttlSeconds * 1000),
    ttlSeconds,
    failuresInRow,
    hits: 0,
    staleUntilMs: 0,
    next: undefined,
  });

  /** Failures in a row that are not long past. */
  const failuresBefore = (question: Question, nowMs: number): number => {
    const before = store.negative(question);
    if (before === undefined) return 0;
    return nowMs < before.expiresAtMs + settings.maxFailureTtlSeconds * 1000 ? before.failuresInRow : 0;
  };

  /**
   * Doubles with each failure in a row, with 10 % jitter either way so that names do not come due
   * together (RFC 9520).
   */
  const backOffSeconds = (failuresInRow: number): number => {
    const seconds = settings.failureTtlSeconds * 2 ** Math.min(failuresInRow - 1, 16);
    const jittered = Math.min(seconds, settings.maxFailureTtlSeconds) * (0.9 + random.below(2001) / 10_000);
    return Math.min(Math.max(jittered, MIN_FAILURE_TTL_SECONDS), MAX_FAILURE_TTL_SECONDS);
  };

  const prefetch = (question: Question, nowMs: number): void => {
    const key = flightKey(question);
    // A renewal that failed waits as every failed question does.
    const failure = store.negative(question);
    if (flights.has(key) || (failure !== undefined && nowMs < failure.expiresAtMs)) return;
    counts.prefetches++;
    prefetching++;
    fly(key, question, nowMs).answer.then(() => {
      prefetching--;
    });
  };

  const miss = (question: Question, deadlineMs: number, nowMs: number): Promise<Answer> => {
    if (deadlineMs <= nowMs) return Promise.resolve(TIMEOUT);
    const key = flightKey(question);
    let flight = flights.get(key);
    if (flight === undefined) {
      counts.misses++;
      flight = fly(key, question, nowMs);
    } else counts.shared++;
    const old = staleCandidate(question, nowMs);
    if (old === undefined)
      return deadlineMs < flight.deadlineMs ? byDeadline(flight.answer, deadlineMs, clock) : flight.answer;
    const patienceMs = Math.min(deadlineMs, nowMs + settings.serveStaleWaitMs);
    return byDeadline(flight.answer, patienceMs, clock).then((answer) => {
      if (answer.kind !== 'failure') return answer;
      old.staleUntilMs = clock() + STALE_RECHECK_MS;
      return stale(old);
    });
  };

  const staleCandidate = (question: Question, nowMs: number): HeldAnswer | undefined => {
    const held = settings.serveStaleSeconds > 0 ? store.records(question) : undefined;
    return held !== undefined && nowMs < held.expiresAtMs + settings.serveStaleSeconds * 1000 ? held : undefined;
  };

  const lookup: Lookup = (question, deadlineMs) => {
    const nowMs = clock();
    // Names are written normalized only, so one that is found as it stands needs no look.
    const direct = fromMemory(question, nowMs);
    if (direct !== undefined) return Promise.resolve(direct);
    const name = normalizeName(question.name);
    if (name === null) return Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' });
    if (name === question.name) return miss(question, deadlineMs, nowMs);
    const normalized = { name, type: question.type };
    const held = fromMemory(normalized, nowMs);
    return held === undefined ? miss(normalized, deadlineMs, nowMs) : Promise.resolve(held);
  };

  const flush = (name?: string): number => {
    if (name === undefined) {
      for (const flight of flights.values()) flight.isForgotten = true;
      flights.clear();
      return store.clear();
    }
    const normalized = normalizeName(name);
    if (normalized === null) return 0;
    for (const type of RecordType.options) {
      const key = flightKey({ type, name: normalized });
      const flight = flights.get(key);
      if (flight !== undefined) flight.isForgotten = true;
      flights.delete(key);
    }
    return store.remove(normalized);
  };

  return { lookup, stats: () => ({ ...store.stats(), ...counts }), flush };
};
