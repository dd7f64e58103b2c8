/**
 * A job of which one process at a time may run, and small facts by name. A lease has a token that
 * grows with each holder: who wakes up late finds that its own is no longer the last.
 */
import { type Engine, numberOf, sql, textOf } from './engine.ts';

/** Leases. Every function rejects with StoreFailure when the store does not answer. */
export type Leases = {
  /**
   * Takes the lease of a job, or prolongs it.
   * @param holder unique name of the process
   * @returns the token; null while another process has it
   */
  take(lease: {
    readonly job: string;
    readonly holder: string;
    readonly nowSeconds: number;
    readonly seconds: number;
  }): Promise<number | null>;
  /** True while nobody took the lease after the holder of this token. */
  holds(job: string, token: number): Promise<boolean>;
  release(job: string, holder: string): Promise<void>;
};

/** Small facts that outlive a process, by name. */
export type Notes = {
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
  /** Writes unless there is such a note. @returns what is there now, the same for every process */
  keep(name: string, text: string): Promise<string>;
};

/** Reads and writes leases. */
export const leases = (engine: Engine): Leases => ({
  take: async ({ job, holder, nowSeconds, seconds }) => {
    const [rows] = await engine.run([
      sql(
        `INSERT INTO leases VALUES ($1, $2, 1, $3) ON CONFLICT (job) DO UPDATE
        SET holder = excluded.holder, until_s = excluded.until_s,
          token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END
        WHERE leases.holder = excluded.holder OR leases.until_s <= $4 RETURNING token`,
        job,
        holder,
        nowSeconds + seconds,
        nowSeconds,
      ),
    ]);
    return rows?.[0] === undefined ? null : numberOf(rows[0], 'token');
  },
  holds: async (job, token) => {
    const [rows] = await engine.run([sql('SELECT token FROM leases WHERE job = $1', job)]);
    return numberOf(rows?.[0], 'token') === token;
  },
  release: async (job, holder) => {
    await engine.run([sql('UPDATE leases SET until_s = 0 WHERE job = $1 AND holder = $2', job, holder)]);
  },
});

/** Reads and writes notes. */
export const notes = (engine: Engine): Notes => ({
  read: async (name) => {
    const [rows] = await engine.run([sql('SELECT content FROM notes WHERE name = $1', name)]);
    return rows?.[0] === undefined ? null : textOf(rows[0], 'content');
  },
  keep: async (name, text) => {
    const [, rows] = await engine.run([
      sql('INSERT INTO notes VALUES ($1, $2) ON CONFLICT DO NOTHING', name, text),
      sql('SELECT content FROM notes WHERE name = $1', name),
    ]);
    return textOf(rows?.[0], 'content');
  },
  write: async (name, text) => {
    await engine.run([
      sql('INSERT INTO notes VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content', name, text),
    ]);
  },
});
