/**
 * Messages counted for aggregate reports: one row for all that are alike, in one period and under
 * one policy configuration. A row is in no report until one is built; then it never changes again,
 * and messages that were counted late begin new rows, which go into a further report.
 */
import { createHash } from 'node:crypto';
import type { PolicyConfiguration, ReportPeriod } from '../../schemas/reports/outgoing-report.ts';
import { ReportRow } from '../../schemas/reports/report-row.ts';
import { type Engine, numberOf, type Row, type Statement, sql, textOf, valueGroups } from './engine.ts';

/** A row and how many messages it stands for. */
export type CountedRow = { readonly row: ReportRow; readonly count: number };

/** Messages of one kind, as they are written down. */
export type CountedMessages = {
  readonly period: ReportPeriod;
  readonly policy: PolicyConfiguration;
  readonly row: ReportRow;
  readonly count: number;
};

/** Rows of one period and one policy configuration that are in no report. */
export type OpenRows = ReportPeriod & PolicyConfiguration;

/** The first of the open rows, as many as one report takes. */
export type OpenPart = {
  readonly lastKey: string;
  readonly rows: number;
  readonly messages: number;
};

/** Bounds of one report. */
export type ReportBounds = { readonly maxRows: number; readonly maxOctets: number };

/** Counted messages. Every function rejects with StoreFailure when the store does not answer. */
export type CountedStore = {
  /**
   * Adds to the counts, once for each batch.
   * @param batch unique name: a batch that was written before, and whose answer was lost, is not
   * written again
   */
  add(batch: string, counted: readonly CountedMessages[], nowSeconds: number): Promise<void>;
  /** Open rows whose period ended before a time. */
  ended(beforeSeconds: number, limit: number): Promise<OpenRows[]>;
  /** The first part of open rows that fits into one report; null when there are none. */
  firstPart(open: OpenRows, bounds: ReportBounds): Promise<OpenPart | null>;
  /** Rows of a report, always in the same order. */
  rows(reportId: string): AsyncGenerator<CountedRow, void, undefined>;
  /** Rows in no report yet, and the messages in them. */
  open(): Promise<{ rows: number; messages: number }>;
};

/** Rows read at a time. */
const PAGE_ROWS = 1000;
/** Rows of one INSERT; SQLite takes 32,766 values. */
const INSERT_ROWS = 100;
const COLUMNS = 8;
/** Octets of a key: 120 bits, so that nobody finds two contents with the same one. */
const KEY_OCTETS = 15;

const digest = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, KEY_OCTETS).toString('base64url');

/** The key of a policy configuration. */
export const policyKey = ({ policyDomain, record }: PolicyConfiguration): string =>
  digest(JSON.stringify([policyDomain, record]));

/** Members in one order, so that the same content is the same text. */
const canonical = (row: ReportRow): ReportRow => ReportRow.parse(row);

/** Reads and writes counted messages. */
export const countedStore = (engine: Engine): CountedStore => ({
  add: async (batch, counted, nowSeconds) => {
    if (counted.length === 0) return;
    await engine.runIf([
      sql('INSERT INTO flushes VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING flush', batch, nowSeconds),
      ...inserts(counted),
    ]);
  },
  ended: (beforeSeconds, limit) => ended(engine, beforeSeconds, limit),
  firstPart: (open, bounds) => firstPart(engine, open, bounds),
  rows: (reportId) => rowsOf(engine, reportId),
  open: async () => {
    const [found] = await engine.run([
      sql("SELECT count(*) AS row_count, coalesce(sum(messages), 0) AS messages FROM counted WHERE report_id = ''"),
    ]);
    return { rows: numberOf(found?.[0], 'row_count'), messages: Number(found?.[0]?.messages ?? 0) };
  },
});

/**
 * No row is longer as XML: the elements of a row take 900 octets, those of a signature not twice
 * what its members take here, and an escape has 5 octets.
 */
const xmlOctets = (fields: string): number => {
  let escapes = 0;
  for (const character of fields) if (character === '&' || character === '<' || character === '>') escapes += 1;
  return 1000 + 2 * fields.length + 4 * escapes;
};

