/**
 * DMARC reports of one service: counts what its mail servers were told, builds reports each minute
 * as long as this process has the lease, and has them sent. Nothing here holds up mail: a store or
 * a mail server that does not answer is logged once, told by the status, and tried again.
 */
import type {
  OutgoingReportDetail,
  OutgoingReportPage,
  ReportingStatus,
} from '../../schemas/reports/outgoing-report.ts';
import type { ReportCheck } from '../../schemas/reports/report-check.ts';
import type { ReportSettings } from '../../schemas/settings/reports.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { Decision } from '../pipeline/decision.ts';
import type { OpenRows } from '../store/counted-messages.ts';
import type { ReportFilter } from '../store/outgoing-reports.ts';
import type { Store } from '../store/store.ts';
import { type BuildingDependencies, ReportBuilding } from './outgoing/building.ts';
import { toCounted } from './outgoing/count.ts';
import { MessageCounter, type ReportLog } from './outgoing/message-counter.ts';
import type { takeBounce } from './sending/bounces.ts';
import { bareAddress } from './sending/mailbox.ts';
import { isPassed, type sendSample } from './sending/preflight.ts';
import type { ReportSender, SendingOutcome } from './sending/send-due.ts';
import { startSending } from './sending/sender.ts';
import { readVerp } from './sending/verp.ts';

/** The check of report mail. Every function rejects with StoreFailure. */
type ReportChecks = {
  /** The last check with these settings; null: there was none. */
  readonly read: () => Promise<ReportCheck | null>;
  /** Lets reports be sent without a check. */
  readonly force: () => Promise<void>;
  /** Sends a sample; null where no mail server is set. */
  readonly send: (address: string) => Promise<Awaited<ReturnType<typeof sendSample>> | null>;
  /** Judges the sample as it arrived; null: none was sent. */
  readonly judge: (message: Buffer, verify: (message: Buffer) => Promise<Verdict>) => Promise<ReportCheck | null>;
};

/** What reporting is made from. */
type ReportingDependencies = {
  readonly store: Store;
  readonly settings: ReportSettings;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly log: ReportLog;
  readonly naming: BuildingDependencies['naming'];
  /** Sends what is due; null where no mail server is set. */
  readonly sender: ReportSender | null;
  /** Waits; ends early when the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** The check of report mail before the first report. */
  readonly check: ReportChecks;
  readonly takeBounce: (recipient: string, message: Buffer) => ReturnType<typeof takeBounce>;
  /** The XML of a report. */
  readonly xmlOf: (detail: OutgoingReportDetail['report']) => AsyncIterable<string>;
};

/** Bounces read at one time; beyond it they are let pass unread, and the next one counts. */
const MAX_BOUNCES = 4;
/** A notification stands at the beginning; the message that came back is not read. */
const MAX_BOUNCE_BYTES = 262_144;

/** Reporting of one process. */
export class Reporting {
  readonly #dependencies: ReportingDependencies;
  readonly #counter: MessageCounter;
  readonly #building: ReportBuilding;
  #stopSending: (() => Promise<void>) | null = null;
  /** Bounces that are read now. */
  #bounces = 0;

