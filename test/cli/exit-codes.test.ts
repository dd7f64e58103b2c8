/** Every exit code: what gives it, and that the pages and the help name it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXIT } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCommand } from '../../src/cli/run.ts';
import { freePort } from '../free-port.ts';
import { ROOT } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const ALIGNED = 'examples/aligned.eml';
const FACTS = ['--client-ip', '198.51.100.200', '--mail-from', 'alice@brand.example'];
const TWO_AUTHORS = 'From: a@brand.example, b@shop.example\r\n\r\n';
const UNANSWERED = 'From: a@elsewhere.test\r\n\r\n';

type Case = { words: string[]; input?: string; environment?: Record<string, string> };
const CASES: Readonly<Record<Exclude<keyof typeof EXIT, 'fault'>, readonly Case[]>> = {
  ok: [
    { words: ['verify', ALIGNED] },
    { words: ['verify', 'examples/unsigned.eml'] },
    { words: ['verify', ALIGNED, '--require', 'proven'] },
    { words: ['batch', ALIGNED] },
    { words: ['--version'] },
    { words: ['help'] },
  ],
  fail: [
    { words: ['verify', 'examples/spf-fail.eml', ...FACTS] },
    // DMARC permerror: From names no single author domain.
    { words: ['verify', '-'], input: TWO_AUTHORS },
    { words: ['verify', 'examples/unsigned.eml', '--require', 'proven'] },
    { words: ['domain', 'quiet.example'] },
    { words: ['batch', '-'], input: '{"message": 1}' },
  ],
  temperror: [
    { words: ['verify', '-'], input: UNANSWERED },
    { words: ['verify', '-', '--require', 'proven'], input: UNANSWERED },
    { words: ['batch', '-', '--require', 'proven'], input: UNANSWERED },
    { words: ['domain', 'elsewhere.test'] },
    { words: ['dns', 'elsewhere.test'] },
  ],
  usage: [
    { words: [] },
    { words: ['verif'] },
    { words: ['verify'] },
    { words: ['verify', ALIGNED, '--client-ip', 'x'] },
  ],
  noInput: [{ words: ['verify', 'nosuch.eml'] }, { words: ['verify', '-'] }],
  unavailable: [{ words: ['verify', ALIGNED, '--url', `http://127.0.0.1:${await freePort()}`] }],
  notWritten: [{ words: ['batch', ALIGNED, '--out', '/nosuch/verdicts.ndjson'] }],
  config: [{ words: ['verify', ALIGNED], environment: { PORT: 'eighty' } }],
};

for (const [name, cases] of Object.entries(CASES))
  test(`exit ${EXIT[name as keyof typeof EXIT]} (${name})`, async () => {
    for (const { words, input, environment } of cases) {
      const run = await runInProcess(words, {
        ...(input !== undefined && { input }),
        ...(environment && { environment }),
      });
      assert.equal(run.code, EXIT[name as keyof typeof EXIT], `${words.join(' ')}: ${run.err}`);
    }
  });

test(`exit ${EXIT.fault} (fault): a fault of the program is told with its stack, and never as a verdict`, async () => {
  const style = { color: false, width: 80 };
  let err = '';
  const code = await runCommand(['--version'], {
    readInput: () => assert.fail(),
    out: () => {
      throw new Error('broken');
    },
    err: (text) => {
      err += text;
    },
    style,
    errStyle: style,
    progress: false,
    createWait: () => assert.fail(),
  });
  assert.equal(code, EXIT.fault);
  assert.match(err, /^mailverdict: Error: broken\n {4}at /);
});

test('every command tells its exit codes, in lines of at most 80 columns', async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const { help } = await load();
    assert.match(help, /^Exit: 0 /m, name);
    for (const line of help.split('\n')) assert.ok(line.length <= 80, `${name}: ${line}`);
  }
});

test('docs/command-line.md names every exit code', () => {
  const page = readFileSync(`${ROOT}docs/command-line.md`, 'utf8');
  for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} \\| \\S`, 'm'));
});
