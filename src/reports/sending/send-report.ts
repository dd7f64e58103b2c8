/**
 * One report: who may have it now, one mail to each of them, and what came of it, written down
 * after each address. An address that has the report never gets it again; one that does not answer
 * keeps the report waiting. The process may be killed between the acceptance and its commit: then
 * the same mail goes once more under the same Report-ID, Message-ID and file name, by which
 * receivers know a repeat (RFC 9990 section 3.5); never under another.
 */
import type { OutgoingDelivery, OutgoingReport, OutgoingState } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import { StoreFailure } from '../../store/engine.ts';
import type { OutgoingReports, ReportRows } from '../../store/outgoing-reports.ts';
import type { Suppressions } from '../../store/suppressions.ts';
import { countBounce } from './bounces.ts';
import type { Destination, Destinations } from './destinations.ts';
import { addressExclusion, reportExclusion } from './exclusion.ts';
import type { HostPace } from './host-pace.ts';
import { domainOf, mailboxOf } from './mailbox.ts';
import { delayToNextTry } from './retries.ts';
import type { Deliver, DeliveryOutcome } from './smtp-delivery.ts';
import { verpSender } from './verp.ts';

/**
 * Makes the mail of a report for an address: with the same Report-ID, Message-ID and file name at
 * every try. Rejects with StoreFailure when the rows cannot be read.
 */
export type ComposeMail = (
  report: OutgoingReport,
  rows: ReturnType<ReportRows>,
  address: string,
) => Promise<Uint8Array>;

/** What became of a report at an address, for the log and the counters. */
type SendingEvent = Pick<OutgoingReport, 'reportId' | 'policyDomain'> &
  Pick<OutgoingDelivery, 'uri' | 'state' | 'reason'>;

/** The settings that a sender follows. */
type SendingSettings = Pick<
  ReportSettings,
  | 'reportSender'
  | 'reportMinMessages'
  | 'reportExclude'
  | 'reportsPerHostMinute'
  | 'reportGiveUpHours'
  | 'reportMaxBounces'
  | 'reportSuppressDays'
>;

/** What one report is sent with. */
export type SendingParts = {
  readonly outgoing: Pick<OutgoingReports, 'deliveries' | 'saveDelivery' | 'saveTry'>;
  readonly rows: ReportRows;
  readonly suppressions: Pick<Suppressions, 'find' | 'add' | 'countBounce'>;
  readonly compose: ComposeMail;
  readonly deliver: Deliver;
  readonly find: (policyDomain: string) => Promise<Destinations>;
  readonly settings: SendingSettings;
  readonly nowSeconds: () => number;
  readonly observe: (event: SendingEvent) => void;
  /** An error of ours while a mail was made. */
  readonly onFault: (cause: unknown) => void;
};

/** What the reports of one run share. */
export type SendingRun = {
  readonly pace: HostPace;
  readonly bounceKey: Buffer;
  /** True while this process is the one that sends; asked right before each mail. */
  readonly maySend: () => Promise<boolean>;
  /** Writes down what became of a report at an address. */
  readonly save: (reportId: string, delivery: OutgoingDelivery) => Promise<void>;
  readonly signal: AbortSignal | undefined;
};

/** `stopped`: this process may not send any more; what was sent is written down. */
type ReportOutcome = 'done' | 'stopped';

/**
 * Sends one report.
 * @throws StoreFailure when the store does not answer: the report waits as before, less what was
 * written down
 */
export const sendReport = async (
  parts: SendingParts,
  run: SendingRun,
  report: OutgoingReport,
): Promise<ReportOutcome> => {
  const attempt = new Attempt(parts, run, report, await parts.outgoing.deliveries(report.reportId));
  const exclusion = reportExclusion(report, parts.settings);
  if (exclusion !== null) return attempt.withhold(exclusion);
  const found = await parts.find(report.policyDomain);
  switch (found.kind) {
    case 'none':
      return attempt.withhold(found.reason);
    case 'unknown':
      return attempt.postpone(found.reason);
    case 'found':
      return attempt.goThrough(found.destinations);
    default:
      return found satisfies never;
  }
};

const keyOf = (uri: string): string => (mailboxOf(uri) ?? uri).toLowerCase();

