/**
 * An SPF record as a syntax tree. Every term is kept with its text and position, also those of a
 * record that has a fault, so that a record can be explained and rewritten. Never asks DNS and
 * never evaluates. RFC 7208 sections 4.5, 4.6.1 and 12, with its grammar to the letter.
 */

import { type IpAddress, parseIp4, parseIp6 } from '../ip/address.ts';
import { type Fault, quote } from './fault.ts';
import { type DomainSpec, type MacroToken, parseDomainSpec, parseMacroString } from './macro.ts';
import { memoized } from './memoized.ts';
import { type Selection, selectTexts } from './txt.ts';

/** Qualifier of a mechanism (RFC 7208 section 4.6.2). */
export type SpfQualifier = '+' | '-' | '~' | '?';

type Term = {
  /** The term as published. */
  readonly text: string;
  /** Position of the term in the record, in characters. */
  readonly offset: number;
};

type Directive = Term & {
  readonly kind: 'mechanism';
  /** `+` where the record writes none. */
  readonly qualifier: SpfQualifier;
};

// One member of the union for each name, so that a test of `name` narrows.
type Named<Name extends string, Parts> = Name extends string ? { readonly name: Name } & Parts : never;

/**
 * A mechanism with its qualifier (RFC 7208 section 5). Prefix lengths are in bits; a `domain` of
 * null is the domain under evaluation.
 */
export type SpfMechanism =
  | Named<'all', Directive>
  | Named<'include' | 'exists', Directive & { readonly domain: DomainSpec }>
  | Named<
      'a' | 'mx',
      Directive & {
        readonly domain: DomainSpec | null;
        readonly ip4PrefixLength: number;
        readonly ip6PrefixLength: number;
      }
    >
  | Named<'ptr', Directive & { readonly domain: DomainSpec | null }>
  | Named<'ip4' | 'ip6', Directive & { readonly network: IpAddress; readonly prefixLength: number }>;

/**
 * A modifier (RFC 7208 section 6). Names are in lower case; `unknown` modifiers are kept and have
 * no effect.
 */
export type SpfModifier =
  | Named<'redirect' | 'exp', Term & { readonly kind: 'modifier'; readonly domain: DomainSpec }>
  | (Term & {
      readonly kind: 'unknown-modifier';
      readonly name: string;
      readonly value: string;
      readonly tokens: readonly MacroToken[];
    });

export type SpfTerm = SpfMechanism | SpfModifier;

/** A term that does not follow the grammar. */
export type SpfUnreadableTerm = Term & { readonly kind: 'unreadable'; readonly fault: Fault };

/**
 * A record without a fault, or the first fault with everything that could be read beside it, up to
 * MAX_TERMS_OF_FAULT terms.
 */
type SpfRecord =
  | { readonly kind: 'record'; readonly text: string; readonly terms: readonly SpfTerm[] }
  | {
      readonly kind: 'fault';
      readonly text: string;
      readonly fault: Fault;
      readonly terms: readonly (SpfTerm | SpfUnreadableTerm)[];
    };

const VERSION = /^v=spf1(?= |$)/i;

/**
 * True when a text is an SPF record: it begins with `v=spf1`, and a space or the end follows (RFC
 * 7208 section 4.5).
 */
export const isSpfRecord = (text: string): boolean => VERSION.test(text);

/**
 * The SPF record among the TXT texts of a name (RFC 7208 section 4.5): several are a permerror,
 * none is the result `none`.
 */
export const selectSpf = (texts: readonly string[]): Selection => selectTexts(texts, isSpfRecord);

const isFault = (value: object): value is Fault => 'reason' in value;

// ip4-cidr-length and ip6-cidr-length of section 12: no leading zeros.
const readPrefixLength = (digits: string | undefined, offset: number, most: 32 | 128): number | Fault => {
  if (digits === undefined) return most;
  if (digits.length > 1 && digits.startsWith('0'))
    return { offset, reason: `prefix length ${quote(digits)} has a leading zero` };
  if (digits.length > 3 || Number(digits) > most)
    return { offset, reason: `prefix length ${quote(digits)} is over ${most}` };
  return Number(digits);
};

const readDomain = (text: string, offset: number): DomainSpec | Fault => {
  const parsed = parseDomainSpec(text, offset);
  return parsed.kind === 'fault' ? parsed.fault : parsed.domain;
};

/** `rest` is what follows the mechanism's name: nothing, or `:` and a domain-spec. */
const readOptionalDomain = (name: string, rest: string, offset: number): DomainSpec | null | Fault => {
  if (rest === '') return null;
  if (rest.startsWith(':')) return readDomain(rest.slice(1), offset + 1);
  return { offset, reason: `"${name}" takes no prefix length` };
};

// A domain-spec never ends in a slash and digits (its last label must be a top label), so the
// prefix lengths can be taken off the end first.
const DUAL_CIDR = /^(.*?)(?:\/([0-9]+))?(?:\/\/([0-9]+))?$/s;

const readAddressMechanism = (
  head: Directive,
  name: 'a' | 'mx',
  rest: string,
  offset: number,
): SpfMechanism | Fault => {
  const match = DUAL_CIDR.exec(rest);
  const before = match?.[1] ?? '';
  const ip4At = offset + before.length + 1;
  const ip4PrefixLength = readPrefixLength(match?.[2], ip4At, 32);
  const ip6PrefixLength = readPrefixLength(
    match?.[3],
    ip4At + (match?.[2] === undefined ? 1 : match[2].length + 2),
    128,
  );
  if (before !== '' && !before.startsWith(':')) return { offset, reason: `${quote(before)} is no prefix length` };
  const domain = before === '' ? null : readDomain(before.slice(1), offset + 1);
  if (domain !== null && isFault(domain)) return domain;
  if (typeof ip4PrefixLength !== 'number') return ip4PrefixLength;
  if (typeof ip6PrefixLength !== 'number') return ip6PrefixLength;
  return { ...head, name, domain, ip4PrefixLength, ip6PrefixLength };
};

