/**
 * The fenced blocks of a page in docs/ that have a name, as in "```yaml name=mailverdict.yaml", so
 * that what the page says is what is run. Tells a block that nobody asked for, so that no block is
 * left unproven.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** A page. */
export type DocPage = {
  /**
   * Text of a block.
   * @param replacements what to put in place of words of the page (a port by a free one); each must
   * occur
   * @throws AssertionError when there is no such block or a word does not occur in it
   */
  block(name: string, replacements?: Readonly<Record<string, string>>): string;
  /** Names of the blocks that were not asked for. */
  unused(): string[];
};

/** Reads a page. @param name file name in docs/ */
export const readPage = (name: string): DocPage => {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const blocks = new Map(
    [...text.matchAll(/^```[a-z0-9]+ name=(\S+)\n([\s\S]*?)^```$/gm)].map(([, title = '', body = '']) => [title, body]),
  );
  const used = new Set<string>();
  return {
    block: (title, replacements = {}) => {
      const body = blocks.get(title);
      assert.ok(body !== undefined, `${name} has no block ${title}`);
      used.add(title);
      return Object.entries(replacements).reduce((changed, [word, other]) => {
        assert.ok(changed.includes(word), `${name}, block ${title}, does not say ${word}`);
        return changed.replaceAll(word, other);
      }, body);
    },
    unused: () => [...blocks.keys()].filter((title) => !used.has(title)),
  };
};

/**
 * Settings of a main.cf: a line that begins with white space goes on with the one before
 * (postconf(5)).
 */
export const readMainCf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .replace(/\n[ \t]+/g, ' ')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? assert.fail(`no setting: ${line}`);
        return [name, value];
      }),
  );

/** Settings that a service of a master.cf has for itself, as in `-o name=value` (master(5)). */
export const readMasterOptions = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^[ \t]+-o (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