type Open = Extract<Destination, { kind: 'open' }>;

/** One try of a report at the addresses that do not have it. */
class Attempt {
  readonly #parts: SendingParts;
  readonly #run: SendingRun;
  readonly #report: OutgoingReport;
  readonly #deliveries: Map<string, OutgoingDelivery>;

  constructor(parts: SendingParts, run: SendingRun, report: OutgoingReport, saved: readonly OutgoingDelivery[]) {
    this.#parts = parts;
    this.#run = run;
    this.#report = report;
    this.#deliveries = new Map(saved.map((delivery) => [delivery.uri, delivery]));
  }

  /** Nobody else gets it. */
  async withhold(reason: string): Promise<ReportOutcome> {
    for (const { uri } of this.#inState('waiting')) await this.#record(uri, 'withheld', reason);
    return this.#settle(reason);
  }

  /** Nothing is known of any address. */
  async postpone(reason: string): Promise<ReportOutcome> {
    for (const { uri } of this.#inState('waiting')) await this.#record(uri, 'waiting', reason, 1);
    return this.#finish(reason);
  }

  async goThrough(destinations: readonly Destination[]): Promise<ReportOutcome> {
    const wanted = destinations.filter(({ uri }) => !this.#isSettled(uri));
    const bars = new Map<string, string>();
    for (const destination of wanted) {
      const bar = destination.kind === 'barred' ? destination.reason : await this.#exclusionOf(destination);
      if (bar !== null) bars.set(destination.uri, bar);
    }
    const open = wanted.filter(
      (destination): destination is Open => destination.kind === 'open' && !bars.has(destination.uri),
    );
    const turn = this.#turnOf(open);
    if (turn > this.#parts.nowSeconds()) return this.#waitForTurn(turn);
    for (const { uri } of this.#inState('waiting'))
      if (!wanted.some((destination) => destination.uri === uri))
        await this.#record(uri, 'withheld', `${this.#report.policyDomain} no longer asks for reports at this address`);
    for (const [uri, bar] of bars) await this.#record(uri, 'withheld', bar);
    for (const destination of wanted)
      if (destination.kind === 'unknown') await this.#record(destination.uri, 'waiting', destination.reason, 1);
    for (const destination of open) if ((await this.#send(destination)) === 'stopped') return 'stopped';
    return this.#finish(`${this.#report.policyDomain} asks for no reports any more`);
  }

  /**
   * Ends the try: the report waits for the next one while an address waits, as long as there is
   * time for tries.
   * @param reason what is told when there is no address
   */
  async #finish(reason: string): Promise<ReportOutcome> {
    const { reportGiveUpHours } = this.#parts.settings;
    const waiting = this.#inState('waiting');
    const [first] = waiting;
    if (first === undefined && this.#deliveries.size > 0) return this.#settle(reason);
    const tries = this.#report.tries + 1;
    const delaySeconds = delayToNextTry(tries, reportGiveUpHours);
    if (delaySeconds !== null) {
      const nextTrySeconds = this.#parts.nowSeconds() + delaySeconds;
      await this.#saveTry({ state: 'waiting', tries, nextTrySeconds, reason: first?.reason ?? reason });
      return 'done';
    }
    const tooLate = `not taken within ${reportGiveUpHours} hours (REPORT_GIVE_UP_HOURS); last: `;
    for (const delivery of waiting) await this.#record(delivery.uri, 'given-up', `${tooLate}${delivery.reason}`);
    if (first !== undefined) return this.#settle(reason);
    await this.#saveTry({ state: 'given-up', tries, nextTrySeconds: 0, reason: `${tooLate}${reason}` });
    return 'done';
  }

  /** However the record writes the address now. */
  #isSettled(uri: string): boolean {
    return [...this.#deliveries.values()].some(
      (delivery) => delivery.state !== 'waiting' && keyOf(delivery.uri) === keyOf(uri),
    );
  }

  #inState(state: OutgoingState): OutgoingDelivery[] {
    return [...this.#deliveries.values()].filter((delivery) => delivery.state === state);
  }

  /** Every address has an end. */
  async #settle(reason: string): Promise<ReportOutcome> {
    for (const state of ['given-up', 'sent', 'withheld'] as const) {
      const [first] = this.#inState(state);
      if (first === undefined) continue;
      await this.#saveTry({ state, tries: this.#report.tries + 1, nextTrySeconds: 0, reason: first.reason });
      return 'done';
    }
    await this.#saveTry({ state: 'withheld', tries: this.#report.tries, nextTrySeconds: 0, reason });
    return 'done';
  }

  #saveTry(outcome: Parameters<SendingParts['outgoing']['saveTry']>[1]): Promise<void> {
    return this.#parts.outgoing.saveTry(this.#report.reportId, outcome);
  }

  /** @param tried 1 for a try; 0 where nothing was tried */
  async #record(uri: string, state: OutgoingState, reason: string, tried: 0 | 1 = 0): Promise<void> {
    const before = this.#deliveries.get(uri);
    const delivery: OutgoingDelivery = {
      uri,
      state,
      tries: (before?.tries ?? 0) + tried,
      reason,
      changedSeconds: before?.state === state ? before.changedSeconds : this.#parts.nowSeconds(),
    };
    this.#deliveries.set(uri, delivery);
    await this.#run.save(this.#report.reportId, delivery);
    const { reportId, policyDomain } = this.#report;
    this.#parts.observe({ reportId, policyDomain, uri, state, reason });
  }

  #exclusionOf({ uri }: Destination): Promise<string | null> {
    const { settings, suppressions, nowSeconds } = this.#parts;
    return addressExclusion(mailboxOf(uri) ?? '', settings, suppressions, nowSeconds());
  }

  #turnOf(open: readonly Open[]): number {
    const domains = new Set(open.map(({ address }) => domainOf(address)));
    return this.#run.pace.take(this.#report.reportId, domains, this.#parts.nowSeconds());
  }

  async #waitForTurn(nextTrySeconds: number): Promise<ReportOutcome> {
    const reason = `waits its turn: REPORTS_PER_HOST_MINUTE (${this.#parts.settings.reportsPerHostMinute}) reports go to a domain in a minute`;
    await this.#saveTry({ state: 'waiting', tries: this.#report.tries, nextTrySeconds, reason });
    return 'done';
  }

