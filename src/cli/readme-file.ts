/**
 * Writes the tables of settings into README.md (`npm run readme`). A test fails when the file
 * differs from what the schema says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { withSettingsTable } from '../settings/settings-table.ts';

const readme = new URL('../../README.md', import.meta.url);
const text = withSettingsTable(readFileSync(readme, 'utf8'));
if (text === null) throw new Error('README.md needs <!-- settings --> and <!-- /settings --> once each');
writeFileSync(readme, text);
