/**
 * What keeps a logo from the SVG Tiny Portable/Secure profile that BIMI asks for
 * (draft-svg-tiny-ps-abrotman, draft-brand-indicators-for-message-identification). Reads the start
 * tags in one pass; never renders, never follows a reference, expands no entity, and does not check
 * that the XML is well-formed.
 */

import { isUtf8 } from 'node:buffer';

/** Largest logo that the BIMI group advises, in bytes. */
export const ADVISED_LOGO_BYTES = 32_768;

/**
 * Most tags and attributes that are read, and stray marks between them. A logo of the advised size
 * has room for some 8,000; a file of 4 MB holds over a million and would stop the event loop for a
 * quarter of a second.
 */
export const MAX_LOGO_PARTS = 50_000;

const FORBIDDEN = [
  'script',
  'image',
  'animate',
  'animateTransform',
  'animateMotion',
  'animateColor',
  'set',
  'foreignObject',
  'a',
];

/** @returns one sentence a fault, in order of weight; empty for a logo that fits */
export const svgFaults = (body: Buffer): string[] => {
  if (body[0] === 0x1f && body[1] === 0x8b) return ['the logo is compressed; it must be plain SVG'];
  const { declares, root, hasTitle, forbidden, refersOutside, parts } = readLogo(
    // Octets that are no UTF-8 would become millions of replacement characters, and markup is ASCII
    // in either.
    body.toString(isUtf8(body) ? 'utf8' : 'latin1'),
  );
  if (root === null) return ['the document has no svg element'];
  const faults: string[] = [];
  if (declares) faults.push('the logo declares a document type or entities');
  if (root.get('baseProfile') !== 'tiny-ps') faults.push('the svg element does not say baseProfile="tiny-ps"');
  if (root.get('version') !== '1.2') faults.push('the svg element does not say version="1.2"');
  if (root.has('x') || root.has('y')) faults.push('the svg element has an x or y attribute');
  if (!hasTitle) faults.push('the logo has no title element with text');
  for (const name of FORBIDDEN)
    if (forbidden.has(name)) faults.push(`the logo holds an element "${name}", which the profile forbids`);
  if (refersOutside) faults.push('the logo refers to something outside itself');
  if (parts > MAX_LOGO_PARTS)
    faults.push(`the logo has more than ${MAX_LOGO_PARTS} tags and attributes and was not read to its end`);
  if (body.length > ADVISED_LOGO_BYTES)
    faults.push(`the logo has ${body.length} bytes; ${ADVISED_LOGO_BYTES} are advised at most`);
  return faults;
};

type Logo = {
  /** True when a document type or an entity is declared. */
  declares: boolean;
  /** The attributes of the first svg element. */
  root: Map<string, string> | null;
  hasTitle: boolean;
  forbidden: Set<string>;
  refersOutside: boolean;
  /** Tags, comments and attributes that were read. */
  parts: number;
};

/**
 * Visits each tag once. A tag or comment without an end is the last thing that is read: what stands
 * in it is markup to nobody.
 */
const readLogo = (text: string): Logo => {
  const logo: Logo = {
    declares: false,
    root: null,
    hasTitle: false,
    forbidden: new Set(),
    refersOutside: false,
    parts: 0,
  };
  let inTitle = false;
  let done = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', done)) {
    if (++logo.parts > MAX_LOGO_PARTS) break;
    if (inTitle && skipSpace(text, done) < at) logo.hasTitle = true;
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at + 4);
      if (end < 0) break;
      done = end + 3;
    } else if (text.startsWith('<!', at)) {
      if (/^<!(?:DOCTYPE|ENTITY)/i.test(text.slice(at, at + 9))) logo.declares = true;
      done = at + 2;
    } else {
      done = readTag(text, at, logo);
      inTitle = /^<title[\s>]/.test(text.slice(at, at + 7)) && !text.startsWith('/>', done - 2);
    }
  }
  return logo;
};

/**
 * @param at offset of "<"
 * @returns the offset behind the tag, or that of a "<" which begins another one inside it
 */
const readTag = (text: string, at: number, logo: Logo): number => {
  let end = endOfWord(text, at + 1);
  const name = text.slice(at + 1, end);
  const isRoot = name === 'svg' && logo.root === null;
  if (isRoot) logo.root = new Map();
  if (FORBIDDEN.includes(name)) logo.forbidden.add(name);
  while (end < text.length && text[end] !== '>' && text[end] !== '<' && logo.parts <= MAX_LOGO_PARTS) {
    const start = end;
    end = endOfWord(text, start);
    if (end === start) {
      // White space, or a mark that is part of no name.
      const next = skipSpace(text, end);
      if (next === end) logo.parts++;
      end = next === end ? end + 1 : next;
      continue;
    }
    logo.parts++;
    const attribute = text.slice(start, end);
    const equals = skipSpace(text, end);
    if (text[equals] !== '=') continue;
    const open = skipSpace(text, equals + 1);
    const mark = text.charAt(open);
    const isQuoted = mark === '"' || mark === "'";
    const close = isQuoted ? text.indexOf(mark, open + 1) : endOfWord(text, open);
    if (close < 0) return text.length;
    const value = text.slice(isQuoted ? open + 1 : open, close);
    end = isQuoted ? close + 1 : close;
    if (isRoot) logo.root?.set(attribute, value);
    if ((attribute === 'href' || attribute === 'xlink:href') && !value.startsWith('#')) logo.refersOutside = true;
  }
  return text[end] === '>' ? end + 1 : end;
};

const WORD = /[^ \t\n\r"'/<=>]*/y;
/** S of XML 1.0. */
const SPACE = /[ \t\n\r]*/y;

/** Offset behind what a pattern matches at `at`. */
const endOf = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
};

/** Offset of the first character from `at` on that is no part of a name. */
const endOfWord = (text: string, at: number): number => endOf(WORD, text, at);

const skipSpace = (text: string, at: number): number => endOf(SPACE, text, at);
