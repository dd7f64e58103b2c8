/**
 * Writes the example messages, their zone and their README: `npm run examples`. Running it again changes no byte, because keys are made only when
 * missing, dates are fixed, and both signature algorithms are deterministic.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, type ExampleCase } from './cases.ts';
import { exampleMessages } from './messages.ts';
import { exampleZone } from './zone.ts';

/**
 * Writes all files.
 * @param folder where to; made when missing
 * @param keysFolder where the private keys are, and where missing ones are put
 */
export async function makeExamples(folder: string, keysFolder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of await exampleMessages(keysFolder)) writeFileSync(join(folder, file), bytes);
  writeFileSync(join(folder, 'zone.txt'), exampleZone(keysFolder));
  writeFileSync(join(folder, 'README.md'), readme());
}

/** The transport facts as a query string of POST /v1/verify; `@` and `:` stay readable, which RFC 3986 section 3.4 allows. */
export function queryOf(example: ExampleCase): string {
  return Object.entries(example.smtp)
    .map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value)).replaceAll('%40', '@').replaceAll('%3A', ':')}`,
    )
    .join('&');
}

function readme(): string {
  const rows = EXAMPLES.map(({ expect, ...example }) =>
    [
      `[${example.file}](${example.file})`,
      example.title,
      `\`${queryOf({ expect, ...example })}\``,
      expect.spf,
      expect.dkim.join(', ') || 'none',
      expect.arc,
      `${expect.dmarc}${expect.policy === null ? '' : ` (${expect.policy})`}`,
    ].join(' | '),
  );
  return `# Example messages

Made and signed by \`npm run examples\`, which changes no byte when it runs again. Names under \`.example\` are answered from [zone.txt](zone.txt)
by a service that was started with \`npm start\`. Send a message with the facts of its row:

    curl --data-binary @examples/aligned.eml 'http://localhost:8080/v1/verify?${EXAMPLES[0] === undefined ? '' : queryOf(EXAMPLES[0])}'

The keys in \`keys/\` are published here on purpose: they protect nothing, and must sign nothing else.

In the last column the policy that applies stands in parentheses.

| file | what it shows | query | SPF | DKIM | ARC | DMARC |
|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

if (import.meta.main) await makeExamples(import.meta.dirname, join(import.meta.dirname, 'keys'));
