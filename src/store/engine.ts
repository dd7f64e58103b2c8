/**
 * The contract of a database: statements in one transaction. SQL is written once for both engines,
 * with `$1` for values. Nothing outside of this room speaks SQL.
 */

/** What a column holds. Whole numbers stay under 2^53. */
type Value = string | number | null;

/** One row of an answer, by column. */
export type Row = Readonly<Record<string, Value>>;

/** SQL with `$1`, `$2`, … in place of its values. */
export type Statement = { readonly sql: string; readonly values: readonly Value[] };

/** A database. Every function rejects with {@link StoreFailure}. */
export type Engine = {
  readonly kind: 'sqlite' | 'postgres';
  /**
   * Runs statements in one transaction: all of them happen, or none.
   * @returns the rows of each
   */
  run(statements: readonly Statement[]): Promise<Row[][]>;
  /**
   * The same, as long as the first statement returns a row; otherwise nothing is run after it and
   * nothing changes.
   * @returns the rows of each; null when the first one had none
   */
  runIf(statements: readonly Statement[]): Promise<Row[][] | null>;
  /** Octets on disk. */
  size(): Promise<number>;
  /** Writes a copy of the whole database that can be opened. @param file must not exist */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
};

/**
 * `unavailable`: the database does not answer, which may end; `full`: it has no room; `schema`: its
 * tables are those of a newer version; `unsupported`: this engine cannot do it; `fault`: it refuses
 * what we ask, which is an error of ours.
 */
export type StoreFailureCode = 'unavailable' | 'full' | 'schema' | 'unsupported' | 'fault';

/** What a store that does not do as asked throws. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly code: StoreFailureCode;

  constructor(code: StoreFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A statement. */
export const sql = (text: string, ...values: Value[]): Statement => ({ sql: text, values });

/** The text in a column. */
export const textOf = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  return typeof value === 'string' ? value : '';
};

/** The number in a column; 0 for null. */
export const numberOf = (row: Row | undefined, column: string): number => {
  const value = row?.[column];
  return typeof value === 'number' ? value : 0;
};

/**
 * Groups of values for an INSERT of several rows: `($1,$2),($3,$4)`.
 * @param columns values of one row
 */
export const valueGroups = (rows: number, columns: number): string =>
  Array.from(
    { length: rows },
    (_, row) => `(${Array.from({ length: columns }, (_, column) => `$${row * columns + column + 1}`).join(',')})`,
  ).join(',');
