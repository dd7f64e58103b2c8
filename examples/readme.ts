/**
 * The README of the examples, written from the table of cases: what each shows and what to send
 * with it. Pure.
 */
import { EXAMPLES, type ExampleCase } from './cases.ts';

const COLUMNS = ['file', 'what it shows', 'query', 'SPF', 'DKIM', 'ARC', 'DMARC'];

/**
 * The transport facts as a query string of POST /v1/verify; `@` and `:` stay readable, which RFC
 * 3986 section 3.4 allows.
 */
export function queryOf(example: Pick<ExampleCase, 'smtp'>): string {
  return Object.entries(example.smtp)
    .map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%40', '@').replaceAll('%3A', ':')}`,
    )
    .join('&');
}

/**
 * Writes the file; its table is padded as the formatter of the repository wants it.
 * @param answers what the verifier says of each
 */
export function examplesReadme(answers: string): string {
  const first = EXAMPLES.slice(0, 1).map(
    (example) => `curl --data-binary @examples/${example.file} 'http://localhost:8080/v1/verify?${queryOf(example)}'`,
  );
  return `# Example messages

Made and signed by \`npm run examples\`, which changes no byte when it runs again. Names under \`.example\` are answered from [zone.txt](zone.txt)
by a service that was started with \`npm start\`. Send a message with the facts of its row:

    ${first.join('')}

The keys in \`keys/\` are published here on purpose: they protect nothing, and must sign nothing else.

SPF, DKIM (one word for each signature), ARC and DMARC are the results; in parentheses stands the policy that applies.

${table([COLUMNS, ...EXAMPLES.map(row)])}

## The answers

What \`author\` of each verdict says: its level, its summary, who else is proven, and whose move it is.

${answers}
`;
}

function row(example: ExampleCase): string[] {
  const { spf, dkim, arc, dmarc, policy } = example.expect;
  return [
    `[${example.file}](${example.file})`,
    example.title,
    `\`${queryOf(example)}\``,
    spf,
    dkim.join(', ') || 'none',
    arc,
    policy === null ? dmarc : `${dmarc} (${policy})`,
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const padded = rows.map((cells) => line(cells.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return padded.toSpliced(1, 0, line(widths.map((width) => '-'.repeat(width)))).join('\n');
}
