/** The tables of docs/limits.md, read for tests. */
import { readFileSync } from 'node:fs';

/**
 * A row: what the limit is called, its default as written, its setting or "fixed", and the sentence
 * that tells it.
 */
export type LimitRow = {
  readonly name: string;
  readonly value: number;
  readonly setting: string | null;
  readonly sentence: string;
};

const plain = (cell: string | undefined): string => (cell ?? '').trim().replaceAll('`', '');

/** The rows of all tables whose first column is "limit". */
export const limitRows = (): LimitRow[] => {
  const text = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .map((line) => {
      const [, name, value, setting, , sentence] = line.split('|');
      return {
        name: plain(name),
        value: Number.parseInt(plain(value).replaceAll(',', ''), 10),
        setting: plain(setting) === 'fixed' ? null : plain(setting),
        sentence: plain(sentence),
      };
    });
};

/** The value that the documents tell of a limit. */
export const documentedValue = (name: string): number => {
  const row = limitRows().find((one) => one.name === name);
  if (row === undefined) throw new Error(`docs/limits.md has no row for ${name}`);
  return row.value;
};
