/**
 * Every section of an RFC that code, tests and documents name exists; the list is data with its
 * source.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLACES = ['src', 'schemas', 'test', 'bench', 'docs', 'examples', 'deploy'];
const FILE = /\.(?:ts|js|md|yaml|yml|html|css)$/;

const { sections } = JSON.parse(readFileSync(new URL('rfc-sections.json', import.meta.url), 'utf8')) as {
  readonly sections: Readonly<Record<string, string>>;
};
const known = new Map(Object.entries(sections).map(([rfc, list]) => [rfc, new Set(list.split(' '))]));

const files = PLACES.flatMap((place) =>
  readdirSync(join(ROOT, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && FILE.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
).concat('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'openapi.yaml');

const SECTION = String.raw`(?:\d+|[A-Z](?![A-Za-z]))(?:\.\d+)*`;
const REFERENCE = new RegExp(`RFC (\\d{3,5}) sections? (${SECTION}(?:(?:, and |, | and )${SECTION})*)`, 'g');

/**
 * "RFC 7208 section 4.6.4", "RFC 7208 sections 2.3 and 2.4": each number, with the RFC it belongs
 * to. A fold of a comment stands between two words at times.
 */
const references = (text: string): { readonly rfc: string; readonly section: string }[] =>
  [...text.replace(/\n\s*(?:\*|\/\/|#)?\s*/g, ' ').matchAll(REFERENCE)].flatMap(([, rfc = '', list = '']) =>
    list.split(/, and |, | and /).map((section) => ({ rfc, section })),
  );

test('each section of an RFC that is named exists', () => {
  const wrong = files.flatMap((file) =>
    references(readFileSync(join(ROOT, file), 'utf8'))
      .filter(({ rfc, section }) => !known.get(rfc)?.has(section))
      .map(({ rfc, section }) => `${file}: RFC ${rfc} section ${section}`),
  );
  assert.deepEqual([...new Set(wrong)], []);
});

test('references finds every number of a list, over folds', () => {
  assert.deepEqual(references(' * (RFC 7208\n * sections 2.3, 2.4 and 4.6.4). RFC 6376 section A.1.'), [
    { rfc: '7208', section: '2.3' },
    { rfc: '7208', section: '2.4' },
    { rfc: '7208', section: '4.6.4' },
    { rfc: '6376', section: 'A.1' },
  ]);
});