const inserts = (counted: readonly CountedMessages[]): Statement[] => {
  const policies = new Map<string, PolicyConfiguration>();
  const rows = counted.map(({ period, policy, row, count }) => {
    const key = policyKey(policy);
    policies.set(key, policy);
    const fields = JSON.stringify(canonical(row));
    const values = [
      period.beginSeconds,
      period.periodSeconds,
      key,
      '',
      digest(fields),
      fields,
      xmlOctets(fields),
      count,
    ];
    return { order: `${key} ${values[4]}`, values };
  });
  // Two instances that write the same rows in another order would wait for each other for ever.
  rows.sort((one, other) => (one.order < other.order ? -1 : 1));
  const statements = [...policies].map(([key, { policyDomain, record }]) =>
    sql('INSERT INTO policies VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', key, policyDomain, record),
  );
  for (let at = 0; at < rows.length; at += INSERT_ROWS) {
    const some = rows.slice(at, at + INSERT_ROWS);
    statements.push(
      sql(
        `INSERT INTO counted (begin_s, period_s, policy, report_id, row_key, fields, octets, messages)
        VALUES ${valueGroups(some.length, COLUMNS)}
        ON CONFLICT (report_id, begin_s, period_s, policy, row_key) DO UPDATE SET messages = counted.messages + excluded.messages`,
        ...some.flatMap(({ values }) => values),
      ),
    );
  }
  return statements;
};

/** One seek for each group: the index leads from one to the next, past all of its rows. */
const ended = async (engine: Engine, beforeSeconds: number, limit: number): Promise<OpenRows[]> => {
  const groups: OpenRows[] = [];
  let last: Row = { begin_s: -1, period_s: 0, policy: '' };
  while (groups.length < limit) {
    const [found = []] = await engine.run([
      sql(
        `SELECT c.begin_s, c.period_s, c.policy, p.domain, p.record FROM counted c JOIN policies p ON p.policy = c.policy
        WHERE c.report_id = '' AND (c.begin_s, c.period_s, c.policy) > ($1, $2, $3)
        ORDER BY c.begin_s, c.period_s, c.policy LIMIT 1`,
        numberOf(last, 'begin_s'),
        numberOf(last, 'period_s'),
        textOf(last, 'policy'),
      ),
    ]);
    const [next] = found;
    if (next === undefined || numberOf(next, 'begin_s') >= beforeSeconds) return groups;
    last = next;
    const period = { beginSeconds: numberOf(next, 'begin_s'), periodSeconds: numberOf(next, 'period_s') };
    if (period.beginSeconds + period.periodSeconds <= beforeSeconds)
      groups.push({ ...period, policyDomain: textOf(next, 'domain'), record: textOf(next, 'record') });
  }
  return groups;
};

const firstPart = async (engine: Engine, open: OpenRows, bounds: ReportBounds): Promise<OpenPart | null> => {
  const part = { lastKey: '', rows: 0, messages: 0, octets: 0 };
  for (;;) {
    const [page = []] = await engine.run([
      sql(
        `SELECT row_key, octets, messages FROM counted
        WHERE report_id = '' AND begin_s = $1 AND period_s = $2 AND policy = $3 AND row_key > $4
        ORDER BY row_key LIMIT $5`,
        open.beginSeconds,
        open.periodSeconds,
        policyKey(open),
        part.lastKey,
        PAGE_ROWS,
      ),
    ]);
    for (const row of page) {
      const octets = part.octets + numberOf(row, 'octets');
      // One row is taken whatever its size: a report without rows would never end.
      if (part.rows > 0 && (part.rows >= bounds.maxRows || octets > bounds.maxOctets)) return part;
      part.octets = octets;
      part.rows += 1;
      part.messages += numberOf(row, 'messages');
      part.lastKey = textOf(row, 'row_key');
    }
    if (page.length < PAGE_ROWS) return part.rows === 0 ? null : part;
  }
};

async function* rowsOf(engine: Engine, reportId: string): AsyncGenerator<CountedRow, void, undefined> {
  let last = '';
  for (;;) {
    const [page = []]: Row[][] = await engine.run([
      sql(
        'SELECT row_key, fields, messages FROM counted WHERE report_id = $1 AND row_key > $2 ORDER BY row_key LIMIT $3',
        reportId,
        last,
        PAGE_ROWS,
      ),
    ]);
    for (const row of page)
      yield { row: ReportRow.parse(JSON.parse(textOf(row, 'fields'))), count: numberOf(row, 'messages') };
    last = textOf(page.at(-1), 'row_key');
    if (page.length < PAGE_ROWS) return;
  }
}
