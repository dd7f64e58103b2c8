/**
 * A tag-list (RFC 6376 section 3.2): `name=value` pairs between semicolons, as DKIM-Signature,
 * ARC-Seal and ARC-Message-Signature write them. Names keep their case, a name that occurs twice
 * spoils the list, and every tag knows the position of its value so that b= can be emptied exactly.
 * Reads one byte as one code unit (Latin-1) and decodes nothing. Linear in the text. Never throws:
 * the first fault is reported with its position.
 */
import { type ReachedLimit, reached } from '../../schemas/limit.ts';

/** One tag-spec. Offsets count from the start of the text given to `readTagList`. */
type Tag = {
  readonly name: string;
  /**
   * The value without surrounding white space; white space inside it is kept as written.
   */
  readonly value: string;
  /** Offset of the byte after "=". */
  readonly start: number;
  /**
   * Offset of the semicolon that ends the tag, or the length of the text: start..end is the value
   * with surrounding white space (section 3.7).
   */
  readonly end: number;
};

/** What spoils the list. */
type TagListFault = {
  readonly reason: string;
  /** Offset in the text. */
  readonly position: number;
  /** The limit of ours that it is. */
  readonly limit?: ReachedLimit;
};

/** A list as read. */
export type TagList = {
  /** What could be read, also of a faulty list; of a doubled name, the last. */
  readonly tags: ReadonlyMap<string, Tag>;
  /** The first fault, or null when the list follows the grammar. */
  readonly fault: TagListFault | null;
};

/**
 * Most tag-specs read; RFC 6376 and RFC 8617 define 13. A longer list is faulty, so that its cost
 * is bounded.
 */
export const MAX_TAGS = 256;

// tag-name = ALPHA *ALNUMPUNC
const TAG_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

// What a value may not hold: a control character other than HTAB, a CR or LF that is not part of a
// fold. Bytes from 0x80 are let through, because RFC 8616 section 3 puts UTF-8 into these fields.
const NOT_IN_A_VALUE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n[ \t])|(?<!\r)\n/;

const isBlank = (code: number) => code === 0x20 || code === 0x09;
const isFold = (text: string, at: number) =>
  text.charCodeAt(at) === 0x0d && text.charCodeAt(at + 1) === 0x0a && isBlank(text.charCodeAt(at + 2));

/**
 * Offsets of the text between the folding white space of from..to. Not a pattern: on a long run
 * of blanks one would take quadratic time.
 */
const withoutEdges = (text: string, from: number, to: number): [number, number] => {
  let start = from;
  let end = to;
  while (start < end && (isBlank(text.charCodeAt(start)) || isFold(text, start))) {
    start += isBlank(text.charCodeAt(start)) ? 1 : 2;
  }
  while (end > start && (isBlank(text.charCodeAt(end - 1)) || (end < to && isFold(text, end - 2)))) {
    end -= isBlank(text.charCodeAt(end - 1)) ? 1 : 2;
  }
  return [start, Math.max(start, end)];
};

/**
 * Reads a tag-list (RFC 6376 section 3.2).
 * @param text the field's value, one byte a code unit, folds as CRLF
 * @returns never throws
 */
export const readTagList = (text: string): TagList => {
  const tags = new Map<string, Tag>();
  let fault: TagListFault | null = null;
  const spoil = (reason: string, position: number, limit?: ReachedLimit) => {
    fault ??= { reason, position, ...(limit !== undefined && { limit }) };
  };
  for (let from = 0, count = 0; from <= text.length; count++) {
    if (count === MAX_TAGS) {
      spoil(`more than ${MAX_TAGS} tags`, from, reached('tags', MAX_TAGS));
      break;
    }
    const semicolon = text.indexOf(';', from);
    const end = semicolon < 0 ? text.length : semicolon;
    const [nameStart, specEnd] = withoutEdges(text, from, end);
    const equals = text.slice(nameStart, specEnd).indexOf('=') + nameStart;
    if (nameStart === specEnd) {
      // One semicolon may end the list; the grammar has no empty tag anywhere else.
      if (semicolon >= 0 || count === 0) spoil('an empty tag', from);
    } else if (equals < nameStart) {
      spoil('a tag without "="', nameStart);
    } else {
      const name = text.slice(...withoutEdges(text, nameStart, equals));
      const [start, stop] = withoutEdges(text, equals + 1, end);
      const value = text.slice(start, stop);
      const bad = value.search(NOT_IN_A_VALUE);
      if (!TAG_NAME.test(name)) spoil('a tag name that is not letters, digits and underscores', nameStart);
      else if (tags.has(name)) spoil(`the tag ${name.slice(0, 16)}= occurs twice`, nameStart);
      else if (bad >= 0) spoil(`a control character in the value of ${name.slice(0, 16)}=`, start + bad);
      tags.set(name, { name, value, start: equals + 1, end });
    }
    from = end + 1;
  }
  return { tags, fault };
};
