/**
 * Macro expansion (RFC 7208 section 7): tokens and values to text. Pure; the validated name for
 * `%{p}` is looked up by the caller beforehand.
 */
import { dottedIp, formatIp, type IpAddress } from '../ip/address.ts';
import type { MacroLetter, MacroToken } from '../records/macro.ts';

/** What macros stand for (RFC 7208 section 7.2). */
export type MacroValues = {
  readonly ip: IpAddress;
  /** The domain whose record is under evaluation, `%{d}`. */
  readonly domain: string;
  readonly localPart: string;
  /** Domain of the sender, `%{o}`. */
  readonly senderDomain: string;
  readonly helo: string;
  /** A validated name of the client, or `unknown`. */
  readonly validatedName: string;
  /** Name of the receiving host, `%{r}`. */
  readonly receiver: string;
  /** `%{t}`: seconds since 1970. */
  readonly epochSeconds: number;
};

const letterValue = (letter: MacroLetter, values: MacroValues): string => {
  switch (letter) {
    case 's':
      return `${values.localPart}@${values.senderDomain}`;
    case 'l':
      return values.localPart;
    case 'o':
      return values.senderDomain;
    case 'd':
      return values.domain;
    case 'i':
      return dottedIp(values.ip);
    case 'p':
      return values.validatedName;
    case 'v':
      return values.ip.family === 4 ? 'in-addr' : 'ip6';
    case 'h':
      return values.helo;
    case 'c':
      return formatIp(values.ip);
    case 'r':
      return values.receiver;
    case 't':
      return String(Math.floor(values.epochSeconds));
    default:
      throw letter satisfies never;
  }
};

// Section 7.3: everything but the unreserved characters of RFC 3986, byte by byte of UTF-8.
const urlEscape = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

const splitAt = (text: string, delimiters: string): string[] => {
  const parts: string[] = [''];
  for (const character of text) {
    if (delimiters.includes(character)) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts;
};

const expandToken = (token: MacroToken, values: MacroValues): string => {
  if (token.kind !== 'expand') return token.text;
  let parts = splitAt(letterValue(token.letter, values), token.delimiters);
  if (token.reversed) parts = parts.reverse();
  if (token.parts !== null) parts = parts.slice(-token.parts);
  const text = parts.join('.');
  return token.escaped ? urlEscape(text) : text;
};

/** True when one of the macros has one of these letters, in either case. */
export const usesLetter = (tokens: readonly MacroToken[], letters: string): boolean =>
  tokens.some((token) => token.kind === 'expand' && letters.includes(token.letter));

/**
 * Expands an explanation text from its start, so that a text of many macros cannot grow without
 * bound.
 * @param maxCharacters what is longer is cut
 */
export const expandText = (tokens: readonly MacroToken[], values: MacroValues, maxCharacters: number): string => {
  let text = '';
  for (const token of tokens) {
    if (text.length >= maxCharacters) break;
    text += expandToken(token, values);
  }
  return text.slice(0, maxCharacters);
};

/** Longest domain name in characters, without the last dot (RFC 1035 section 2.3.4). */
export const MAX_NAME_CHARACTERS = 253;

/**
 * Expands a domain-spec to a target name: without a last dot, and cut from the left by whole labels
 * where it is over 253 characters (RFC 7208 section 7.3). The outcome need not be a name that DNS
 * can carry.
 */
export const expandName = (tokens: readonly MacroToken[], values: MacroValues): string => {
  let name = '';
  // From the right: what lies further left than the longest name is cut off anyway.
  for (const token of tokens.toReversed()) {
    if (name.length > MAX_NAME_CHARACTERS + 1) break;
    name = expandToken(token, values) + name;
  }
  if (name.endsWith('.')) name = name.slice(0, -1);
  while (name.length > MAX_NAME_CHARACTERS && name.includes('.')) name = name.slice(name.indexOf('.') + 1);
  return name;
};
