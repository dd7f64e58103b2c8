/**
 * No regular expression of the product takes more than linear time. Asked is recheck's automaton
 * checker, because it decides: it answers "linear" only for an expression that has no slow input.
 * safe-regex2 counts stars and misses `[ \t]+$`; scslre misses every slow input that repeats more
 * than one character, such as `<title <title`; both call the SVG's old pattern safe. Recheck's
 * fuzzer finds slow inputs and proves nothing, so an expression that only it can judge (lookaround,
 * back references) is written in another way.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check } from 'recheck';
import { findExpressions, widened } from './regular-expressions.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['src', 'schemas', 'deploy'];

/** Expressions that may stay although the checker does not call them linear, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

const complaintOf = async (source: string, flags: string): Promise<string | null> => {
  const text = widened(source, flags);
  if (text === null) return null;
  const found = await check(text, flags, { checker: 'automaton', timeout: null });
  if (found.status === 'safe') return null;
  return found.status === 'vulnerable' ? found.complexity.summary : `not decided: ${found.error.kind}`;
};

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
);
const expressions = files.flatMap((file) =>
  findExpressions(readFileSync(join(ROOT, file), 'utf8'), file.endsWith('.ts')).map((found) => ({ file, ...found })),
);

test('each regular expression is linear in the text', async () => {
  assert.ok(expressions.length > 200, `${expressions.length} found`);
  const complaints = new Map<string, string | null>();
  const wrong: string[] = [];
  for (const { file, line, source, flags } of expressions) {
    const written = `/${source}/${flags}`;
    if (source === null) wrong.push(`${file}:${line}: an expression that only running code knows`);
    else if (!complaints.has(written)) complaints.set(written, await complaintOf(source, flags));
    const complaint = complaints.get(written) ?? null;
    if (complaint !== null && !(written in EXCEPTIONS)) wrong.push(`${file}:${line}: ${written}: ${complaint}`);
  }
  assert.deepEqual(wrong, []);
  const unused = Object.keys(EXCEPTIONS).filter((written) => (complaints.get(written) ?? null) === null);
  assert.deepEqual(unused, []);
});

test('an expression that is slow on some text is found', async () => {
  const slow = [
    '[ \\t]+$',
    '[>.]+$',
    '%.*$',
    '<title\\b[^>]{0,1024}>\\s*[^<\\s]',
    '(a+)+$',
    '^(?:a|b|ab)*c$',
    '(\\s*;\\s*)',
    '^[a-z]{1,255}[a-z]{1,255}!$',
    '^(?=.*a)b',
  ];
  for (const source of slow) assert.notEqual(await complaintOf(source, ''), null, source);
  for (const source of ['^[ \\t]+', 'a{1,9}$', ';\\s*', '\\.$'])
    assert.equal(await complaintOf(source, ''), null, source);
});

test('findExpressions sees each way to write one', () => {
  const text = [
    'const part: string = "[ab]";',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is a program
    'const one = /a\\/b/giu, two = new RegExp(`^${part}$`, "i"), three = RegExp("c");',
    'export const four = (text: string) => text.match("d+") ?? text.replace(/e/, "/f/") ?? new RegExp(text);',
  ].join('\n');
  assert.deepEqual(
    findExpressions(text, true).map(({ line, source, flags }) => [line, source, flags]),
    [
      [2, 'a\\/b', 'giu'],
      [2, '^[ab]$', 'i'],
      [2, 'c', ''],
      [3, 'd+', ''],
      [3, 'e', ''],
      [3, null, ''],
    ],
  );
});
