/**
 * The words of a structured field body of addresses: atoms, quoted strings, address literals,
 * comments and specials, with their places. RFC 5322 sections 3.2 and 4.1. Every character is
 * looked at a fixed number of times.
 */
import { isFoldingSpace, readComment, readQuotedString, readUntil } from '../lexical.ts';
import type { GrammarNotes } from './grammar.ts';

/** One word, or one special character. */
export type Token = {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'comment' | 'special';
  readonly content: string;
  readonly spaceBefore: boolean;
  /**
   * True after white space or a comment: two words of an address that are parted need a dot or an
   * at sign between them.
   */
  readonly partedBefore: boolean;
  readonly position: number;
};

const SPECIALS = '<>:;@,';

/** The dot ends no atom here: obsolete phrases hold it, "John Q. Public" (RFC 5322 section 4.1). */
export const endsAtom = (character: string): boolean =>
  isFoldingSpace(character) || '()[]\\"'.includes(character) || SPECIALS.includes(character);

const CONTROL = /[\x01-\x1f\x7f-\x9f]/;
/** Controls that the obsolete grammar allows in text between delimiters; tab is white space. */
const CONTROL_IN_TEXT = /[\x01-\x08\x0a-\x0c\x0e-\x1f\x7f]/;

/** Splits a text into tokens. */
export const tokenize = (text: string, notes: GrammarNotes): Token[] => {
  const tokens: Token[] = [];
  let spaceBefore = false;
  let partedBefore = false;
  let at = 0;
  const push = (kind: Token['kind'], content: string, end: number): void => {
    checkOctets(text, at, end, notes);
    tokens.push({ kind, content, spaceBefore, partedBefore, position: at });
    spaceBefore = kind === 'comment' && spaceBefore;
    partedBefore = kind === 'comment';
    at = end;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (isFoldingSpace(character)) {
      if (character === '\r' && text.charAt(at + 1) !== '\n') notes.fault('lone-cr', at);
      spaceBefore = true;
      partedBefore = true;
      at += 1;
    } else if (character === '"' || character === '(') {
      const quoted = character === '"';
      const { content, end, closed } = quoted ? readQuotedString(text, at) : readComment(text, at);
      if (!closed) notes.fault(quoted ? 'quoted-string-never-closed' : 'comment-never-closed', at);
      if (CONTROL_IN_TEXT.test(content)) notes.remark('control-character-in-text', at);
      push(quoted ? 'quoted' : 'comment', content, end);
    } else if (character === '[') {
      const end = Math.min(readUntil(text, at, (one) => one === ']') + 1, text.length);
      if (text.charAt(end - 1) !== ']') notes.fault('literal-never-closed', at);
      push('literal', text.slice(at, end), end);
    } else if (SPECIALS.includes(character)) push('special', character, at + 1);
    else if (endsAtom(character)) {
      notes.fault('misplaced-special', at);
      at += 1;
    } else {
      const end = readUntil(text, at, endsAtom);
      if (CONTROL.test(text.slice(at, end))) notes.fault('control-character', at);
      push('atom', text.slice(at, end), end);
    }
  }
  return tokens;
};

/**
 * Faults what no part of a field body may hold, inside of quotes and comments too: some readers end
 * the field at a NUL, and some take a CR for a line end (RFC 5322 sections 2.2, 4).
 */
const checkOctets = (text: string, start: number, end: number, notes: GrammarNotes): void => {
  const part = text.slice(start, end);
  const nul = part.indexOf('\0');
  if (nul !== -1) notes.fault('nul', start + nul);
  for (let cr = part.indexOf('\r'); cr !== -1; cr = part.indexOf('\r', cr + 1))
    if (text.charAt(start + cr + 1) !== '\n') notes.fault('lone-cr', start + cr);
};

/** True for one special character. */
export const isSpecial = (token: Token, character: string): boolean =>
  token.kind === 'special' && token.content === character;

/** The at sign among the words of an item, which hold no other special. */
export const isAtSign = (token: Token | undefined): boolean => token?.kind === 'special';

/** True when two words belong to one address: nothing between them, or a dot or an at sign. */
export const isJoined = (left: Token | undefined, right: Token | undefined): boolean => {
  if (left === undefined || right === undefined) return false;
  return isAtSign(left) || isAtSign(right) || !right.spaceBefore || hasDotBetween(left, right);
};

/**
 * True when two words of an address follow each other without the dot or at sign that the grammar
 * puts between them (RFC 5322 sections 3.4.1, 4.4).
 */
export const isApart = (left: Token | undefined, right: Token | undefined): boolean => {
  if (left === undefined || right === undefined || isAtSign(left) || isAtSign(right)) return false;
  if (hasDotBetween(left, right)) return false;
  return right.partedBefore || left.kind !== 'atom' || right.kind !== 'atom';
};

const hasDotBetween = (left: Token, right: Token): boolean =>
  (left.kind === 'atom' && left.content.endsWith('.')) || (right.kind === 'atom' && right.content.startsWith('.'));

/**
 * True for a domain: an address literal, or atoms with dots between them (RFC 5322 sections 3.4.1,
 * 4.4).
 */
export const isDomain = (words: readonly Token[]): boolean => {
  const [first] = words;
  if (first?.kind === 'literal') return words.length === 1 && first.content.endsWith(']');
  return words.every((word, index) => word.kind === 'atom' && (index === 0 || isJoined(words[index - 1], word)));
};