  constructor(dependencies: ReportingDependencies) {
    const { store, settings, nowMs, newId, log } = dependencies;
    this.#dependencies = dependencies;
    this.#counter = new MessageCounter({
      store: store.counted,
      periodSeconds: settings.reportPeriodHours * 3600,
      nowMs,
      newId,
      log,
    });
    this.#building = new ReportBuilding({
      ...dependencies,
      holder: newId(),
      onSize: (isFull) => this.#counter.setFull(isFull),
    });
  }

  /** Counts a message whose mail server gets this decision. Never throws, never waits. */
  readonly onMessage = (decision: Decision, facts: SmtpFacts): void => {
    try {
      const counted = toCounted(decision, facts, this.#dependencies.settings);
      if (counted !== null) this.#counter.count(counted);
    } catch (cause) {
      // The mail server has its answer all the same.
      this.#dependencies.log.error({ err: cause }, 'a message could not be counted for reports');
    }
  };

  /**
   * Looks whether a message is a report that came back, before its octets are given away. Copies
   * only what comes to an address that reports are sent from, which nobody else writes to.
   */
  readonly onContent = (octets: Buffer, { rcptTo = [] }: SmtpFacts): void => {
    const { takeBounce: take, settings, log } = this.#dependencies;
    const recipient = rcptTo.find((address) => readVerp(bareAddress(address), settings.reportSender) !== null);
    if (recipient === undefined || this.#bounces >= MAX_BOUNCES) return;
    this.#bounces += 1;
    take(bareAddress(recipient), Buffer.from(octets.subarray(0, MAX_BOUNCE_BYTES)))
      .then((outcome) => log.info({ outcome }, 'a message came to an address of reports'))
      .catch((cause: unknown) => log.warn({ err: cause }, 'a bounce of a report could not be counted'))
      .finally(() => {
        this.#bounces -= 1;
      });
  };

  /** Begins the jobs. */
  start(): void {
    const { sender, wait, log } = this.#dependencies;
    if (sender !== null)
      this.#stopSending = startSending({
        sender,
        wait,
        onOutcome: () => undefined,
        onFailure: (cause) => log.error({ err: cause }, 'reports could not be sent: tried again'),
      });
    this.#building.start();
  }

  /**
   * Writes what was counted, lets a delivery that is under way end, and gives the lease to others.
   */
  async close(): Promise<void> {
    await Promise.all([this.#counter.close(), this.#building.close(), this.#stopSending?.()]);
    await this.#dependencies.store.close();
  }

  /** What this process counted. */
  counted(): ReturnType<MessageCounter['state']> {
    return this.#counter.state();
  }

  /** Writes what was counted. Never rejects: what cannot be written waits on. */
  flush(): Promise<void> {
    return this.#counter.flush();
  }

  /** Periods that ended and have rows in no report yet: what a building now would build of. */
  ended(): Promise<OpenRows[]> {
    return this.#building.ended();
  }

  /** Sends what is due until nothing more is. @throws StoreFailure */
  async sendNow(): Promise<SendingOutcome> {
    const { sender } = this.#dependencies;
    if (sender === null) return { kind: 'not-cleared' };
    for (;;) {
      const outcome = await sender.sendDue();
      if (outcome.kind !== 'done' || !outcome.hasMore) {
        await sender.release();
        return outcome;
      }
    }
  }

  /** Does one run of the building now. Never rejects. */
  run(): Promise<void> {
    return this.#building.run();
  }

  /** How it is; never rejects for what the store does. */
  async status(): Promise<ReportingStatus> {
    const { store, check, sender } = this.#dependencies;
    const { waiting, written, lost, failure } = this.#counter.state();
    const ask = <Answer>(question: () => Promise<Answer>): Promise<Answer | null> => question().catch(() => null);
    const [storeBytes, open, reports, last] = await Promise.all([
      ask(() => store.size()),
      ask(() => store.counted.open()),
      ask(() => store.outgoing.states()),
      ask(check.read),
    ]);
    return {
      store: store.kind,
      storeBytes,
      failure: failure ?? this.#building.failure,
      isSending: sender !== null && isPassed(last),
      check: last,
      counted: { waiting, written, lost, openRows: open?.rows ?? null, openMessages: open?.messages ?? null },
      reports,
    };
  }

  /** One page of reports. @throws StoreFailure */
  async list(filter: ReportFilter): Promise<OutgoingReportPage> {
    const reports = await this.#dependencies.store.outgoing.list({ ...filter, limit: filter.limit + 1 });
    const page = reports.slice(0, filter.limit);
    return { reports: page, next: reports.length > page.length ? (page.at(-1)?.reportId ?? null) : null };
  }

  /** One report; null: there is none of that id. @throws StoreFailure */
  async find(reportId: string): Promise<OutgoingReportDetail | null> {
    const { outgoing } = this.#dependencies.store;
    const report = await outgoing.find(reportId);
    return report === null ? null : { report, deliveries: await outgoing.deliveries(reportId) };
  }

  /** The XML of a report, as it is sent before it is compressed. */
  get xmlOf(): ReportingDependencies['xmlOf'] {
    return this.#dependencies.xmlOf;
  }

  get check(): ReportChecks {
    return this.#dependencies.check;
  }

  get takeBounce(): ReportingDependencies['takeBounce'] {
    return this.#dependencies.takeBounce;
  }

  get suppressions(): Store['suppressions'] {
    return this.#dependencies.store.suppressions;
  }
}
