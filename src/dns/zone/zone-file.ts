/**
 * The syntax of a master file (RFC 1035 section 5): text into entries of tokens, each with its
 * line. Knows comments, quotes, parentheses and the inherited owner; knows nothing of record types.
 * An escape (`\.`, `\032`) is kept in the token and resolved by whoever knows what it means there.
 */

/**
 * Words of one entry that are kept: RDATA has 65,535 octets at most (RFC 1035 section 3.2.1), and a
 * character-string takes two of them at least where a file has many.
 */
const MAX_TOKENS = 40_000;
const [BACKSLASH, ZERO, NINE] = [0x5c, 0x30, 0x39];

/** One word or quoted string. */
export type Token = { readonly raw: string; readonly quoted: boolean };

/** One logical line: parentheses closed, comments gone. */
export type Entry = {
  /** Line on which it starts, from 1. */
  readonly line: number;
  /** True when the line starts with blank space: the owner is that of the entry before. */
  readonly inheritsOwner: boolean;
  readonly tokens: readonly Token[];
};

/** What is wrong with a zone file, and on which line (from 1). */
export type ZoneError = { readonly line: number; readonly message: string };

/**
 * Splits a master file into entries, one at a time, so that a long file is never held twice; an
 * unclosed quote or parenthesis is an error and ends its entry.
 */
export function* readEntries(text: string, onError: (error: ZoneError) => void): Generator<Entry, void, undefined> {
  let line = 1;
  let open: { line: number; inheritsOwner: boolean; tokens: Token[] } | null = null;
  let parenthesisLine = 0;
  const keep = (entry: { line: number; tokens: Token[] }, token: Token): void => {
    if (entry.tokens.length === MAX_TOKENS)
      onError({ line: entry.line, message: `an entry has at most ${MAX_TOKENS} words` });
    if (entry.tokens.length <= MAX_TOKENS) entry.tokens.push(token);
  };

  let at = 0;
  while (at < text.length) {
    const character = text[at];
    open ??= { line, inheritsOwner: character === ' ' || character === '\t', tokens: [] };
    if (character === '\n') {
      if (parenthesisLine === 0) {
        if (open.tokens.length > 0) yield open;
        open = null;
      }
      line++;
      at++;
    } else if (character === ' ' || character === '\t' || character === '\r') at++;
    else if (character === ';') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end;
    } else if (character === '(') {
      if (parenthesisLine !== 0) onError({ line, message: 'parentheses do not nest' });
      else parenthesisLine = line;
      at++;
    } else if (character === ')') {
      if (parenthesisLine === 0) onError({ line, message: 'closing parenthesis without an opening one' });
      parenthesisLine = 0;
      at++;
    } else if (character === '"') {
      const end = endOfQuoted(text, at + 1);
      if (end === null) {
        onError({ line, message: 'quoted string is not closed on its line' });
        const next = text.indexOf('\n', at);
        at = next === -1 ? text.length : next;
      } else {
        keep(open, { raw: text.slice(at + 1, end), quoted: true });
        at = end + 1;
      }
    } else {
      const end = endOfWord(text, at);
      keep(open, { raw: text.slice(at, end), quoted: false });
      at = end;
    }
  }
  if (open !== null && open.tokens.length > 0) yield open;
  if (parenthesisLine !== 0) onError({ line: parenthesisLine, message: 'parenthesis is never closed' });
}

/**
 * A string may not run over the end of its line: a forgotten quote would swallow the rest of the
 * file.
 */
const endOfQuoted = (text: string, from: number): number | null => {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"') return at;
    if (character === '\n') return null;
    if (character === '\\') at++;
  }
  return null;
};

const endOfWord = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && !' \t\r\n;()"'.includes(text.charAt(at))) at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
};

/**
 * Resolves `\X` and `\DDD`; characters beyond ASCII become their UTF-8 octets, one code unit an
 * octet.
 * @returns null when an escape is cut short or over 255
 */
export const unescapeText = (raw: string): string | null => {
  const octets = Buffer.from(raw, 'utf8');
  let length = 0;
  for (let at = 0; at < octets.length; at++, length++) {
    if (octets[at] !== BACKSLASH) {
      octets[length] = octets[at] ?? 0;
      continue;
    }
    const digits = /^\d{3}/.exec(octets.toString('latin1', at + 1, at + 4))?.[0];
    const next = octets[at + 1];
    if (digits !== undefined) {
      if (Number(digits) > 255) return null;
      octets[length] = Number(digits);
      at += 3;
    } else {
      if (next === undefined || (next >= ZERO && next <= NINE)) return null;
      octets[length] = next;
      at++;
    }
  }
  return octets.toString('latin1', 0, length);
};

const TTL_UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/**
 * Seconds of `3600`, `1h30m` or `2D`; null when it is not a time or over 2^31 - 1 (RFC 2181 section
 * 8).
 */
export const parseTtl = (text: string): number | null => {
  if (!/^(\d+|(\d+[smhdw])+)$/i.test(text)) return null;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdw]?)/gi))
    seconds += Number(digits) * (TTL_UNITS[(unit ?? '').toLowerCase()] ?? 1);
  return seconds <= 0x7fff_ffff ? seconds : null;
};