  async #send({ uri, address, maxBytes }: Open): Promise<ReportOutcome> {
    const { signal, bounceKey, maySend } = this.#run;
    if (signal?.aborted) return 'stopped';
    const mail = await this.#compose(address);
    if (mail === null) return this.#noteTry(uri, 'waiting', 'the report could not be put together');
    if (maxBytes !== null && mail.length > maxBytes) {
      const reason = `the mail has ${mail.length} octets, and the record lets this address have ${maxBytes}`;
      await this.#record(uri, 'withheld', reason);
      return 'done';
    }
    // Right before the mail: making it may have taken long.
    if (!(await maySend())) return 'stopped';
    const { reportId } = this.#report;
    const from = verpSender(this.#parts.settings.reportSender, { reportId, address }, bounceKey);
    const outcome = await this.#parts.deliver({ from, to: address }, mail, signal);
    return this.#take(uri, address, outcome);
  }

  async #take(uri: string, address: string, { kind, reply }: DeliveryOutcome): Promise<ReportOutcome> {
    switch (kind) {
      case 'accepted':
        return this.#noteTry(uri, 'sent', `taken by the mail server: ${reply}`);
      case 'refused':
        await this.#record(uri, 'given-up', `refused: ${reply}`, 1);
        await countBounce(this.#parts, { reportId: this.#report.reportId, address }, reply);
        return 'done';
      case 'later':
        // Whoever stops the process did not try.
        return this.#run.signal?.aborted ? 'stopped' : this.#noteTry(uri, 'waiting', reply);
      default:
        return kind satisfies never;
    }
  }

  async #noteTry(uri: string, state: OutgoingState, reason: string): Promise<ReportOutcome> {
    await this.#record(uri, state, reason, 1);
    return 'done';
  }

  /** Null after an error of ours, which must not stop the reports behind this one. */
  async #compose(address: string): Promise<Uint8Array | null> {
    try {
      return await this.#parts.compose(this.#report, this.#parts.rows(this.#report.reportId), address);
    } catch (cause) {
      if (cause instanceof StoreFailure) throw cause;
      this.#parts.onFault(cause);
      return null;
    }
  }
}
