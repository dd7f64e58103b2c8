/**
 * Writes the example messages, their zone and their README: `npm run examples`. Running it again
 * changes no byte, because keys are made only when missing, dates are fixed, and both signature
 * algorithms are deterministic.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleAnswers } from './answers.ts';
import { exampleMessages } from './messages.ts';
import { examplesReadme } from './readme.ts';
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
  writeFileSync(join(folder, 'README.md'), examplesReadme(await exampleAnswers(folder)));
}

if (import.meta.main) await makeExamples(import.meta.dirname, join(import.meta.dirname, 'keys'));
