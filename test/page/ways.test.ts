/** The ways to connect a mail server: the service takes the settings, and docs/ say the same. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../../src/settings/read-settings.ts';

type Names = { server: string; address: string; url: string };
type Way = { title: string; guide: string; steps: { text: string; file: string; block: string }[] };

// The page is JavaScript, which the compiler of the tests does not read.
const script = new URL('../../src/page/connect/ways.js', import.meta.url).href;
const { waysToConnect } = (await import(script)) as { waysToConnect: (names: Names) => Way[] };

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'ways-'));
after(() => rmSync(folder, { recursive: true }));
const LOCAL: Names = { server: 'mx.example.org', address: '127.0.0.1', url: 'http://127.0.0.1:8080' };

test('the service starts with the settings of each way, on the machine of the mail server and on another', () => {
  for (const address of ['127.0.0.1', '192.0.2.5'])
    for (const { title, steps } of waysToConnect({ ...LOCAL, address })) {
      const file = join(folder, 'mailverdict.yaml');
      const { block } = steps.find((step) => step.file === 'mailverdict.yaml') ?? assert.fail(title);
      writeFileSync(file, block.replace('<address of the mail server>', '192.0.2.6'));
      const read = readConfig({ MAILVERDICT_CONFIG: file });
      assert.equal(read.kind, 'config', `${title}: ${JSON.stringify(read)}`);
    }
});

test('each line of a block stands in the guide that the way names', () => {
  const elsewhere = readFileSync(join(ROOT, 'deploy/haraka/mailverdict.ini'), 'utf8');
  for (const { title, guide, steps } of waysToConnect(LOCAL)) {
    const text = `${readFileSync(join(ROOT, guide), 'utf8')}${elsewhere}`.replaceAll(
      'localhost:8080',
      '127.0.0.1:8080',
    );
    for (const { file, block } of steps.filter((step) => step.file !== 'the request'))
      for (const line of block.split('\n')) assert.ok(text.includes(line), `${title}, ${file}: ${line}`);
  }
});

test('the names of the reader stand in every block in the place of the examples', () => {
  const names = { server: 'mail.mine.test', address: '198.51.100.9', url: 'https://verdict.mine.test' };
  const text = waysToConnect(names)
    .flatMap(({ steps }) => steps.map(({ block }) => block))
    .join('\n');
  assert.doesNotMatch(text, /example\.org|127\.0\.0\.1|localhost/);
  for (const name of Object.values(names)) assert.ok(text.includes(name), name);
});
