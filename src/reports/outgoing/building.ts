/**
 * The building of reports as a job: each minute, in the one process that has the lease. It also
 * removes old reports, once a day, and looks at the size of the store. Nothing ends it: a store
 * that does not answer is logged once and asked again.
 */
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { OpenRows } from '../../store/counted-messages.ts';
import type { Store } from '../../store/store.ts';
import { type BuildDependencies, buildReports, LATE_SECONDS } from './build-reports.ts';
import type { ReportLog } from './message-counter.ts';

/** What the job is made from. */
export type BuildingDependencies = {
  readonly store: Pick<Store, 'counted' | 'outgoing' | 'leases' | 'size'>;
  readonly settings: Pick<
    ReportSettings,
    'reportMaxRows' | 'reportMaxMegabytes' | 'storeMaxMegabytes' | 'storeRetentionDays'
  >;
  readonly nowMs: () => number;
  /** Unique name of the process. */
  readonly holder: string;
  readonly log: ReportLog;
  /** Naming of reports, and when they are first tried. */
  readonly naming: () => Promise<Pick<BuildDependencies, 'reportIdOf' | 'delayOf'>>;
  /** Told at each run whether the store has reached its size. */
  readonly onSize: (isFull: boolean) => void;
};

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;
const MEGABYTE = 1_000_000;
const JOB = 'build-reports';
/** Longer than a run may take between two renewals. */
const LEASE_SECONDS = 900;
/** Reports built between two renewals of the lease. */
const BUILT_AT_ONCE = 200;
/** Periods and policy configurations that are listed. */
const MAX_ENDED = 10_000;

/** The job. */
export class ReportBuilding {
  readonly #dependencies: BuildingDependencies;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isClosed = false;
  #failure: string | null = null;
  #forgottenDay = 0;

  constructor(dependencies: BuildingDependencies) {
    this.#dependencies = dependencies;
  }

  /** Why the last run failed; null: it did not. */
  get failure(): string | null {
    return this.#failure;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      void this.run().then(() => {
        if (!this.#isClosed) this.start();
      });
    }, MINUTE_MS);
    this.#timer.unref();
  }

  /** Ends after the report that is being built, and gives the lease to others. */
  async close(): Promise<void> {
    const { store, holder } = this.#dependencies;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
    await store.leases.release(JOB, holder).catch(() => undefined);
  }

  /** Does one run now. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Periods that ended and have rows in no report yet. @throws StoreFailure */
  ended(): Promise<OpenRows[]> {
    return this.#dependencies.store.counted.ended(this.#nowSeconds() - LATE_SECONDS, MAX_ENDED);
  }

  async #run(): Promise<void> {
    const { store, settings, log, onSize } = this.#dependencies;
    try {
      onSize((await store.size()) > settings.storeMaxMegabytes * MEGABYTE);
      await this.#build();
      if (this.#failure !== null) log.info({}, 'reports are built again');
      this.#failure = null;
    } catch (cause) {
      if (this.#failure === null) log.error({ err: cause }, 'reports could not be built: tried again in a minute');
      this.#failure = cause instanceof Error ? cause.message : String(cause);
    }
  }

  async #build(): Promise<void> {
    const { store, settings, log, naming } = this.#dependencies;
    if (!(await this.#hasLease())) return;
    const bounds = { maxRows: settings.reportMaxRows, maxOctets: settings.reportMaxMegabytes * MEGABYTE };
    const dependencies = { counted: store.counted, outgoing: store.outgoing, bounds, ...(await naming()) };
    for (;;) {
      const built = await buildReports(dependencies, this.#nowSeconds(), BUILT_AT_ONCE);
      if (built > 0) log.info({ built }, 'reports built');
      if (built < BUILT_AT_ONCE || this.#isClosed || !(await this.#hasLease())) break;
    }
    await this.#forget();
  }

  /** Takes the lease, or prolongs it. */
  async #hasLease(): Promise<boolean> {
    const { store, holder } = this.#dependencies;
    const lease = { job: JOB, holder, nowSeconds: this.#nowSeconds(), seconds: LEASE_SECONDS };
    return (await store.leases.take(lease)) !== null;
  }

  /** Once a day is enough. */
  async #forget(): Promise<void> {
    const { store, settings, log } = this.#dependencies;
    const today = Math.floor(this.#nowSeconds() / DAY_SECONDS);
    if (this.#forgottenDay === today) return;
    const forgotten = await store.outgoing.forget((today - settings.storeRetentionDays) * DAY_SECONDS);
    if (forgotten > 0) log.info({ forgotten }, 'old reports are gone from the store');
    this.#forgottenDay = today;
  }

  #nowSeconds(): number {
    return Math.floor(this.#dependencies.nowMs() / 1000);
  }
}
