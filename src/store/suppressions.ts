/** Addresses that get no reports, and the bounces that put them there. */
import type { Suppression } from '../../schemas/reports/outgoing-report.ts';
import { type Engine, type Row, sql, textOf } from './engine.ts';

/** A report that came back from an address. */
type Bounce = { readonly address: string; readonly reportId: string; readonly atSeconds: number };

/**
 * Suppressed addresses. Every function rejects with StoreFailure when the store does not answer.
 */
export type Suppressions = {
  list(nowSeconds: number): Promise<Suppression[]>;
  /** The suppression of an address or of its domain that holds now, or null. */
  find(address: string, nowSeconds: number): Promise<Suppression | null>;
  add(suppression: Suppression): Promise<void>;
  /** @returns false when there was none */
  remove(target: string): Promise<boolean>;
  /**
   * Writes a bounce down, once for each report.
   * @returns reports that bounced at the address since a time
   */
  countBounce(bounce: Bounce, sinceSeconds: number): Promise<number>;
};

/** Reads and writes suppressions. */
export const suppressions = (engine: Engine): Suppressions => ({
  list: async (nowSeconds) => {
    const [rows = []] = await engine.run([
      sql(
        'SELECT target, reason, until_s FROM suppressions WHERE until_s IS NULL OR until_s > $1 ORDER BY target',
        nowSeconds,
      ),
    ]);
    return rows.map(suppressionOf);
  },
  find: async (address, nowSeconds) => {
    const lower = address.toLowerCase();
    const [rows = []] = await engine.run([
      sql(
        `SELECT target, reason, until_s FROM suppressions
        WHERE target IN ($1, $2) AND (until_s IS NULL OR until_s > $3) ORDER BY target LIMIT 1`,
        lower,
        lower.slice(lower.lastIndexOf('@') + 1),
        nowSeconds,
      ),
    ]);
    return rows[0] === undefined ? null : suppressionOf(rows[0]);
  },
  add: async ({ target, reason, untilSeconds }) => {
    await engine.run([
      sql(
        `INSERT INTO suppressions VALUES ($1, $2, $3)
        ON CONFLICT (target) DO UPDATE SET reason = excluded.reason, until_s = excluded.until_s`,
        target.toLowerCase(),
        reason,
        untilSeconds,
      ),
    ]);
  },
  remove: async (target) => {
    const lower = target.toLowerCase();
    const [rows = []] = await engine.run([
      sql('DELETE FROM suppressions WHERE target = $1 RETURNING target', lower),
      // Otherwise the next bounce would suppress it again at once.
      sql('DELETE FROM bounces WHERE address = $1', lower),
    ]);
    return rows.length > 0;
  },
  countBounce: async ({ address, reportId, atSeconds }, sinceSeconds) => {
    const lower = address.toLowerCase();
    const [, rows] = await engine.run([
      sql('INSERT INTO bounces VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', lower, reportId, atSeconds),
      sql('SELECT count(*) AS bounces FROM bounces WHERE address = $1 AND at_s >= $2', lower, sinceSeconds),
    ]);
    return Number(rows?.[0]?.bounces ?? 0);
  },
});

const suppressionOf = (row: Row): Suppression => ({
  target: textOf(row, 'target'),
  reason: textOf(row, 'reason'),
  untilSeconds: typeof row.until_s === 'number' ? row.until_s : null,
});