const readNetworkMechanism = (
  head: Directive,
  name: 'ip4' | 'ip6',
  rest: string,
  offset: number,
): SpfMechanism | Fault => {
  if (!rest.startsWith(':')) return { offset, reason: `"${name}" needs ":" and a network` };
  const slash = rest.indexOf('/');
  const address = rest.slice(1, slash < 0 ? undefined : slash);
  const network = name === 'ip4' ? parseIp4(address) : parseIp6(address);
  if (network === null) {
    return { offset: offset + 1, reason: `${quote(address)} is no ${name === 'ip4' ? 'IPv4' : 'IPv6'} address` };
  }
  const digits = slash < 0 ? undefined : rest.slice(slash + 1);
  if (digits !== undefined && !/^[0-9]+$/.test(digits)) {
    return { offset: offset + slash + 1, reason: `${quote(digits)} is no prefix length` };
  }
  const prefixLength = readPrefixLength(digits, offset + slash + 1, name === 'ip4' ? 32 : 128);
  return typeof prefixLength === 'number' ? { ...head, name, network, prefixLength } : prefixLength;
};

const readMechanism = (head: Directive, written: string, rest: string, offset: number): SpfMechanism | Fault => {
  const name = written.toLowerCase();
  switch (name) {
    case 'all':
      return rest === '' ? { ...head, name } : { offset, reason: '"all" takes no argument' };
    case 'include':
    case 'exists': {
      if (!rest.startsWith(':')) return { offset, reason: `"${name}" needs ":" and a domain name` };
      const domain = readDomain(rest.slice(1), offset + 1);
      return isFault(domain) ? domain : { ...head, name, domain };
    }
    case 'a':
    case 'mx':
      return readAddressMechanism(head, name, rest, offset);
    case 'ptr': {
      const domain = readOptionalDomain(name, rest, offset);
      return domain !== null && isFault(domain) ? domain : { ...head, name, domain };
    }
    case 'ip4':
    case 'ip6':
      return readNetworkMechanism(head, name, rest, offset);
    default:
      return { offset: offset - written.length, reason: `unknown mechanism ${quote(written)}` };
  }
};

const readModifier = (term: Term, written: string, value: string, offset: number): SpfModifier | Fault => {
  const name = written.toLowerCase();
  if (name === 'redirect' || name === 'exp') {
    const domain = readDomain(value, offset);
    return isFault(domain) ? domain : { ...term, kind: 'modifier', name, domain };
  }
  // unknown-modifier is any macro-string, and macro-letter of section 12 names all letters.
  const macro = parseMacroString(value, offset, { explanationLetters: true });
  return macro.kind === 'fault'
    ? macro.fault
    : { ...term, kind: 'unknown-modifier', name, value, tokens: macro.tokens };
};

const NAME = /^([+\-?~]?)([a-z][a-z0-9\-_.]*)/i;

const readTerm = (text: string, offset: number): SpfTerm | Fault => {
  const [head = '', sign = '', name = ''] = NAME.exec(text) ?? [];
  const rest = text.slice(head.length);
  if (name === '' || (rest !== '' && !'=:/'.includes(rest.charAt(0))))
    return { offset, reason: `${quote(text)} is neither a mechanism nor a modifier` };
  if (!rest.startsWith('=')) {
    const qualifier = (sign === '' ? '+' : sign) as SpfQualifier;
    return readMechanism({ text, offset, kind: 'mechanism', qualifier }, name, rest, offset + head.length);
  }
  if (sign !== '') return { offset, reason: `modifier "${name.slice(0, 40)}" cannot have a qualifier` };
  return readModifier({ text, offset }, name, rest.slice(1), offset + head.length + 1);
};

/** Once a record has a fault its terms are for people only; one of 64 kB has room for 16,000. */
export const MAX_TERMS_OF_FAULT = 1000;

const readSpf = (text: string): SpfRecord => {
  if (!isSpfRecord(text)) {
    return {
      kind: 'fault',
      text,
      fault: { offset: 0, reason: 'the text does not begin with "v=spf1" and a space or its end' },
      terms: [],
    };
  }
  const terms: SpfTerm[] = [];
  const readable: (SpfTerm | SpfUnreadableTerm)[] = [];
  const seen = new Set<string>();
  let first: Fault | null = null;
  for (const match of text.slice(6).matchAll(/[^ ]+/g)) {
    if (first !== null && readable.length >= MAX_TERMS_OF_FAULT) break;
    const offset = 6 + match.index;
    let term = readTerm(match[0], offset);
    if (!isFault(term) && term.kind === 'modifier') {
      if (seen.has(term.name)) term = { offset, reason: `modifier "${term.name}" appears more than once` };
      else seen.add(term.name);
    }
    if (isFault(term)) {
      first ??= term;
      readable.push({ kind: 'unreadable', text: match[0], offset, fault: term });
    } else {
      terms.push(term);
      readable.push(term);
    }
  }
  return first === null ? { kind: 'record', text, terms } : { kind: 'fault', text, fault: first, terms: readable };
};

/**
 * Reads an SPF record. The first fault is that of the leftmost faulty term; a second `redirect` or
 * `exp` is one (RFC 7208 section 6). Linear in the length of the text. Never throws.
 * @param text the joined character-strings of a TXT record, one byte = one code unit
 * @returns offset 0 and no term where the text is no SPF record at all
 */
export const parseSpf = memoized(readSpf);
