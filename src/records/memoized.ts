/**
 * A memoized parser: the records of a few busy domains are read for nearly every message, and a
 * text reads the same each time. Bounded in entries and in the length of a text, so that what a
 * stranger publishes costs no more memory than anybody's. Only for parsers that are pure and whose
 * trees nobody changes.
 */
import { LRUCache } from 'lru-cache';

/** Texts cached by one parser; the least recently used is evicted. */
export const MAX_MEMOIZED = 1000;
/**
 * A longer text is read each time. Few records are longer, and the tree of a text takes many times
 * its room.
 */
export const MAX_MEMOIZED_CHARACTERS = 1024;

/**
 * Memoizes a parser.
 * @returns the same tree for the same text, as long as it is cached
 */
export const memoized = <Tree extends object>(parse: (text: string) => Tree): ((text: string) => Tree) => {
  const cached = new LRUCache<string, Tree>({ max: MAX_MEMOIZED });
  return (text) => {
    const known = cached.get(text);
    if (known !== undefined) return known;
    const tree = parse(text);
    if (text.length <= MAX_MEMOIZED_CHARACTERS) cached.set(text, tree);
    return tree;
  };
};
