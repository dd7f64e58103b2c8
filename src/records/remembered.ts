/**
 * A parser that remembers what it read: the records of a few busy domains are read for nearly every
 * message, and a text reads the same each time. Bounded in entries and in the length of a text, so
 * that what a stranger publishes costs no more memory than anybody's. Only for parsers that are
 * pure and whose trees nobody changes.
 */
import { LRUCache } from 'lru-cache';

/** Texts held by one parser; the least recently used is dropped. */
export const MAX_REMEMBERED = 1000;
/**
 * A longer text is read each time. Few records are longer, and the tree of a text takes many times
 * its room.
 */
export const MAX_REMEMBERED_CHARACTERS = 1024;

/**
 * Lays the memory around a parser.
 * @returns the same tree for the same text, as long as it is held
 */
export const remembered = <Tree extends object>(parse: (text: string) => Tree): ((text: string) => Tree) => {
  const held = new LRUCache<string, Tree>({ max: MAX_REMEMBERED });
  return (text) => {
    const known = held.get(text);
    if (known !== undefined) return known;
    const tree = parse(text);
    if (text.length <= MAX_REMEMBERED_CHARACTERS) held.set(text, tree);
    return tree;
  };
};
