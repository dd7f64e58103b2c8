/**
 * The cache as a lookup: serves cached answers, merges identical questions in flight, renews busy
 * answers before they expire, and serves a stale one where the renewal fails (RFC 8767). A failure
 * is cached too, so that a sick zone is not asked at every message (RFC 9520). Answers of source
 * `local` (limits, special names) are never cached.
 */
import { RecordType } from '../../schemas/dns.ts';
import { answerStore, type CachedAnswer, type StoreLimits, type StoreStats } from './answer-store.ts';
import { byDeadline, type Clock, TIMEOUT } from './deadline.ts';
import { Flights } from './flights.ts';
import { type LifetimeBounds, lifetimes } from './lifetime.ts';
import type { Answer, Lookup, Question } from './lookup.ts';
import { normalizeName } from './name.ts';
import type { Ask } from './transport/ask.ts';
import type { RandomNumbers } from './transport/random.ts';

/** How long answers are cached, and how stale ones are used. */
type CacheSettings = StoreLimits &
  LifetimeBounds & {
    /** Time one question has, whoever waits for it. */
    readonly questionTimeoutMs: number;
    readonly prefetches: boolean;
    readonly maxPrefetches: number;
    /** 0: a record past its TTL is never given out. */
    readonly serveStaleSeconds: number;
    readonly serveStaleWaitMs: number;
  };

/** Counts since the start, and the present contents. */
type CacheStats = {
  readonly records: StoreStats;
  readonly negatives: StoreStats;
  readonly hits: number;
  readonly misses: number;
  readonly shared: number;
  readonly stale: number;
  readonly prefetches: number;
};

/** A lookup with a cache. */
type CachedLookup = {
  readonly lookup: Lookup;
  readonly stats: () => CacheStats;
  /**
   * Forgets every type of a name, or everything; an answer in flight is not cached either.
   * Answers that reached the name through a CNAME are cached under the name that was asked for.
   * @returns the number of answers forgotten
   */
  readonly flush: (name?: string) => number;
};

/**
 * Time for which a stale answer is served before the question is asked again (RFC 8767 section 5).
 */
const STALE_RECHECK_MS = 30_000;
const MIN_PREFETCH_TTL_SECONDS = 60;
const MIN_PREFETCH_HITS = 2;

/** Puts a cache before what asks. Names reach `next` normalized. */
export const cached = (next: Ask, settings: CacheSettings, clock: Clock, random: RandomNumbers): CachedLookup =>
  new Cache(next, settings, clock, random);

class Cache implements CachedLookup {
  private readonly settings: CacheSettings;
  private readonly clock: Clock;
  private readonly store: ReturnType<typeof answerStore>;
  private readonly flights: Flights;
  private readonly counts = { hits: 0, misses: 0, shared: 0, stale: 0, prefetches: 0 };
  private prefetching = 0;

  constructor(next: Ask, settings: CacheSettings, clock: Clock, random: RandomNumbers) {
    this.settings = settings;
    this.clock = clock;
    this.store = answerStore(settings);
    const toEntry = lifetimes(settings, random);
    this.flights = new Flights(next, settings.questionTimeoutMs, (question, answer, mayCache) => {
      const entry = toEntry(question, answer, this.store.negative(question), clock());
      if (entry === null) return answer;
      if (mayCache && entry.ttlSeconds > 0) this.store.put(question.name, entry);
      return entry.answer;
    });
  }

  readonly lookup: Lookup = (question, deadlineMs) => {
    const nowMs = this.clock();
    // Names are written normalized only, so one that is found as written needs no normalizing.
    const direct = this.fromCache(question, nowMs);
    if (direct !== undefined) return Promise.resolve(direct);
    const name = normalizeName(question.name);
    if (name === null) return Promise.resolve<Answer>({ kind: 'failure', failure: 'badname', source: 'local' });
    if (name === question.name) return this.miss(question, deadlineMs, nowMs);
    const normalized = { name, type: question.type };
    const entry = this.fromCache(normalized, nowMs);
    return entry === undefined ? this.miss(normalized, deadlineMs, nowMs) : Promise.resolve(entry);
  };

