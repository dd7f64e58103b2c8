/**
 * README.md and docs/ against the code: what is made from it is as it would be made now, the output
 * that README.md shows is what the command writes, and links between documents lead somewhere.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MADE_DOCUMENTS } from '../../src/cli/documents.ts';
import { runCli } from '../cli/run-cli.ts';
import type { Deviation } from '../conformance/deviation.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

for (const { path, make } of MADE_DOCUMENTS)
  test(`${path} is as the code makes it`, async () => {
    const text = read(path);
    assert.ok((await make(text)) === text, `${path} differs from the code: run "npm run readme"`);
  });

test('README.md shows what the command that it names writes', async () => {
  const [, words = '', shown] =
    /```sh\nnpx mailverdict (verify [^\n]+)\n```\n\n```\n([^`]+)```/.exec(read('README.md')) ?? [];
  const { out } = await runCli(words.split(' '));
  assert.equal(out, shown);
});

/** Asserts that a verdict has what a page shows of it; "…" stands for what the page leaves out. */
const assertShown = (shown: unknown, real: unknown, path: string): void => {
  if (shown === '…') return;
  if (Array.isArray(shown)) {
    assert.ok(Array.isArray(real), path);
    if (!shown.includes('…')) assert.equal(real.length, shown.length, path);
    for (const [index, one] of shown.entries()) assertShown(one, real[index], `${path}[${index}]`);
  } else if (typeof shown === 'object' && shown !== null) {
    assert.ok(typeof real === 'object' && real !== null, path);
    for (const [name, one] of Object.entries(shown))
      if (name !== '…') assertShown(one, (real as Record<string, unknown>)[name], `${path}.${name}`);
  } else assert.deepEqual(real, shown, path);
};

for (const path of ['README.md', 'docs/api.md'])
  test(`${path} shows of the verdict on aligned.eml what it has`, async () => {
    const shown = [...read(path).matchAll(/```json\n([^`]+)```/g)].map(([, text = '']) => JSON.parse(text));
    const words = 'verify examples/aligned.eml --json --client-ip 192.0.2.10 --helo mail.brand.example';
    const { out } = await runCli([...words.split(' '), '--mail-from', 'alice@brand.example']);
    const verdicts = shown.filter((one) => 'author' in one);
    assert.equal(verdicts.length, 1);
    for (const verdict of verdicts) assertShown(verdict, JSON.parse(out), 'verdict');
  });

test('docs/standards.md lists each case of a conformance suite that is judged otherwise on purpose', async () => {
  const text = read('docs/standards.md');
  const folder = new URL('test/conformance/', ROOT);
  const suites = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const ids: string[] = [];
  for (const { name } of suites) {
    const { deviations } = (await import(new URL(`${name}/deviations.ts`, folder).href)) as {
      deviations: readonly Deviation[];
    };
    ids.push(...deviations.map(({ id }) => id));
  }
  assert.ok(ids.length > 0);
  assert.deepEqual(
    ids.filter((id) => !text.includes(`| ${id} |`)),
    [],
  );
});

/** The anchors of a document: those written as such, and those of its headings. */
const anchorsOf = (text: string): Set<string> =>
  new Set([
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id),
    ...[...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  ]);

test('docs/architecture.md names files and folders that exist', () => {
  const named = [...read('docs/architecture.md').matchAll(/\b(?:src|schemas|test)\/[\w./-]*/g)].map(([path]) => path);
  assert.ok(named.length > 50);
  assert.deepEqual(
    [...new Set(named)].filter((path) => !existsSync(new URL(path, ROOT))),
    [],
  );
});

test('every link of a document to a file or a heading of this project leads somewhere', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'bench/README.md',
    'examples/README.md',
    ...readdirSync(new URL('docs', ROOT))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const dead = documents.flatMap((path) => {
    const at = new URL(path, ROOT);
    return [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? at : new URL(file, at);
        if (!existsSync(target)) return true;
        return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).has(anchor);
      })
      .map((link) => `${path}: ${link}`);
  });
  assert.deepEqual(dead, []);
});
