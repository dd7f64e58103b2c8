/**
 * PostgreSQL as an engine, where several instances share one store. Loaded only where STORE names
 * it. Never waits longer than its deadlines.
 */
import { DatabaseError, Pool, type PoolClient, types } from 'pg';
import { type Engine, type Row, type Statement, StoreFailure, type StoreFailureCode } from './engine.ts';

/** Connections of one process: jobs, faces and the counter, each with one or two. */
const MAX_CONNECTIONS = 4;
const CONNECT_MS = 5000;
/** A statement of a job over millions of rows takes seconds; one that takes longer is stuck. */
const STATEMENT_MS = 60_000;
const IDLE_MS = 30_000;
const INT8_OID = 20;

// Whole numbers stay under 2^53; as text they would be another type than those of SQLite.
types.setTypeParser(INT8_OID, Number);

class PostgresEngine implements Engine {
  readonly kind = 'postgres';
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({
      connectionString: url,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: STATEMENT_MS,
      statement_timeout: STATEMENT_MS,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
      application_name: 'mailverdict',
    });
    // A connection that dies while nobody uses it is replaced by the pool.
    this.#pool.on('error', () => undefined);
  }

  async run(statements: readonly Statement[]): Promise<Row[][]> {
    return (await this.#transaction(statements, false)) ?? [];
  }

  runIf(statements: readonly Statement[]): Promise<Row[][] | null> {
    return this.#transaction(statements, true);
  }

  async size(): Promise<number> {
    const [rows] = await this.run([
      {
        sql: 'SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS octets FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = $1',
        values: ['r'],
      },
    ]);
    return Number(rows?.[0]?.octets ?? 0);
  }

  async backup(): Promise<void> {
    throw new StoreFailure('unsupported', 'PostgreSQL is backed up with its own pg_dump');
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #transaction(statements: readonly Statement[], isConditional: boolean): Promise<Row[][] | null> {
    const client = await this.#pool.connect().catch((cause: unknown) => {
      throw failureOf(cause);
    });
    try {
      const rows = await runOn(client, statements, isConditional);
      client.release();
      return rows;
    } catch (cause) {
      // Whatever state the connection is in, it is not used again.
      client.release(true);
      throw failureOf(cause);
    }
  }
}

const runOn = async (
  client: PoolClient,
  statements: readonly Statement[],
  isConditional: boolean,
): Promise<Row[][] | null> => {
  await client.query('BEGIN');
  const rows: Row[][] = [];
  for (const { sql, values } of statements) {
    const found = await client.query<Row>(sql, [...values]);
    if (isConditional && rows.length === 0 && found.rows.length === 0) {
      await client.query('ROLLBACK');
      return null;
    }
    rows.push(found.rows);
  }
  await client.query('COMMIT');
  return rows;
};

/**
 * Classes of SQLSTATE (PostgreSQL's appendix of error codes) that tell of the server, not of us.
 */
const UNAVAILABLE_CLASSES: readonly string[] = ['08', '25', '28', '3D', '40', '55', '57', '58'];

const failureOf = (cause: unknown): StoreFailure => {
  if (cause instanceof StoreFailure) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StoreFailure(codeOf(cause), `PostgreSQL: ${message}`, { cause });
};

const codeOf = (cause: unknown): StoreFailureCode => {
  if (!(cause instanceof DatabaseError) || cause.code === undefined) return 'unavailable';
  if (cause.code === '53100') return 'full';
  const kind = cause.code.slice(0, 2);
  return kind === '53' || UNAVAILABLE_CLASSES.includes(kind) ? 'unavailable' : 'fault';
};

/** @param url as in `postgres://user:password@host/database`; nothing is connected yet */
export const openPostgres = (url: string): Engine => new PostgresEngine(url);
