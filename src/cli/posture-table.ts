/**
 * Several domains as a table: a row for each, and under it the first thing to do. Fits 80 columns.
 * Pure.
 */
import type { Posture } from '../../schemas/posture/posture.ts';
import { paint, plain, type Style, wrap } from './terminal.ts';

/** A domain with what is known of it. */
export type PostureRow = { readonly domain: string } & (
  | { readonly posture: Posture }
  /** Why it was not assessed. */
  | { readonly problem: string }
);

/** A word and how good it is. */
type Cell = { readonly word: string; readonly colour: 'green' | 'yellow' | 'red' | 'grey' };

/** Columns after the domain, with their width. */
const COLUMNS: readonly (readonly [title: string, width: number, read: (posture: Posture) => Cell])[] = [
  ['Grade', 7, ({ grade: { letter } }) => ({ word: letter ?? 'none', colour: GRADE_COLOURS[letter ?? ''] ?? 'grey' })],
  [
    'SPF',
    9,
    ({ spf }) =>
      spf.state === 'valid' ? { ...OK, word: spf.all === null ? 'ok' : `${spf.all}all` } : stateCell(spf.state),
  ],
  [
    'DKIM',
    9,
    ({ dkim }) =>
      dkim.state === 'found' ? OK : dkim.state === 'dns-failure' ? UNKNOWN : { word: 'not seen', colour: 'grey' },
  ],
  ['DMARC', 13, ({ dmarc }) => (dmarc.policy === null ? stateCell(dmarc.state) : policyCell(dmarc.policy.domain))],
  [
    'MTA-STS',
    9,
    ({ mtaSts }) => (mtaSts.policy.mode === null ? stateCell(mtaSts.state) : { ...OK, word: mtaSts.policy.mode }),
  ],
  ['TLS-RPT', 9, ({ tlsRpt }) => stateCell(tlsRpt.state)],
];
const OK: Cell = { word: 'ok', colour: 'green' };
const UNKNOWN: Cell = { word: 'unknown', colour: 'yellow' };
const GRADE_COLOURS: Readonly<Record<string, Cell['colour']>> = {
  A: 'green',
  B: 'green',
  C: 'yellow',
  D: 'yellow',
  E: 'red',
  F: 'red',
};
const MIN_DOMAIN_COLUMNS = 12;
const MAX_DOMAIN_COLUMNS = 24;

/** Writes the table, with a line end at the end. */
export const renderPostureTable = (rows: readonly PostureRow[], style: Style): string => {
  const longest = Math.max(...rows.map(({ domain }) => plain(domain).length)) + 2;
  const columns = Math.min(MAX_DOMAIN_COLUMNS, Math.max(MIN_DOMAIN_COLUMNS, longest));
  const head = `${'Domain'.padEnd(columns)}${COLUMNS.map(([title, width]) => title.padEnd(width)).join('')}`;
  return `${[paint(style, 'bold', head.trimEnd()), ...rows.flatMap((row) => rowLines(row, columns, style))].join('\n')}\n`;
};

const rowLines = (row: PostureRow, columns: number, style: Style): string[] => {
  const name = plain(row.domain);
  if ('problem' in row) return [name, note(`not assessed: ${row.problem}`, style)];
  const cells = COLUMNS.map(([, width, read]) => {
    const { word, colour } = read(row.posture);
    return `${paint(style, colour, word)}${' '.repeat(Math.max(1, width - word.length))}`;
  });
  const first = row.posture.findings.find(({ severity }) => ['error', 'warning', 'advice'].includes(severity));
  // A name that is wider than its column has a line for itself.
  const lines =
    name.length + 1 > columns
      ? [name, `${' '.repeat(columns)}${cells.join('').trimEnd()}`]
      : [`${name.padEnd(columns)}${cells.join('').trimEnd()}`];
  return first === undefined ? lines : [...lines, note(first.message, style)];
};

const note = (text: string, style: Style): string => paint(style, 'grey', `  → ${wrap(text, 4, style.width)}`);

const stateCell = (state: 'valid' | 'absent' | 'invalid' | 'dns-failure'): Cell => {
  switch (state) {
    case 'valid':
      return OK;
    case 'absent':
      return { word: 'none', colour: 'grey' };
    case 'invalid':
      return { word: 'broken', colour: 'red' };
    case 'dns-failure':
      return UNKNOWN;
    default:
      return state satisfies never;
  }
};

const policyCell = (policy: 'none' | 'quarantine' | 'reject'): Cell => ({
  word: `p=${policy}`,
  colour: policy === 'none' ? 'yellow' : 'green',
});
