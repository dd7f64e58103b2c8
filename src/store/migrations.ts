/**
 * The tables, as numbered steps that are never changed once they were released: a later version
 * adds a step. Written once for both engines. Times are seconds of Unix time.
 */

/** Steps in order; the version of a store is how many of them it has. */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    // The policy configurations that messages were judged by, by the digest of domain and record.
    'CREATE TABLE policies (policy TEXT PRIMARY KEY, domain TEXT NOT NULL, record TEXT NOT NULL)',
    // One row of a report and its count. An empty report_id: in no report yet.
    `CREATE TABLE counted (
      begin_s BIGINT NOT NULL, period_s BIGINT NOT NULL, policy TEXT NOT NULL, report_id TEXT NOT NULL, row_key TEXT NOT NULL,
      fields TEXT NOT NULL, octets BIGINT NOT NULL, messages BIGINT NOT NULL,
      PRIMARY KEY (report_id, begin_s, period_s, policy, row_key))`,
    // Batches that were written, so that one whose answer was lost is not counted twice.
    'CREATE TABLE flushes (flush TEXT PRIMARY KEY, at_s BIGINT NOT NULL)',
    `CREATE TABLE reports (
      report_id TEXT PRIMARY KEY, policy TEXT NOT NULL, begin_s BIGINT NOT NULL, period_s BIGINT NOT NULL,
      row_count BIGINT NOT NULL, messages BIGINT NOT NULL, state TEXT NOT NULL, tries BIGINT NOT NULL,
      next_s BIGINT NOT NULL, reason TEXT NOT NULL, built_s BIGINT NOT NULL)`,
    'CREATE INDEX reports_due ON reports (state, next_s)',
    'CREATE INDEX reports_built ON reports (built_s, report_id)',
    'CREATE INDEX reports_period ON reports (policy, begin_s, period_s)',
    `CREATE TABLE deliveries (
      report_id TEXT NOT NULL, uri TEXT NOT NULL, state TEXT NOT NULL, tries BIGINT NOT NULL,
      reason TEXT NOT NULL, changed_s BIGINT NOT NULL, PRIMARY KEY (report_id, uri))`,
    'CREATE TABLE suppressions (target TEXT PRIMARY KEY, reason TEXT NOT NULL, until_s BIGINT)',
    'CREATE TABLE bounces (address TEXT NOT NULL, report_id TEXT NOT NULL, at_s BIGINT NOT NULL, PRIMARY KEY (address, report_id))',
    'CREATE TABLE leases (job TEXT PRIMARY KEY, holder TEXT NOT NULL, token BIGINT NOT NULL, until_s BIGINT NOT NULL)',
    'CREATE TABLE notes (name TEXT PRIMARY KEY, content TEXT NOT NULL)',
  ],
];
