/**
 * What outlives a process: counts, reports, suppressions, leases and notes, in one SQLite file or
 * in PostgreSQL. Opening it brings its tables up to date.
 */
import { type CountedStore, countedStore } from './counted-messages.ts';
import { type Engine, StoreFailure } from './engine.ts';
import { type Leases, leases, type Notes, notes } from './leases.ts';
import { migrate } from './migrate.ts';
import { type OutgoingReports, outgoingReports } from './outgoing-reports.ts';
import { openSqlite } from './sqlite.ts';
import { type Suppressions, suppressions } from './suppressions.ts';

/** An open store. Every function rejects with {@link StoreFailure}. */
export type Store = {
  readonly kind: Engine['kind'];
  readonly counted: CountedStore;
  readonly outgoing: OutgoingReports;
  readonly suppressions: Suppressions;
  readonly leases: Leases;
  readonly notes: Notes;
  readonly size: Engine['size'];
  readonly backup: Engine['backup'];
  readonly close: Engine['close'];
};

/**
 * Opens a store; its tables are made or brought up to date at the first use, and again as long as
 * that fails, so that a database that starts later is no reason not to judge mail.
 * @param url `sqlite:<file>` or `postgres://…`, as STORE has it
 * @throws StoreFailure `unsupported` for another kind
 */
export const openStore = async (url: string): Promise<Store> => {
  const engine = upToDate(await engineOf(url));
  return {
    kind: engine.kind,
    counted: countedStore(engine),
    outgoing: outgoingReports(engine),
    suppressions: suppressions(engine),
    leases: leases(engine),
    notes: notes(engine),
    size: engine.size,
    backup: engine.backup,
    close: engine.close,
  };
};

const engineOf = async (url: string): Promise<Engine> => {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length));
  if (/^postgres(?:ql)?:\/\//.test(url)) return (await import('./postgres.ts')).openPostgres(url);
  throw new StoreFailure('unsupported', 'STORE must be sqlite:<file> or postgres://…');
};

/** The engine, whose tables are up to date before anything else is run. */
const upToDate = (engine: Engine): Engine => {
  let ready: Promise<void> | null = null;
  const whenReady = async (): Promise<void> => {
    const under = ready ?? migrate(engine);
    ready = under;
    try {
      await under;
    } catch (cause) {
      if (ready === under) ready = null;
      throw cause;
    }
  };
  return {
    kind: engine.kind,
    run: async (statements) => {
      await whenReady();
      return engine.run(statements);
    },
    runIf: async (statements) => {
      await whenReady();
      return engine.runIf(statements);
    },
    size: async () => {
      await whenReady();
      return engine.size();
    },
    backup: async (file) => {
      await whenReady();
      return engine.backup(file);
    },
    close: () => engine.close(),
  };
};
