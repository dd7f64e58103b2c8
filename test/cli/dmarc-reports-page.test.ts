/** docs/dmarc-reports.md, done: its settings and its commands, with a mail server of the test. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPage } from '../interop/doc-blocks.ts';
import { startSink } from '../reports/sending/sink.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reports-page-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('docs/dmarc-reports.md: its settings and commands work as written', async (context) => {
  const sink = await startSink();
  context.after(sink.close);
  const page = readPage('dmarc-reports.md');
  const config = join(folder, 'mailverdict.yaml');
  const yaml = page.block('reports.yaml', {
    '/var/lib/mailverdict/store.db': join(folder, 'store.db'),
    'smtp://127.0.0.1:25': sink.url,
  });
  writeFileSync(config, yaml);
  const run = async (block: string, replacements: Record<string, string> = {}) => {
    const outcomes = [];
    for (const line of page.block(block, replacements).trim().split('\n')) {
      const [program, ...words] = line.split(' ');
      assert.equal(program, 'mailverdict');
      outcomes.push(await runCli(words, undefined, { MAILVERDICT_CONFIG: config }));
    }
    return outcomes;
  };

  const [check] = await run('check');
  assert.equal(check?.code, 0, check?.err);
  assert.equal(sink.received.length, 1);
  const sample = join(folder, 'sample.eml');
  writeFileSync(sample, sink.received[0]?.octets ?? '');
  const [judged] = await run('check-received', { 'sample.eml': sample });
  // Nobody signs here, and DNS does not answer: what is missing is told with what to do.
  assert.equal(judged?.code, 1);
  assert.match(judged?.out ?? '', /Next: /);
  for (const { code, err } of await run('look')) assert.equal(code, 0, err);
  assert.deepEqual(page.unused(), []);
});
