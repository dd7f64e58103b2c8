/**
 * Writes the documents that are made from the code (`npm run readme`). A test fails when a file
 * differs from what it should be.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { MADE_DOCUMENTS } from './documents.ts';

for (const { path, make } of MADE_DOCUMENTS) {
  const file = new URL(`../../${path}`, import.meta.url);
  writeFileSync(file, await make(existsSync(file) ? readFileSync(file, 'utf8') : ''));
}
