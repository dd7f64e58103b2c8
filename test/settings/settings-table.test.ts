/** The table of settings that README.md holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config, environmentName, SETTING_GROUPS } from '../../schemas/settings/settings.ts';
import { settingsTable, withSettingsTable } from '../../src/settings/settings-table.ts';

const rows = settingsTable().split('\n');

test('settingsTable has a row for every setting, under the heading of its group', () => {
  const named = rows.flatMap((row) => /^\| `([A-Z0-9_]+)` \|/.exec(row)?.[1] ?? []);
  assert.deepEqual(named, Object.keys(Config.shape).map(environmentName));
  assert.deepEqual(
    rows.flatMap((row) => /^### (.*)$/.exec(row)?.[1] ?? []),
    Object.keys(SETTING_GROUPS),
  );
});

test('settingsTable tells default, range and meaning of each kind of setting', () => {
  for (const row of [
    '| `PORT` | `8080` | 0 – 65535 port | TCP port to listen on; 0: any free one |',
    '| `LOG_ADDRESSES` | `hashed` | full, hashed, none | mail addresses and client addresses in the log: as they are, as a hash that tells equal ones (the domain of a mail address stays readable), or not at all |',
    '| `TLS_KEY` |  | PEM file | private key of TLS_CERTIFICATE; read again on SIGHUP |',
  ])
    assert.ok(rows.includes(row), row);
  for (const row of rows.filter((line) => line.startsWith('| `'))) {
    assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row);
    assert.doesNotMatch(row, /undefined|\[object/);
    assert.match(row, /\| [^|]+ \|$/, 'each setting says what it is');
  }
});

test('withSettingsTable replaces what stands between the markers and nothing else', () => {
  const written = withSettingsTable('# Title\n\n<!-- settings -->\nold\n<!-- /settings -->\n\nEnd\n');
  assert.equal(written, `# Title\n\n<!-- settings -->\n\n${settingsTable()}\n\n<!-- /settings -->\n\nEnd\n`);
  assert.equal(withSettingsTable(written ?? ''), written);
  for (const document of [
    '',
    '<!-- settings -->',
    '<!-- /settings --><!-- settings -->',
    '<!-- settings --><!-- settings --><!-- /settings -->',
  ])
    assert.equal(withSettingsTable(document), null, document);
});
