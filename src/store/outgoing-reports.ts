/**
 * Reports that are sent, and what became of each at its addresses. A report is built in one
 * transaction with its rows, so that no row is in two reports and none is lost between.
 */
import type {
  OutgoingDelivery,
  OutgoingReport,
  PolicyConfiguration,
  ReportPeriod,
} from '../../schemas/reports/outgoing-report.ts';
import { OutgoingState } from '../../schemas/reports/outgoing-report.ts';
import { type CountedRow, type OpenPart, type OpenRows, policyKey } from './counted-messages.ts';
import { type Engine, numberOf, type Row, type Statement, sql, textOf } from './engine.ts';

/** What a try left behind. */
type Try = {
  readonly state: OutgoingState;
  readonly tries: number;
  readonly nextTrySeconds: number;
  readonly reason: string;
};

/** Which reports are listed. */
export type ReportFilter = {
  readonly policyDomain?: string | undefined;
  readonly state?: OutgoingState | undefined;
  /** Report-ID of the last report of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
};

/** A report that is to be built of open rows. */
type NewReport = {
  readonly reportId: string;
  readonly open: OpenRows;
  readonly part: OpenPart;
  readonly builtSeconds: number;
  readonly nextTrySeconds: number;
};

/**
 * Reports that are sent. Every function rejects with StoreFailure when the store does not answer.
 */
export type OutgoingReports = {
  /**
   * Builds a report of the first open rows.
   * @returns false when there is one with this Report-ID
   */
  build(report: NewReport): Promise<boolean>;
  /** How many reports there are of a period and policy configuration. */
  count(of: ReportPeriod & PolicyConfiguration): Promise<number>;
  /** Waiting reports whose next try is due, longest waiting first. */
  due(nowSeconds: number, limit: number): Promise<OutgoingReport[]>;
  find(reportId: string): Promise<OutgoingReport | null>;
  /** Newest first. */
  list(filter: ReportFilter): Promise<OutgoingReport[]>;
  /** How many reports are in each state. */
  states(): Promise<Record<OutgoingState, number>>;
  deliveries(reportId: string): Promise<OutgoingDelivery[]>;
  saveDelivery(reportId: string, delivery: OutgoingDelivery): Promise<void>;
  saveTry(reportId: string, outcome: Try): Promise<void>;
  /** Forgets reports of periods that ended before a time, with their rows and deliveries. */
  forget(beforeSeconds: number): Promise<number>;
};

/** What a sender needs of the rows. */
export type ReportRows = (reportId: string) => AsyncIterable<CountedRow>;

const COLUMNS = `r.report_id, p.domain, p.record, r.begin_s, r.period_s, r.row_count, r.messages,
  r.state, r.tries, r.next_s, r.reason, r.built_s`;
const FROM = 'FROM reports r JOIN policies p ON p.policy = r.policy';
/** Reports forgotten in one transaction: none may hold others up for long. */
const FORGET_AT_ONCE = 50;

/** Reads and writes outgoing reports. */
export const outgoingReports = (engine: Engine): OutgoingReports => {
  const select = async (rest: string, ...values: (string | number)[]): Promise<OutgoingReport[]> => {
    const [rows = []] = await engine.run([sql(`SELECT ${COLUMNS} ${FROM} ${rest}`, ...values)]);
    return rows.map(reportOf);
  };
  return {
    build: (report) => build(engine, report),
    count: async (of) => {
      const [rows] = await engine.run([
        sql(
          'SELECT count(*) AS reports FROM reports WHERE policy = $1 AND begin_s = $2 AND period_s = $3',
          policyKey(of),
          of.beginSeconds,
          of.periodSeconds,
        ),
      ]);
      return numberOf(rows?.[0], 'reports');
    },
    due: (nowSeconds, limit) =>
      select("WHERE r.state = 'waiting' AND r.next_s <= $1 ORDER BY r.next_s, r.report_id LIMIT $2", nowSeconds, limit),
    find: async (reportId) => (await select('WHERE r.report_id = $1', reportId))[0] ?? null,
    list: ({ policyDomain = '', state = '', after = '', limit }) =>
      select(
        `WHERE ($1 = '' OR p.domain = $1) AND ($2 = '' OR r.state = $2)
        AND ($3 = '' OR (r.built_s, r.report_id) < (SELECT built_s, report_id FROM reports WHERE report_id = $3))
        ORDER BY r.built_s DESC, r.report_id DESC LIMIT $4`,
        policyDomain,
        state,
        after,
        limit,
      ),
    states: async () => {
      const [rows = []] = await engine.run([sql('SELECT state, count(*) AS reports FROM reports GROUP BY state')]);
      const counts = { waiting: 0, sent: 0, withheld: 0, 'given-up': 0 };
      for (const row of rows) counts[OutgoingState.parse(row.state)] = numberOf(row, 'reports');
      return counts;
    },
    deliveries: async (reportId) => {
      const [rows = []] = await engine.run([
        sql('SELECT uri, state, tries, reason, changed_s FROM deliveries WHERE report_id = $1 ORDER BY uri', reportId),
      ]);
      return rows.map(deliveryOf);
    },
    saveDelivery: async (reportId, delivery) => {
      await engine.run([saveDelivery(reportId, delivery)]);
    },
    saveTry: async (reportId, { state, tries, nextTrySeconds, reason }) => {
      await engine.run([
        sql(
          'UPDATE reports SET state = $2, tries = $3, next_s = $4, reason = $5 WHERE report_id = $1',
          reportId,
          state,
          tries,
          nextTrySeconds,
          reason,
        ),
      ]);
    },
    forget: (beforeSeconds) => forget(engine, beforeSeconds),
  };
};

/** What a peer accepted stays accepted, whoever writes last. */
const saveDelivery = (reportId: string, { uri, state, tries, reason, changedSeconds }: OutgoingDelivery): Statement =>
  sql(
    `INSERT INTO deliveries VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (report_id, uri) DO UPDATE
    SET state = excluded.state, tries = excluded.tries, reason = excluded.reason, changed_s = excluded.changed_s
    WHERE deliveries.state <> 'sent'`,
    reportId,
    uri,
    state,
    tries,
    reason,
    changedSeconds,
  );

const build = async (engine: Engine, { reportId, open, part, builtSeconds, nextTrySeconds }: NewReport) => {
  const policy = policyKey(open);
  const built = await engine.runIf([
    sql(
      `INSERT INTO reports VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, '', $8)
      ON CONFLICT DO NOTHING RETURNING report_id`,
      reportId,
      policy,
      open.beginSeconds,
      open.periodSeconds,
      0,
      0,
      nextTrySeconds,
      builtSeconds,
    ),
    sql(
      `UPDATE counted SET report_id = $1
      WHERE report_id = '' AND begin_s = $2 AND period_s = $3 AND policy = $4 AND row_key <= $5`,
      reportId,
      open.beginSeconds,
      open.periodSeconds,
      policy,
      part.lastKey,
    ),
    // Counted here and not by the caller: a message that came in since is in the row.
    sql(
      `UPDATE reports SET row_count = (SELECT count(*) FROM counted WHERE report_id = $1),
      messages = (SELECT coalesce(sum(messages), 0) FROM counted WHERE report_id = $1) WHERE report_id = $1`,
      reportId,
    ),
  ]);
  return built !== null;
};

const forget = async (engine: Engine, beforeSeconds: number): Promise<number> => {
  let forgotten = 0;
  for (;;) {
    const old = `SELECT report_id FROM reports WHERE begin_s + period_s < ${Math.trunc(beforeSeconds)} AND state <> 'waiting'
      ORDER BY report_id LIMIT ${FORGET_AT_ONCE}`;
    const [, , gone = []] = await engine.run([
      sql(`DELETE FROM counted WHERE report_id IN (${old})`),
      sql(`DELETE FROM deliveries WHERE report_id IN (${old})`),
      sql(`DELETE FROM reports WHERE report_id IN (${old}) RETURNING report_id`),
    ]);
    forgotten += gone.length;
    if (gone.length < FORGET_AT_ONCE) break;
  }
  await engine.run([
    sql('DELETE FROM flushes WHERE at_s < $1', beforeSeconds),
    sql('DELETE FROM bounces WHERE at_s < $1', beforeSeconds),
    sql(
      'DELETE FROM policies WHERE policy NOT IN (SELECT policy FROM counted) AND policy NOT IN (SELECT policy FROM reports)',
    ),
  ]);
  return forgotten;
};

const reportOf = (row: Row): OutgoingReport => ({
  reportId: textOf(row, 'report_id'),
  policyDomain: textOf(row, 'domain'),
  record: textOf(row, 'record'),
  beginSeconds: numberOf(row, 'begin_s'),
  periodSeconds: numberOf(row, 'period_s'),
  rows: numberOf(row, 'row_count'),
  messages: numberOf(row, 'messages'),
  state: OutgoingState.parse(row.state),
  tries: numberOf(row, 'tries'),
  nextTrySeconds: numberOf(row, 'next_s'),
  reason: textOf(row, 'reason'),
  builtSeconds: numberOf(row, 'built_s'),
});

const deliveryOf = (row: Row): OutgoingDelivery => ({
  uri: textOf(row, 'uri'),
  state: OutgoingState.parse(row.state),
  tries: numberOf(row, 'tries'),
  reason: textOf(row, 'reason'),
  changedSeconds: numberOf(row, 'changed_s'),
});
