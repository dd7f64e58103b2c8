/** A SQLite file as an engine: the thread that has it open, and the requests on their way. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Engine, type Row, type Statement, StoreFailure, type StoreFailureCode } from './engine.ts';
import type { SqliteAnswer, SqliteRequest } from './sqlite-thread.ts';

/**
 * Requests on their way at most: beyond them the disk does not keep up, and waiting ones would only
 * take memory.
 */
const MAX_WAITING = 1000;

// Result codes of SQLite, the low octet of an extended one.
const [BUSY, LOCKED, READ_ONLY, IO_ERROR, CORRUPT, FULL, CANNOT_OPEN, NOT_A_DATABASE] = [5, 6, 8, 10, 11, 13, 14, 26];
const UNAVAILABLE: readonly number[] = [BUSY, LOCKED, READ_ONLY, IO_ERROR, CORRUPT, CANNOT_OPEN, NOT_A_DATABASE];

type Waiting = { readonly resolve: (answer: SqliteAnswer) => void; readonly reject: (cause: StoreFailure) => void };

type Asked = SqliteRequest extends infer One ? (One extends { id: number } ? Omit<One, 'id'> : never) : never;

/** A SQLite file. */
class SqliteEngine implements Engine {
  readonly kind = 'sqlite';
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: StoreFailure | null = null;

  constructor(file: string) {
    // The package holds .js, a checkout .ts.
    const program = new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url);
    this.#thread = new Worker(program, { workerData: file, name: 'sqlite' });
    // What still waits at the end of the process is awaited by close().
    this.#thread.unref();
    this.#thread.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    this.#thread.on('error', (cause) =>
      this.#end(new StoreFailure('unavailable', 'the thread of the store died', { cause })),
    );
    this.#thread.on('exit', () => this.#end(new StoreFailure('unavailable', 'the store is closed')));
  }

  async run(statements: readonly Statement[]): Promise<Row[][]> {
    return (await this.#runAll(statements, false)) ?? [];
  }

  runIf(statements: readonly Statement[]): Promise<Row[][] | null> {
    return this.#runAll(statements, true);
  }

  async size(): Promise<number> {
    const answer = await this.#ask({ kind: 'size' });
    return 'bytes' in answer ? answer.bytes : 0;
  }

  async backup(file: string): Promise<void> {
    await this.#ask({ kind: 'backup', file });
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return;
    await this.#ask({ kind: 'close' }).catch(() => undefined);
    await this.#thread.terminate();
  }

  async #runAll(statements: readonly Statement[], isConditional: boolean): Promise<Row[][] | null> {
    const answer = await this.#ask({ kind: 'run', statements, isConditional });
    return 'rows' in answer ? answer.rows : null;
  }

  #ask(asked: Asked): Promise<SqliteAnswer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.reject(new StoreFailure('unavailable', `the store has ${MAX_WAITING} requests waiting`));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#thread.ref();
      this.#thread.postMessage({ ...asked, id });
    });
  }

  #settle(answer: SqliteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#thread.unref();
    if ('error' in answer) waiting?.reject(new StoreFailure(codeOf(answer.errorCode), `SQLite: ${answer.error}`));
    else waiting?.resolve(answer);
  }

  #end(cause: StoreFailure): void {
    this.#ended ??= cause;
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }
}

const codeOf = (errorCode: number): StoreFailureCode => {
  const primary = errorCode & 0xff;
  if (primary === FULL) return 'full';
  return UNAVAILABLE.includes(primary) ? 'unavailable' : 'fault';
};

/** Opens a file, which is made when it is missing. Fails at the first request when it cannot. */
export const openSqlite = (file: string): Engine => new SqliteEngine(file);
