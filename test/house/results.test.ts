/** docs/results.md against the schemas: every result word has its row, and no row is of another. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ArcResult } from '../../schemas/arc.ts';
import { AuthorLevel } from '../../schemas/author.ts';
import { DkimResult } from '../../schemas/dkim.ts';
import { DmarcResult } from '../../schemas/dmarc.ts';
import { SpfResult } from '../../schemas/spf.ts';
import { BimiVerdict, Disposition, Iprev } from '../../schemas/verdict.ts';

/** Each heading of the page with the words of its schema, in its order. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  SPF: SpfResult.options,
  DKIM: DkimResult.options,
  DMARC: DmarcResult.options,
  ARC: ArcResult.options,
  iprev: Iprev.shape.result.options,
  BIMI: BimiVerdict.shape.result.options,
  Author: AuthorLevel.options,
  Disposition: Disposition.shape.action.options,
};

const text = readFileSync(new URL('../../docs/results.md', import.meta.url), 'utf8');
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.split('\n', 1)[0] ?? '',
    rows: [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$/gm)],
  }));

test('docs/results.md has a section for each method, and no other', () => {
  assert.deepEqual(
    sections.map(({ title }) => title),
    Object.keys(METHODS),
  );
});

for (const { title, rows } of sections)
  test(`docs/results.md tells each word of ${title} once, in the order of the schema`, () => {
    assert.deepEqual(
      rows.map(([, word]) => word),
      METHODS[title],
    );
  });

test('docs/results.md begins each "whose move" with one of three', () => {
  for (const { title, rows } of sections)
    for (const [, word, , move = ''] of rows) assert.match(move, /^(?:Sender|Receiver|Nobody)\b/, `${title} ${word}`);
});
