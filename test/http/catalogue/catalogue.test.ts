/** The catalogues of findings and problems: complete, each code once, nothing in them unused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBLEMS } from '../../../schemas/problem-kinds.ts';
import { type Catalogue, findingsCatalogue, problemsCatalogue } from '../../../src/http/catalogue/catalogue.ts';
import { toHtml } from '../../../src/http/catalogue/html.ts';
import { toMarkdown } from '../../../src/http/catalogue/markdown.ts';
import { RULES } from '../../../src/posture/rules/findings.ts';
import { FINDINGS } from '../../../src/verdict/findings/catalogue.ts';
import { readSource, sourceFiles } from '../../house/sources.ts';

const anchorsOf = ({ sections }: Catalogue): string[] =>
  sections.flatMap(({ table }) => table.rows.flatMap(({ anchor }) => anchor ?? []));

test('findingsCatalogue has every code of a verdict and of the domain view, each with one anchor', () => {
  const codes = new Set([...Object.keys(FINDINGS), ...RULES.map(({ code }) => code)]);
  assert.deepEqual(anchorsOf(findingsCatalogue()).toSorted(), [...codes].toSorted());
});

test('findingsCatalogue tells a code that a verdict and the domain view share as each of them means it', () => {
  const both = findingsCatalogue()
    .sections.at(-1)
    ?.table.rows.filter(({ cells }) => cells[0] === '`limit-reached`');
  assert.deepEqual(
    both?.map(({ cells }) => cells[1]),
    ['verdict', 'domain view'],
  );
});

test('problemsCatalogue has every kind of problem with its status', () => {
  assert.deepEqual(anchorsOf(problemsCatalogue()), Object.keys(PROBLEMS));
});

test('each cell of a catalogue is one line without a full stop, and no row lacks one', () => {
  for (const { sections } of [findingsCatalogue(), problemsCatalogue()])
    for (const { table } of sections)
      for (const { cells } of table.rows) {
        assert.equal(cells.length, table.columns.length);
        for (const text of cells) assert.match(text, /^[^\n]*[^\n.]$/);
      }
});

test('each code of a verdict and each kind of problem is used somewhere', () => {
  const sources = [...sourceFiles('src')]
    .filter((file) => !/verdict\/findings\/catalogue/.test(file))
    .map(readSource)
    .join('\n');
  const own = Object.keys(FINDINGS).filter((code) => !code.startsWith('from-'));
  assert.deepEqual(
    [...own, ...Object.keys(PROBLEMS)].filter((code) => !sources.includes(`'${code}'`)),
    [],
  );
});

test('toMarkdown puts an anchor before each code and lets no cell end early', () => {
  const text = toMarkdown(
    {
      title: 'Codes',
      intro: ['Some.'],
      sections: [{ title: 'All', table: { columns: ['Code'], rows: [{ anchor: 'a-b', cells: ['`a-b` | <i>'] }] } }],
    },
    'a table',
  );
  assert.equal(
    text,
    '# Codes\n\n<!-- Written by `npm run readme` from a table. -->\n\nSome.\n\n| Code |\n| --- |\n| <a id="a-b"></a>`a-b` \\| &lt;i> |\n',
  );
});

test('toHtml escapes what a cell holds and marks its code', () => {
  const html = toHtml({
    title: 'Codes',
    intro: [],
    sections: [
      {
        title: 'All',
        table: { columns: ['Code', 'About'], rows: [{ anchor: 'a-b', cells: ['`a-b`', '<img src="x"> & `<b>`'] }] },
      },
    ],
  });
  assert.ok(
    html.includes(
      '<div id="a-b"><dt><code>a-b</code></dt><dd><span class="muted">About:</span> &lt;img src=&quot;x&quot;&gt; &amp; <code>&lt;b&gt;</code></dd></div>',
    ),
  );
});
