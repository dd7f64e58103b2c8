/**
 * docs/limits.md against the code: every limit has its row, with the setting and default of the
 * schema and the sentence that is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, LimitName, limitText, reached } from '../../schemas/limit.ts';
import { Config, environmentName } from '../../schemas/settings/settings.ts';
import { limitRows } from './limits-table.ts';

const rows = limitRows();
const defaults = new Map(Object.entries(Config.parse({})).map(([key, value]) => [environmentName(key), value]));

test('docs/limits.md has each limit that a verdict or an assessment can tell, in the order of the schema', () => {
  const told = rows.filter(({ name, sentence }) => Object.hasOwn(LIMITS, name) && sentence !== '');
  assert.deepEqual(
    told.map(({ name }) => name),
    LimitName.options,
  );
});

test('docs/limits.md names settings that exist, with their defaults', () => {
  for (const { name, value, setting } of rows)
    if (setting !== null) assert.equal(value, defaults.get(setting), `${name}: ${setting}`);
});

test('docs/limits.md tells each limit with its setting and in its words', () => {
  for (const { name, value, setting, sentence } of rows) {
    const known = LimitName.safeParse(name);
    if (!known.success || sentence === '') continue;
    assert.equal(setting, LIMITS[known.data].setting);
    assert.equal(sentence, limitText(reached(known.data, value)));
  }
});
