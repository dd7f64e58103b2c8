/**
 * What a file exports: a name that no other file imports is not exported, so that whoever reads an
 * export knows that it is used elsewhere. Tests do not count: they go through the door of a room.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf, isRelative, readSource, sourceFiles, targetOf } from './sources.ts';

/** What the package offers to programs: all that these files export or hand on. */
const OFFERED = ['src/index.ts', 'src/client/client.ts'];

/** Names that only tests import, each with the reason why no door leads to what they show. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/telemetry/standstill.ts watchEventLoop': 'clock, CPU time and timer are arguments there, and nowhere else',
};

const product = [...sourceFiles('src'), ...sourceFiles('schemas')];

/** The names that files take from others, as "file name"; a name is "*" where all are taken. */
const takenBy = (files: readonly string[]): ReadonlySet<string> =>
  new Set(
    files.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => isRelative(specifier))
        .flatMap(({ specifier, names }) => (names ?? ['*']).map((name) => `${targetOf(file, specifier)} ${name}`)),
    ),
  );

type Export = { readonly file: string; readonly name: string; readonly statement: string };

const DECLARATION = /^export (?:abstract )?(?:async )?(?:const|let|type|interface|class|function)\b\*? ?([\w$]+).*$/gm;

const exported: readonly Export[] = product.flatMap((file) =>
  [...readSource(file).matchAll(DECLARATION)].map(([statement, name = '']) => ({ file, name, statement })),
);

const used = takenBy([...product, ...sourceFiles('examples'), ...sourceFiles('bench')]);
const tested = takenBy(sourceFiles('test'));

/** A bound that nobody sets: its test reaches it with one more than it allows. */
const isTestedBound = ({ file, name, statement }: Export): boolean =>
  /^export const [A-Z\d_]+ = \d/.test(statement) && tested.has(`${file} ${name}`);

const withoutImporter = exported.filter(
  (one) => !OFFERED.includes(one.file) && !used.has(`${one.file} ${one.name}`) && !used.has(`${one.file} *`),
);

test('every export is a declaration of its file; only what the package offers is handed on', () => {
  const others = product
    .filter((file) => !OFFERED.includes(file))
    .flatMap((file) => {
      const statements = readSource(file).match(/^export\b.*$/gm) ?? [];
      const declared = exported.filter((one) => one.file === file).map(({ statement }) => statement);
      return statements
        .filter((statement) => statement !== 'export {};' && !declared.includes(statement))
        .map((found) => `${file}: ${found}`);
    });
  assert.deepEqual(others, []);
});

test('an exported name has an importer outside its file that is no test, or is a bound that a test reaches', () => {
  assert.deepEqual(
    [...new Set(withoutImporter.filter((one) => !isTestedBound(one)).map(({ file, name }) => `${file} ${name}`))],
    Object.keys(EXCEPTIONS),
  );
});
