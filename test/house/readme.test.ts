/**
 * README.md against the code: its tables of settings are those of the schema, its output is what
 * the command writes.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withSettingsTable } from '../../src/settings/settings-table.ts';
import { runCli } from '../cli/run-cli.ts';

test('README.md lists the settings as the schema has them', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const written = withSettingsTable(readme);
  assert.ok(written !== null, 'README.md needs <!-- settings --> and <!-- /settings --> once each');
  assert.ok(readme === written, 'README.md differs from the schema: run "npm run readme"');
});

test('README.md shows what the command that it names writes', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, words = '', shown] = /```sh\nnpx mailverdict (verify [^\n]+)\n```\n\n```\n([^`]+)```/.exec(readme) ?? [];
  const { out } = await runCli(words.split(' '));
  assert.equal(out, shown);
});
