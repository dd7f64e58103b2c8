/**
 * Counts messages in memory and writes the counts behind: each second, or earlier when there are
 * many. Mail never waits for it. While the store does not answer, counts are kept up to a bound and
 * written once it does; what is beyond the bound is lost, counted as lost and logged once.
 */
import type { PolicyConfiguration, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import type { CountedMessages, CountedStore } from '../../store/counted-messages.ts';

/** A message as it is counted. */
type CountedMessage = { readonly policy: PolicyConfiguration; readonly row: ReportRow };

/** The functions of a logger that are used; pino fits. */
export type ReportLog = {
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
};

/** What a counter is made from. */
type CounterDependencies = {
  readonly store: Pick<CountedStore, 'add'>;
  readonly periodSeconds: number;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  /** A name that nobody else gives to a batch. */
  readonly newId: () => string;
  readonly log: ReportLog;
};

/** How the counter is. */
type CounterState = {
  /** Messages that are not written yet. */
  readonly waiting: number;
  /** Messages that were written. */
  readonly written: number;
  /** Messages that were lost, because the store did not answer for too long or was full. */
  readonly lost: number;
  /** Why nothing was written at the last try; null: it was. */
  readonly failure: string | null;
};

const FLUSH_MS = 1000;
/** Different rows after which a flush does not wait for its second. */
const FLUSH_ROWS = 500;
/**
 * Different rows in memory: an hour at five new ones a second, while the store is away. A row has
 * about 500 octets, and never more than some 60 kB.
 */
export const MAX_WAITING_ROWS = 20_000;
export const MAX_WAITING_OCTETS = 33_554_432;
const MAX_RETRY_MS = 60_000;

type Waiting = CountedMessages & { count: number };

/** Counts of one process. */
export class MessageCounter {
  readonly #dependencies: CounterDependencies;
  /** Not in a batch yet, by their content. */
  #waiting = new Map<string, Waiting>();
  #octets = 0;
  /** On its way to the store. It keeps its name until it is there, so that it counts once. */
  #batch: { readonly name: string; readonly counted: readonly Waiting[] } | null = null;
  #flushing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #retryMs = FLUSH_MS;
  #written = 0;
  #lost = 0;
  #failure: string | null = null;
  #isFull = false;

  constructor(dependencies: CounterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Counts one message. Never throws, never waits. */
  count({ policy, row }: CountedMessage): void {
    const period = this.#period();
    const key = JSON.stringify([period.beginSeconds, policy, row]);
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const hasRoom = this.#waiting.size < MAX_WAITING_ROWS && this.#octets + key.length <= MAX_WAITING_OCTETS;
    if (this.#isFull || !hasRoom) {
      if (this.#lost === 0)
        this.#dependencies.log.error(
          { failure: this.#failure },
          'messages are no longer counted for reports: the store is full, or did not answer for too long',
        );
      this.#lost += 1;
      return;
    }
    this.#waiting.set(key, { period, policy, row, count: 1 });
    this.#octets += key.length;
    if (this.#waiting.size >= FLUSH_ROWS && this.#failure === null) void this.flush();
    else this.#schedule(this.#failure === null ? FLUSH_MS : this.#retryMs);
  }

  /** Writes what waits. Never rejects: what cannot be written waits on. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** Writes everything that can be written, and counts nothing more. */
  async close(): Promise<void> {
    await this.flush();
    // What came in while the last batch was under way.
    if (this.#failure === null && this.#waiting.size > 0) await this.flush();
    this.#isFull = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Says whether the store has reached its size: nothing new is counted then. */
  setFull(isFull: boolean): void {
    if (isFull && !this.#isFull)
      this.#dependencies.log.error({}, 'the store has reached STORE_MAX_MEGABYTES: no message is counted for reports');
    this.#isFull = isFull;
  }

  state(): CounterState {
    let waiting = 0;
    for (const { count } of this.#waiting.values()) waiting += count;
    for (const { count } of this.#batch?.counted ?? []) waiting += count;
    return { waiting, written: this.#written, lost: this.#lost, failure: this.#failure };
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { store, nowMs, newId, log } = this.#dependencies;
    if (this.#batch === null) {
      if (this.#waiting.size === 0) return;
      this.#batch = { name: newId(), counted: [...this.#waiting.values()] };
      this.#waiting = new Map();
      this.#octets = 0;
    }
    const { name, counted } = this.#batch;
    try {
      await store.add(name, counted, Math.floor(nowMs() / 1000));
      for (const { count } of counted) this.#written += count;
      this.#batch = null;
      if (this.#failure !== null) log.info({}, 'the store answers again: counts for reports are written');
      this.#failure = null;
      this.#retryMs = FLUSH_MS;
    } catch (cause) {
      if (this.#failure === null)
        log.error({ err: cause }, 'the store does not answer: counts for reports wait in memory');
      this.#failure = cause instanceof Error ? cause.message : String(cause);
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
    }
    if (this.#batch !== null || this.#waiting.size > 0) this.#schedule(this.#retryMs);
  }

  #schedule(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, ms);
    this.#timer.unref();
  }

  #period(): ReportPeriod {
    const { periodSeconds, nowMs } = this.#dependencies;
    const now = Math.floor(nowMs() / 1000);
    return { beginSeconds: now - (now % periodSeconds), periodSeconds };
  }
}
