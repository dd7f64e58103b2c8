/** The tables of settings that README.md and docs/settings.md hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config, environmentName, SETTING_GROUPS } from '../../schemas/settings/settings.ts';
import { settingsPage, settingsTable, withFirstSettings } from '../../src/settings/settings-table.ts';

const rows = settingsTable().split('\n');
const namesIn = (text: string): string[] =>
  text.split('\n').flatMap((row) => /^\| (?:<a id="[A-Z0-9_]+"><\/a>)?`([A-Z0-9_]+)` \|/.exec(row)?.[1] ?? []);

test('settingsTable has a row for every setting once, under a group that exists', () => {
  assert.deepEqual(namesIn(settingsTable()).toSorted(), Object.keys(Config.shape).map(environmentName).toSorted());
  const groups = rows.flatMap((row) => /^### (.*)$/.exec(row)?.[1] ?? []);
  assert.deepEqual(new Set(groups), new Set(Object.keys(SETTING_GROUPS)));
});

test('settingsTable has the usual settings first, then limits, then the others', () => {
  const [, usual = '', limits = '', rare = ''] = settingsTable().split(/^## .*$/m);
  assert.ok(namesIn(usual).includes('MILTER_LISTEN'));
  assert.ok(namesIn(limits).includes('MAX_MESSAGE_BYTES'));
  assert.ok(namesIn(rare).includes('CLOCK_SKEW_SECONDS'));
});

test('settingsTable tells default, bounds, unit and meaning of each kind of setting', () => {
  for (const row of [
    '| <a id="PORT"></a>`PORT` | `8080` | 0 | 65535 | port | TCP port to listen on; 0: any free one |',
    '| <a id="LOG_ADDRESSES"></a>`LOG_ADDRESSES` | `hashed` |  |  | full, hashed, none | mail addresses and client addresses in the log: as they are, as a hash that tells equal ones (the domain of a mail address stays readable), or not at all |',
    '| <a id="TLS_KEY"></a>`TLS_KEY` |  |  |  | PEM file | private key of TLS_CERTIFICATE; read again on SIGHUP |',
  ])
    assert.ok(rows.includes(row), row);
  for (const row of rows.filter((line) => line.startsWith('| <a'))) {
    assert.equal(row.replaceAll('\\|', '').split('|').length, 8, row);
    assert.doesNotMatch(row, /undefined|\[object/);
    assert.match(row, /\| [^|]+ \|$/, 'each setting says what it is');
  }
});

test('settingsPage is a page with a title and every table', () => {
  assert.match(settingsPage(), /^# Settings\n/);
  assert.ok(settingsPage().includes(settingsTable()));
  assert.ok(settingsPage().endsWith('|\n'));
});

test('withFirstSettings replaces what stands between the markers and nothing else', () => {
  const written = withFirstSettings('# Title\n\n<!-- settings -->\nold\n<!-- /settings -->\n\nEnd\n') ?? '';
  assert.match(written, /^# Title\n\n<!-- settings -->\n\n\| Setting \|[\s\S]*\|\n\n<!-- \/settings -->\n\nEnd\n$/);
  assert.equal(namesIn(written).length, 12);
  assert.equal(withFirstSettings(written), written);
  for (const document of [
    '',
    '<!-- settings -->',
    '<!-- /settings --><!-- settings -->',
    '<!-- settings --><!-- settings --><!-- /settings -->',
  ])
    assert.equal(withFirstSettings(document), null, document);
});
