/**
 * SQLite on a thread of its own: its calls wait for the disk and for other processes, and no
 * message may wait with them. Takes one request at a time, in order. Never decides what is asked.
 */

import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Row, Statement } from './engine.ts';

/** What the thread is asked. */
export type SqliteRequest = { readonly id: number } & (
  | { readonly kind: 'run'; readonly statements: readonly Statement[]; readonly isConditional: boolean }
  | { readonly kind: 'size' }
  | { readonly kind: 'backup'; readonly file: string }
  | { readonly kind: 'close' }
);

/** What it answers: rows, a number of octets, nothing, or how it failed. */
export type SqliteAnswer = { readonly id: number } & (
  | { readonly rows: Row[][] | null }
  | { readonly bytes: number }
  | { readonly done: true }
  | { readonly errorCode: number; readonly error: string }
);

/** How long a write waits for another process that writes. */
const BUSY_MS = 5000;
/** Prepared statements that are kept; the room has fewer kinds than that. */
const MAX_PREPARED = 100;
/** Part of a file that is mapped or cached: rows of a busy day stay out of memory. */
const CACHE_KIB = 8192;

/** One database file. */
class Sqlite {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: BUSY_MS });
    // NORMAL loses nothing when a process dies; when the machine does, the last transactions may be
    // undone, whole.
    this.#database.exec(
      `PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-${CACHE_KIB}; PRAGMA foreign_keys=ON`,
    );
  }

  run(statements: readonly Statement[], isConditional: boolean): Row[][] | null {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const rows: Row[][] = [];
      for (const { sql, values } of statements) {
        const found = this.#prepare(sql).all(...values) as Row[];
        if (isConditional && rows.length === 0 && found.length === 0) {
          this.#database.exec('ROLLBACK');
          return null;
        }
        rows.push(found);
      }
      this.#database.exec('COMMIT');
      return rows;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    }
  }

  size(): number {
    const [row] = this.#database
      .prepare(
        'SELECT (page_count - freelist_count) * page_size AS octets FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
      )
      .all();
    return Number(row?.octets ?? 0);
  }

  async backup(file: string): Promise<void> {
    await backup(this.#database, file);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(text: string): StatementSync {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
    // `$1` would be a name to SQLite, `?1` is a place.
    const statement = this.#database.prepare(text.replaceAll('$', '?'));
    this.#prepared.set(text, statement);
    return statement;
  }
}

const errorCodeOf = (cause: unknown): number =>
  typeof cause === 'object' && cause !== null && 'errcode' in cause && typeof cause.errcode === 'number'
    ? cause.errcode
    : 0;

/** Opened at the first request, so that a file that cannot be opened fails that request. */
let opened: Sqlite | null = null;

const answer = async (request: SqliteRequest): Promise<SqliteAnswer> => {
  const { id } = request;
  try {
    opened ??= new Sqlite(String(workerData));
    switch (request.kind) {
      case 'run':
        return { id, rows: opened.run(request.statements, request.isConditional) };
      case 'size':
        return { id, bytes: opened.size() };
      case 'backup':
        await opened.backup(request.file);
        return { id, done: true };
      case 'close':
        opened.close();
        return { id, done: true };
      default:
        return request satisfies never;
    }
  } catch (cause) {
    return { id, errorCode: errorCodeOf(cause), error: cause instanceof Error ? cause.message : String(cause) };
  }
};

parentPort?.on('message', async (request: SqliteRequest) => parentPort?.postMessage(await answer(request)));
