/**
 * How the rooms are furnished: what stands at the top, how many files a room has, no drawers, no
 * long files, each file with a head.
 */
import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path/posix';
import { test } from 'node:test';
import { readSource, sourceFiles } from './sources.ts';

const MAX_FILES = 20;
const MAX_LINES = 300;
const MAX_COMMENT_COLUMNS = 100;

const files = [...sourceFiles('src'), ...sourceFiles('schemas')];
const byFolder = Map.groupBy(files, dirname);

test('at the top of src stand the front doors alone', () => {
  assert.deepEqual(byFolder.get('src'), ['src/index.ts', 'src/server.ts', 'src/version.ts']);
});

test(`a folder has at most ${MAX_FILES} files`, () => {
  assert.deepEqual(
    [...byFolder]
      .filter(([, inside]) => inside.length > MAX_FILES)
      .map(([folder, { length }]) => `${folder}: ${length}`),
    [],
  );
});

test('a prefix that three files of a folder share is a folder', () => {
  const shared = [...byFolder].flatMap(([folder, inside]) =>
    [
      ...Map.groupBy(
        inside.map((file) => basename(file, '.ts')).filter((name) => name.includes('-')),
        (name) => name.split('-')[0],
      ),
    ]
      .filter(([, names]) => names.length >= 3)
      .map(([prefix, names]) => `${folder}/${prefix}-: ${names.join(', ')}`),
  );
  assert.deepEqual(shared, []);
});

test('no file is a drawer', () => {
  assert.deepEqual(
    files.filter((file) => /\/(?:utils?|helpers?|common|types|misc|base|data)(?:\.ts$|\/)/.test(file)),
    [],
  );
});

test(`no file is over ${MAX_LINES} lines without a reason in its head`, () => {
  const long = files.filter((file) => {
    const text = readSource(file);
    return text.split('\n').length > MAX_LINES && !/over 300 lines|300 lines|long because/i.test(text.slice(0, 1500));
  });
  assert.deepEqual(long, []);
});

test('each file opens with what it does', () => {
  assert.deepEqual(
    files.filter((file) => !/^(?:#!.*\n)?\/\*\*/.test(readSource(file))),
    [],
  );
});

test(`a comment has at most ${MAX_COMMENT_COLUMNS} columns`, () => {
  const wide = files.flatMap((file) =>
    readSource(file)
      .split('\n')
      .flatMap((line, index) =>
        /^\s*(?:\/\*|\*|\/\/)/.test(line) && line.length > MAX_COMMENT_COLUMNS ? [`${file}:${index + 1}`] : [],
      ),
  );
  assert.deepEqual(wide, []);
});
