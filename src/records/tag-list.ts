/**
 * A tag=value list as tags with their positions: the syntax that DKIM key records, DMARC, MTA-STS,
 * TLS-RPT and BIMI records share. Keeps every tag, known or not, in order, repeated or not; what a
 * repeated tag means is for each standard to say. RFC 6376 section 3.2.
 */
import { type Fault, quote } from './fault.ts';

/** One tag of a list. */
export type Tag = {
  /** As published; names are case-sensitive (RFC 6376 section 3.2). */
  readonly name: string;
  /** Without surrounding white space. */
  readonly value: string;
  /** Position of the name in the text, in characters. */
  readonly offset: number;
  /** Position of the value; where it is empty, the position where it would be. */
  readonly valueOffset: number;
};

/** A text read as a tag=value list. */
export type TagList = {
  readonly tags: readonly Tag[];
  /**
   * Pieces that are no tag, and values with characters that a tag cannot hold, in order; the first
   * 100.
   */
  readonly faults: readonly Fault[];
  /**
   * The second and later tags of a name, in order, the first 100. RFC 6376 section 3.2 makes a list
   * with one invalid as a whole.
   */
  readonly repeated: readonly Tag[];
};

/**
 * Most faults, and most repeated tags, that are reported of one text: a record of 64 kB has room
 * for as many as it has semicolons.
 */
export const MAX_TOLD = 100;

const TAG_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Reads a list of `name=value` with `;` between. White space around names and values is left out; a
 * last `;` is allowed. Linear in the length of the text. Never throws.
 */
export const parseTagList = (text: string): TagList => {
  const tags: Tag[] = [];
  const faults: Fault[] = [];
  const repeated: Tag[] = [];
  const [tellFault, tellRepeated] = [few(faults), few(repeated)];
  const seen = new Set<string>();
  let start = 0;
  const pieces = text.split(';');
  for (const [index, piece] of pieces.entries()) {
    const offset = start + piece.length - piece.trimStart().length;
    const equals = piece.indexOf('=');
    if (piece.trim() === '') {
      if (index < pieces.length - 1) tellFault.push({ offset: start, reason: 'an empty tag' });
    } else if (equals < 0) {
      tellFault.push({ offset, reason: `${quote(piece.trim())} is no tag: "=" is missing` });
    } else {
      const name = piece.slice(0, equals).trim();
      const after = piece.slice(equals + 1);
      const value = after.trim();
      const valueOffset = start + equals + 1 + (value === '' ? 0 : after.length - after.trimStart().length);
      const tag = { name, value, offset, valueOffset };
      if (!TAG_NAME.test(name)) tellFault.push({ offset, reason: `${quote(name)} cannot be the name of a tag` });
      const strange = /[^\t\r\n\x20-\x7e]/.exec(value);
      if (strange !== null)
        tellFault.push({
          offset: valueOffset + strange.index,
          reason: `a character outside printable ASCII in "${name.slice(0, 40)}"`,
        });
      if (seen.has(name)) tellRepeated.push(tag);
      seen.add(name);
      tags.push(tag);
    }
    start += piece.length + 1;
  }
  return { tags, faults, repeated };
};

/** A list that takes the first MAX_TOLD items and no more. */
const few = <Item>(items: Item[]): { push: (item: Item) => void } => ({
  push: (item) => {
    if (items.length < MAX_TOLD) items.push(item);
  },
});

/** The first tag of a name (case-sensitive), or undefined. */
export const findTag = (list: { readonly tags: readonly Tag[] }, name: string): Tag | undefined =>
  list.tags.find((tag) => tag.name === name);
