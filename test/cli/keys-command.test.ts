/** `mailverdict keys` as an operator uses it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findKey, readKeys } from '../../src/http/api-keys.ts';
import { runCli } from './run-cli.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mailverdict-keys-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `keys-${++files}`);
const keysIn = (file: string) => {
  const outcome = readKeys(file);
  return outcome.kind === 'keys' ? outcome.keys : assert.fail(JSON.stringify(outcome));
};

test('keys create writes the key once to standard output and its hash to a file for its owner only', async () => {
  const file = newFile();
  const { code, out, err } = await runCli(['keys', 'create', 'billing', '--file', file]);
  assert.equal(code, 0, err);
  assert.match(out, /^mv_[A-Za-z0-9_-]{43}\n$/);
  const key = out.trim();
  assert.equal(findKey(keysIn(file), key)?.name, 'billing');
  assert.doesNotMatch(readFileSync(file, 'utf8') + err, new RegExp(key));
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('keys create, list and revoke work on the file that API_KEYS names, each key by its name', async () => {
  const file = newFile();
  const keys = (...words: string[]) => runCli(['keys', ...words], undefined, { API_KEYS: file });
  const first = (await keys('create', 'first')).out.trim();
  const second = (await keys('create', 'second.one', '--role', 'operator')).out.trim();
  assert.match(
    (await keys('list')).out,
    /^first {7}\d{4}-\d{2}-\d{2} {2}client\nsecond\.one {2}\d{4}-\d{2}-\d{2} {2}operator\n$/,
  );
  assert.equal((await keys('revoke', 'first')).code, 0);
  assert.equal(findKey(keysIn(file), first), null);
  assert.equal(findKey(keysIn(file), second)?.name, 'second.one');
  assert.equal(findKey(keysIn(file), second)?.role, 'operator');
});

test('keys keeps the mode of the file and follows a link to it', async () => {
  const file = newFile();
  const link = `${file}-link`;
  writeFileSync(file, '');
  chmodSync(file, 0o640);
  symlinkSync(file, link);
  assert.equal((await runCli(['keys', 'create', 'one', '--file', link])).code, 0);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.equal(keysIn(file).length, 1);
  assert.equal(existsSync(`${file}.new`), false);
});

test('keys create leaves nothing behind where the disk is full, so that the next one works', async () => {
  const file = newFile();
  assert.equal((await runCli(['keys', 'create', 'one', '--file', file])).code, 0);
  const before = readFileSync(file, 'utf8');
  // A limit on the size of files is a disk without room: the file is made and nothing can be
  // written to it.
  const full = spawnSync(
    'sh',
    ['-c', 'ulimit -f 0 && exec "$0" "$@"', process.execPath, CLI, 'keys', 'create', 'two', '--file', file],
    { encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } },
  );
  assert.equal(full.status, 74, full.stderr);
  assert.match(full.stderr, /cannot be written/);
  assert.equal(full.stdout, '', 'a key that is not kept is not shown');
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal(existsSync(`${file}.new`), false);
  assert.equal((await runCli(['keys', 'create', 'two', '--file', file])).code, 0);
  assert.equal(keysIn(file).length, 2);
});

test('keys tells what is wrong and changes nothing', async (t) => {
  const cases: { words: string[]; text?: string; code: number; says: RegExp }[] = [
    { words: ['create'], code: 64, says: /give the key a name/ },
    { words: ['create', 'a/b'], code: 64, says: /up to 64 letters/ },
    { words: ['create', 'one', 'two'], code: 64, says: /give one name/ },
    { words: ['make', 'one'], code: 64, says: /keys create, keys list or keys revoke/ },
    { words: ['create', 'one', '--role', 'root'], code: 64, says: /a role is client or operator/ },
    { words: ['revoke', 'one', '--role', 'client'], code: 64, says: /--role belongs to keys create/ },
    {
      words: ['create', 'one'],
      text: `one sha256:${'0'.repeat(64)} 2026-11-22\n`,
      code: 64,
      says: /a key one already/,
    },
    { words: ['revoke', 'two'], text: `one sha256:${'0'.repeat(64)} 2026-11-22\n`, code: 64, says: /no key two/ },
    { words: ['create', 'one'], text: 'something else\n', code: 78, says: /line 1: the hash must be/ },
    { words: ['list'], code: 78, says: /cannot be read: there is no such file/ },
  ];
  for (const { words, text, code, says } of cases) {
    await t.test(words.join(' '), async () => {
      const file = newFile();
      if (text !== undefined) writeFileSync(file, text);
      const run = await runCli(['keys', ...words, '--file', file]);
      assert.equal(run.code, code);
      assert.match(run.err, says);
      assert.equal(existsSync(file) ? readFileSync(file, 'utf8') : undefined, text);
    });
  }
  await t.test('without a file', async () => {
    assert.match((await runCli(['keys', 'create', 'one'])).err, /set API_KEYS or give --file/);
  });
  await t.test('while another change is under way', async () => {
    const file = newFile();
    writeFileSync(`${file}.new`, '');
    const run = await runCli(['keys', 'create', 'one', '--file', file]);
    assert.equal(run.code, 74);
    assert.match(run.err, /another change is under way/);
  });
});
