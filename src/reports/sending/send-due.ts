/**
 * Sends the reports that are due, one at a time, in one process among those that share a store. The
 * lease is renewed right before each mail and lasts longer than a mail can take, so that two
 * processes never send at once. Clock and randomness are arguments; no timer is here.
 */
import type { OutgoingDelivery, OutgoingReport } from '../../../schemas/reports/outgoing-report.ts';
import type { Leases, Notes } from '../../store/leases.ts';
import type { OutgoingReports } from '../../store/outgoing-reports.ts';
import { bounceKeyOf } from './bounce-key.ts';
import { HostPace } from './host-pace.ts';
import { type SendingParts, type SendingRun, sendReport } from './send-report.ts';
import { MAX_DELIVERY_SECONDS } from './smtp-delivery.ts';

/** What a run came to. A closed union. */
export type SendingOutcome =
  | {
      readonly kind: 'done';
      readonly reports: number;
      /** True when more may be due. */
      readonly hasMore: boolean;
    }
  /** The check of the report mail was not passed; nothing is sent before. */
  | { readonly kind: 'not-cleared' }
  /** Another process sends. */
  | { readonly kind: 'not-ours' }
  /** The caller stopped it, or another process took over. */
  | { readonly kind: 'stopped' };

/** What the sender is made of. */
type SenderParts = Omit<SendingParts, 'outgoing'> & {
  readonly outgoing: SendingParts['outgoing'] & Pick<OutgoingReports, 'due'>;
  readonly leases: Pick<Leases, 'take' | 'release'>;
  readonly notes: Pick<Notes, 'keep'>;
  /** Whether report mail passed its check. */
  readonly isCleared: () => Promise<boolean>;
  /** Unique name of this process. */
  readonly holder: string;
  /** Octets that nobody can guess. */
  readonly makeRandom: (octets: number) => Buffer;
};

const JOB = 'send-reports';
/** Lets clocks of two machines differ by five minutes. */
const LEASE_SECONDS = MAX_DELIVERY_SECONDS + 300;
/** Reports taken from the store at a time. */
const BATCH = 50;

/** The one that sends. */
export class ReportSender {
  readonly #parts: SenderParts;
  readonly #pace: HostPace;
  #lastRun: Promise<unknown> = Promise.resolve();
  /** What an address did and the store did not take: written down before anything else is sent. */
  #unsaved: { readonly reportId: string; readonly delivery: OutgoingDelivery } | null = null;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#pace = new HostPace(parts.settings.reportsPerHostMinute);
  }

  /**
   * Sends what is due, at most one batch. Calls at the same time run one after another: the lease
   * is that of the process.
   * @throws StoreFailure when the store does not answer; nothing is lost, call again later
   */
  sendDue(signal?: AbortSignal): Promise<SendingOutcome> {
    const run = this.#lastRun.then(() => this.#sendDue(signal));
    this.#lastRun = run.catch(() => undefined);
    return run;
  }

  async #sendDue(signal: AbortSignal | undefined): Promise<SendingOutcome> {
    if (this.#unsaved !== null) await this.#save(this.#unsaved.reportId, this.#unsaved.delivery);
    if (!(await this.#parts.isCleared())) return { kind: 'not-cleared' };
    const token = await this.#takeLease();
    if (token === null) return { kind: 'not-ours' };
    const run: SendingRun = {
      pace: this.#pace,
      bounceKey: await bounceKeyOf(this.#parts.notes, this.#parts.makeRandom),
      maySend: async () => (await this.#takeLease()) === token,
      save: (reportId, delivery) => this.#save(reportId, delivery),
      signal,
    };
    return this.#sendAll(await this.#parts.outgoing.due(this.#parts.nowSeconds(), BATCH), run);
  }

  /** Lets another process send at once. */
  async release(): Promise<void> {
    await this.#parts.leases.release(JOB, this.#parts.holder);
  }

  async #sendAll(reports: readonly OutgoingReport[], run: SendingRun): Promise<SendingOutcome> {
    for (const report of reports) {
      if (run.signal?.aborted || (await sendReport(this.#parts, run, report)) === 'stopped') return { kind: 'stopped' };
    }
    return { kind: 'done', reports: reports.length, hasMore: reports.length === BATCH };
  }

  #takeLease(): Promise<number | null> {
    const { leases, holder, nowSeconds } = this.#parts;
    return leases.take({ job: JOB, holder, nowSeconds: nowSeconds(), seconds: LEASE_SECONDS });
  }

  async #save(reportId: string, delivery: OutgoingDelivery): Promise<void> {
    this.#unsaved = { reportId, delivery };
    await this.#parts.outgoing.saveDelivery(reportId, delivery);
    this.#unsaved = null;
  }
}