  readonly flush = (name?: string): number => {
    if (name === undefined) {
      this.flights.forgetAll();
      return this.store.clear();
    }
    const normalized = normalizeName(name);
    if (normalized === null) return 0;
    for (const type of RecordType.options) this.flights.forget({ type, name: normalized });
    return this.store.remove(normalized);
  };

  readonly stats = (): CacheStats => ({ ...this.store.stats(), ...this.counts });

  /** @returns undefined when nothing is cached that may be served */
  private fromCache(question: Question, nowMs: number): Answer | undefined {
    const entry = this.store.records(question);
    if (entry !== undefined && (nowMs < entry.expiresAtMs || nowMs < entry.staleUntilMs)) {
      const answer = nowMs < entry.expiresAtMs ? this.hit(entry, nowMs) : this.stale(entry);
      if (this.isDueForPrefetch(entry, nowMs)) this.prefetch(question, nowMs);
      return answer;
    }
    const negative = this.store.negative(question);
    if (negative === undefined || nowMs >= negative.expiresAtMs) return undefined;
    const old = negative.answer.kind === 'failure' ? this.staleCandidate(question, nowMs) : undefined;
    return old === undefined ? this.hit(negative, nowMs) : this.stale(old);
  }

  private hit(entry: CachedAnswer, nowMs: number): Answer {
    this.counts.hits++;
    entry.hits++;
    const { answer } = entry;
    if (answer.kind === 'failure') return { ...answer, source: 'cache' };
    const { kind, authenticated, rcode = 0 } = answer;
    // Rounded down: who caches by this number must not keep the answer longer than its zone allows.
    const ttlSeconds = Math.floor((entry.expiresAtMs - nowMs) / 1000);
    return kind === 'records'
      ? { kind, records: answer.records, ttlSeconds, authenticated, source: 'cache', rcode }
      : { kind, ttlSeconds, authenticated, source: 'cache', rcode };
  }

  private stale({ answer }: CachedAnswer): Answer {
    this.counts.stale++;
    return answer.kind === 'failure' ? answer : { ...answer, ttlSeconds: STALE_RECHECK_MS / 1000, source: 'stale' };
  }

  private isDueForPrefetch(entry: CachedAnswer, nowMs: number): boolean {
    return (
      this.settings.prefetches &&
      entry.ttlSeconds >= MIN_PREFETCH_TTL_SECONDS &&
      entry.hits >= MIN_PREFETCH_HITS &&
      entry.expiresAtMs - nowMs < entry.ttlSeconds * 100 &&
      this.prefetching < this.settings.maxPrefetches
    );
  }

  private prefetch(question: Question, nowMs: number): void {
    // A renewal that failed waits as every failed question does.
    const failure = this.store.negative(question);
    if (this.flights.find(question) !== undefined || (failure !== undefined && nowMs < failure.expiresAtMs)) return;
    this.counts.prefetches++;
    this.prefetching++;
    this.flights.begin(question, nowMs).answer.then(() => {
      this.prefetching--;
    });
  }

  private miss(question: Question, deadlineMs: number, nowMs: number): Promise<Answer> {
    if (deadlineMs <= nowMs) return Promise.resolve(TIMEOUT);
    let flight = this.flights.find(question);
    if (flight === undefined) {
      this.counts.misses++;
      flight = this.flights.begin(question, nowMs);
    } else this.counts.shared++;
    const old = this.staleCandidate(question, nowMs);
    if (old === undefined)
      return deadlineMs < flight.deadlineMs ? byDeadline(flight.answer, deadlineMs, this.clock) : flight.answer;
    const patienceMs = Math.min(deadlineMs, nowMs + this.settings.serveStaleWaitMs);
    return byDeadline(flight.answer, patienceMs, this.clock).then((answer) => {
      if (answer.kind !== 'failure') return answer;
      old.staleUntilMs = this.clock() + STALE_RECHECK_MS;
      return this.stale(old);
    });
  }

  private staleCandidate(question: Question, nowMs: number): CachedAnswer | undefined {
    const { serveStaleSeconds } = this.settings;
    const entry = serveStaleSeconds > 0 ? this.store.records(question) : undefined;
    return entry !== undefined && nowMs < entry.expiresAtMs + serveStaleSeconds * 1000 ? entry : undefined;
  }
}
