/**
 * The grammar of SPF macros: macro-string, domain-spec and explain-string as tokens with their
 * positions. Never expands anything. RFC 7208 sections 7.1 and 12.
 */
import { type Fault, quote } from './fault.ts';

/**
 * The letter of a macro in lower case (RFC 7208 section 7.2). `c`, `r` and `t` are allowed in
 * explanation texts only.
 */
export type MacroLetter = 's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'h' | 'c' | 'r' | 't' | 'v';

/** A piece of a macro-string. */
export type MacroToken =
  | { readonly kind: 'literal'; readonly text: string; readonly offset: number }
  /** `%%`, `%_` or `%-`; `text` is its value. */
  | {
      readonly kind: 'escape';
      readonly source: '%%' | '%_' | '%-';
      readonly text: '%' | ' ' | '%20';
      readonly offset: number;
    }
  | {
      readonly kind: 'expand';
      readonly source: string;
      readonly offset: number;
      readonly letter: MacroLetter;
      /** True for an upper-case letter: the value is URL-escaped. */
      readonly escaped: boolean;
      /** How many right-hand parts are kept; null keeps all. */
      readonly parts: number | null;
      readonly reversed: boolean;
      /** Characters that split the value; `.` where the record gives none. */
      readonly delimiters: string;
    };

/** A parsed macro-string, or the first fault. Offsets count from the start of the whole record. */
type MacroString =
  | { readonly kind: 'macro'; readonly text: string; readonly offset: number; readonly tokens: readonly MacroToken[] }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** A parsed domain-spec: a macro-string that can end a domain name. */
export type DomainSpec = { readonly text: string; readonly offset: number; readonly tokens: readonly MacroToken[] };

const ESCAPES = { '%%': '%', '%_': ' ', '%-': '%20' } as const;
const EXPAND = /^([a-z])([0-9]*)(r?)([.\-+,/_=]*)$/i;
const LETTERS = /^[slodiphcrtv]$/;

// toplabel of RFC 7208 section 12: letters and digits with at least one letter, or with a hyphen
// inside.
const TOPLABEL = /^(?:[0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])$/i;

const fault = (offset: number, reason: string) => ({ kind: 'fault', fault: { offset, reason } }) as const;

/** True when a label can end a domain-spec (RFC 7208 section 12, `toplabel`): all digits cannot. */
const isTopLabel = (label: string): boolean => TOPLABEL.test(label);

type MacroOptions = {
  /** Accept `c`, `r` and `t` (RFC 7208 section 7.2). */
  readonly explanationLetters: boolean;
  /** Accept spaces, as explain-string does. */
  readonly spaces: boolean;
};

const readExpand = (text: string, at: number, offset: number, options: MacroOptions) => {
  const close = text.indexOf('}', at);
  if (close < 0) return fault(offset + at, 'macro without a closing "}"');
  const source = text.slice(at, close + 1);
  const match = EXPAND.exec(source.slice(2, -1));
  const letter = match?.[1]?.toLowerCase() ?? '';
  if (match === null) return fault(offset + at, `malformed macro ${quote(source)}`);
  if (!LETTERS.test(letter)) return fault(offset + at + 2, `unknown macro letter ${quote(match[1] ?? '')}`);
  if (!options.explanationLetters && /[crt]/.test(letter))
    return fault(offset + at + 2, `macro letter "${letter}" is allowed in explanation texts only`);
  const digits = match[2] ?? '';
  if (digits !== '' && Number(digits) === 0) return fault(offset + at + 3, 'a macro cannot keep 0 parts');
  const token: MacroToken = {
    kind: 'expand',
    source,
    offset: offset + at,
    letter: letter as MacroLetter,
    escaped: match[1] !== letter,
    parts: digits === '' ? null : Number(digits),
    reversed: match[3] !== '',
    delimiters: match[4] === '' ? '.' : (match[4] ?? '.'),
  };
  return token;
};

/**
 * Reads a macro-string (RFC 7208 section 12); the empty string is one. Never throws.
 * @param offset position of `text` in its record, added to every position
 */
export const parseMacroString = (text: string, offset = 0, options: Partial<MacroOptions> = {}): MacroString => {
  const { explanationLetters = false, spaces = false } = options;
  const literal = spaces ? /[\x20-\x24\x26-\x7e]+/y : /[\x21-\x24\x26-\x7e]+/y;
  const tokens: MacroToken[] = [];
  let at = 0;
  while (at < text.length) {
    const pair = text.slice(at, at + 2);
    if (pair === '%%' || pair === '%_' || pair === '%-') {
      tokens.push({ kind: 'escape', source: pair, text: ESCAPES[pair], offset: offset + at });
      at += 2;
    } else if (pair === '%{') {
      const token = readExpand(text, at, offset, { explanationLetters, spaces });
      if (token.kind === 'fault') return token;
      tokens.push(token);
      if (token.kind === 'expand') at += token.source.length;
    } else if (pair.startsWith('%')) {
      return fault(offset + at, 'a "%" must be followed by "{", "%", "_" or "-"');
    } else {
      literal.lastIndex = at;
      const match = literal.exec(text);
      if (match === null) return fault(offset + at, `character ${quote(text.charAt(at))} is not allowed here`);
      tokens.push({ kind: 'literal', text: match[0], offset: offset + at });
      at += match[0].length;
    }
  }
  return { kind: 'macro', text, offset, tokens };
};

/**
 * Reads a domain-spec (RFC 7208 section 12): a macro-string that ends in a macro or in a dot and a
 * top label, with an optional last dot. The check is of the text as published, never of what it
 * expands to. Never throws.
 */
export const parseDomainSpec = (
  text: string,
  offset = 0,
): { readonly kind: 'domain'; readonly domain: DomainSpec } | { readonly kind: 'fault'; readonly fault: Fault } => {
  if (text === '') return fault(offset, 'a domain name is missing');
  const macro = parseMacroString(text, offset);
  if (macro.kind === 'fault') return macro;
  const last = macro.tokens.at(-1);
  if (last?.kind === 'literal') {
    const name = last.text.replace(/\.$/, '');
    const dot = name.lastIndexOf('.');
    if (dot < 0) return fault(last.offset, `${quote(text)} is not a domain name of two or more labels`);
    if (!isTopLabel(name.slice(dot + 1)))
      return fault(last.offset + dot + 1, `${quote(name.slice(dot + 1))} cannot be a top-level label`);
  }
  return { kind: 'domain', domain: { text, offset, tokens: macro.tokens } };
};
