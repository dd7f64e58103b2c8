/**
 * Brings the tables to this version, each step in one transaction. Several processes may start at
 * once: the first one does it, the others find it done.
 */
import { type Engine, numberOf, StoreFailure, sql } from './engine.ts';
import { MIGRATIONS } from './migrations.ts';

/**
 * @throws StoreFailure `schema` when the store was written by a newer version, whose tables this
 * one does not know
 */
export const migrate = async (
  engine: Engine,
  migrations: readonly (readonly string[])[] = MIGRATIONS,
): Promise<void> => {
  await makeVersionTable(engine);
  for (const [version, step] of migrations.entries()) {
    // The condition makes whoever comes second wait for the first, and then find nothing to do.
    await engine.runIf([
      sql('UPDATE schema_version SET version = $1 WHERE version = $2 RETURNING version', version + 1, version),
      ...step.map((text) => sql(text)),
    ]);
  }
  const [rows] = await engine.run([sql('SELECT version FROM schema_version')]);
  const version = numberOf(rows?.[0], 'version');
  if (version > migrations.length)
    throw new StoreFailure(
      'schema',
      `the store has tables of version ${version}, and this program knows version ${migrations.length}: use the newer program, or a backup from before`,
    );
};

/** @throws StoreFailure */
const makeVersionTable = async (engine: Engine): Promise<void> => {
  const statements = [
    sql('CREATE TABLE IF NOT EXISTS schema_version (one BIGINT PRIMARY KEY, version BIGINT NOT NULL)'),
    sql('INSERT INTO schema_version VALUES (1, 0) ON CONFLICT DO NOTHING'),
  ];
  try {
    await engine.run(statements);
  } catch {
    // PostgreSQL refuses one of two that make the same table at the same moment; it is there now.
    await engine.run(statements);
  }
};
