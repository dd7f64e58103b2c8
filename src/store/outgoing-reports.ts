/** Reports that are sent, and what became of them at each address: the contract; see below. */
import type { OutgoingDelivery, OutgoingReport, OutgoingState } from '../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../schemas/reports/report-row.ts';

/** A row and how many messages it stands for. */
export type CountedRow = { readonly row: ReportRow; readonly count: number };

/** What a try left behind. */
export type Try = {
  readonly state: OutgoingState;
  readonly tries: number;
  readonly nextTrySeconds: number;
  readonly reason: string;
};

/** Which reports are listed. */
export type ReportFilter = {
  readonly policyDomain?: string | undefined;
  readonly state?: OutgoingState | undefined;
  /** Only reports that come after this one in the list. */
  readonly after?: string | undefined;
  readonly limit: number;
};

/** Reports that are sent. Every function rejects with StoreFailure when the store does not answer. */
export type OutgoingReports = {
  /** Waiting reports whose next try is due, longest waiting first. */
  due(nowSeconds: number, limit: number): Promise<OutgoingReport[]>;
  find(reportId: string): Promise<OutgoingReport | null>;
  /** Newest first. */
  list(filter: ReportFilter): Promise<OutgoingReport[]>;
  deliveries(reportId: string): Promise<OutgoingDelivery[]>;
  saveDelivery(reportId: string, delivery: OutgoingDelivery): Promise<void>;
  saveTry(reportId: string, outcome: Try): Promise<void>;
  /** Rows of a report in an order that never changes. */
  rows(reportId: string): AsyncIterable<CountedRow>;
};

/** An address that gets no reports. */
export type Suppression = {
  /** A mail address, or a domain for every address at it. Lower case. */
  readonly target: string;
  readonly reason: string;
  /** Unix time; null: for good. */
  readonly untilSeconds: number | null;
};

/** Addresses that get no reports, and bounces on the way there. */
export type Suppressions = {
  list(nowSeconds: number): Promise<Suppression[]>;
  /** The suppression of an address or of its domain that holds now, or null. */
  find(address: string, nowSeconds: number): Promise<Suppression | null>;
  add(suppression: Suppression): Promise<void>;
  /** @returns false when there was none */
  remove(target: string): Promise<boolean>;
  /** Counts one bounce of a report at an address. @returns distinct reports that bounced there since `sinceSeconds` */
  countBounce(address: string, reportId: string, nowSeconds: number, sinceSeconds: number): Promise<number>;
};

/** A job of which one process at a time may run. */
export type Leases = {
  /**
   * Takes or renews the lease of a job.
   * @returns a fencing token that grows with each holder; null when another process has it
   */
  take(job: string, holder: string, nowSeconds: number, seconds: number): Promise<number | null>;
  /** True while the token is that of the last holder. */
  holds(job: string, token: number): Promise<boolean>;
  release(job: string, holder: string): Promise<void>;
};

/** Small facts that outlive a process, by name. */
export type Notes = {
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
};
