/**
 * Which fields of an incoming message must not go on as they are. Those that pretend to be ours:
 * Authentication-Results with one of our authserv-ids (RFC 8601 section 5), Received-SPF that names
 * us as receiver (RFC 7208 section 9.1), and every X-Mailverdict field. And those with a bare CR, a
 * bare LF or NUL, in which some readers see two fields: they go, and go back on top of the message
 * with a space in its place, as Postfix 3.9 does (`cleanup_replace_stray_cr_lf`). Pure. Other
 * fields stay. Positions are occurrences counted per name from the top, from 1, as milter and MTA
 * Hooks count them.
 */
import { isUtf8 } from 'node:buffer';
import { domainToASCII } from 'node:url';
import { readReceivedSpf } from '../message/received-spf.ts';
import type { HeaderRemoval } from './header-edits.ts';
import { withoutStrays } from './line-feeds.ts';

/** A field by name with its body, in the order of the message. */
type NamedField = { readonly name: string; readonly value: string };

const AUTHENTICATION_RESULTS = 'authentication-results';
const RECEIVED_SPF = 'received-spf';
/** Names that only this software writes begin with it. */
const OWN_PREFIX = 'x-mailverdict-';

/** Finds them as the fields of a message come by. */
type ForgedFieldFinder = {
  /** Takes the next field of the message: name and what follows the colon, without the line end. */
  add(field: NamedField): void;
  /**
   * What to remove, highest occurrence first: Postfix counts anew after each removal, Sendmail does
   * not, and only this order is right for both.
   */
  found(): HeaderRemoval[];
  /**
   * What goes back on top of the message in place of removed fields, each above the one before; as
   * text.
   */
  restored(): NamedField[];
  /** True when there are more than are kept, so that `found` is not all. */
  readonly incomplete: boolean;
  /** Fields taken so far. */
  readonly fields: number;
};

/** Longest name that is counted. */
const MAX_NAME_LENGTH = 255;
/** Characters of all fields that go back; honest mail has none. */
const MAX_RESTORED_LENGTH = 131_072;

/**
 * Makes a finder for one message.
 * @param ids our authserv-ids
 * @param maxFound most removals kept, and most names counted
 */
export const createForgedFieldFinder = (ids: readonly string[], maxFound: number): ForgedFieldFinder => {
  const own = new Set(ids.map(comparable));
  // One counter for all spellings of a name, as the mail servers count.
  const occurrences = new Map<string, number>();
  const removals: HeaderRemoval[] = [];
  const restored: NamedField[] = [];
  let restoredLength = 0;
  let incomplete = false;
  let fields = 0;

  /** @returns null for a name that is not counted */
  const count = (key: string): number | null => {
    const before = occurrences.get(key);
    if (key.length > MAX_NAME_LENGTH || (before === undefined && occurrences.size >= maxFound)) return null;
    occurrences.set(key, (before ?? 0) + 1);
    return (before ?? 0) + 1;
  };

  const remove = (name: string, occurrence: number | null): boolean => {
    if (occurrence === null || removals.length >= maxFound) incomplete = true;
    else removals.push({ name, occurrence });
    return !incomplete;
  };

  const restore = (name: string, value: string): void => {
    restoredLength += value.length;
    if (restoredLength > MAX_RESTORED_LENGTH) incomplete = true;
    else restored.push({ name, value: value.startsWith(' ') ? value.slice(1) : value });
  };

  return {
    add: ({ name, value }) => {
      fields += 1;
      const trimmed = trimSpaces(name);
      const key = trimmed.toLowerCase();
      const occurrence = count(key);
      const cleaned = withoutStrays(value);
      const isOwnName = key === AUTHENTICATION_RESULTS || key === RECEIVED_SPF || key.startsWith(OWN_PREFIX);
      // The cleaned text goes back; the other is the present one.
      const isForgery = isOwnName && [value, cleaned ?? value].some((text) => isForged(key, toText(text), own));
      const hasStrayName = withoutStrays(trimmed) !== null;
      if (!isForgery && cleaned === null && !hasStrayName) return;
      if (remove(trimmed, occurrence) && !isForgery && !hasStrayName) restore(trimmed, toText(cleaned ?? value));
    },
    found: () => removals.toReversed(),
    restored: () => restored.toReversed(),
    get incomplete() {
      return incomplete;
    },
    get fields() {
      return fields;
    },
  };
};

/** White space only: a control octet at the end of a name belongs to it. */
const trimSpaces = (name: string): string => {
  let start = 0;
  let end = name.length;
  while (start < end && ' \t'.includes(name.charAt(start))) start += 1;
  while (end > start && ' \t'.includes(name.charAt(end - 1))) end -= 1;
  return name.slice(start, end);
};

/**
 * Characters of a value that are read. No honest field is as long, and what comes after them a
 * laxer reader may find.
 */
const MAX_VALUE_LENGTH = 65_536;

const isForged = (key: string, value: string, own: ReadonlySet<string>): boolean => {
  if (value.length > MAX_VALUE_LENGTH) return true;
  if (key === AUTHENTICATION_RESULTS) {
    const id = authservIdOf(value);
    // A field whose author cannot be read may be read as ours by a laxer reader.
    return id === null || isOwn(id, own);
  }
  if (key === RECEIVED_SPF) return receiversOf(value).some((receiver) => isOwn(receiver, own));
  return true;
};

/**
 * The authserv-id of an Authentication-Results body (RFC 8601 section 2.2): a token or
 * quoted-string behind any comments, then perhaps a version, then a semicolon or the end.
 * @returns null when there is none to be read
 */
const authservIdOf = (value: string): string | null => {
  const start = skipComments(value, 0);
  if (start === null) return null;
  const [, quoted, token] =
    /^(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s()<>@,;:\\"/[\]?=\u0000-\u001f]+))/.exec(value.slice(start)) ?? [];
  const id = quoted?.replace(/\\([\s\S])/g, '$1') ?? token;
  if (id === undefined || id === '') return null;
  const written =
    quoted === undefined ? id.length : (/^"(?:[^"\\]|\\[\s\S])*"/.exec(value.slice(start))?.[0].length ?? 0);
  let after = skipComments(value, start + written);
  if (after === null) return null;
  const version = /^\d+/.exec(value.slice(after));
  if (version !== null) after = skipComments(value, after + version[0].length);
  if (after === null) return null;
  return after >= value.length || value[after] === ';' ? id : null;
};

/**
 * Position behind white space and nested comments (CFWS, RFC 5322 section 3.2.2); null when a
 * comment does not end.
 */
const skipComments = (text: string, from: number): number | null => {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '(') depth += 1;
    else if (depth > 0 && character === ')') depth -= 1;
    else if (depth > 0 && character === '\\') at += 1;
    else if (depth === 0 && !/\s/.test(character ?? '')) return at;
  }
  return depth === 0 ? text.length : null;
};

/** The values of `receiver=` of a Received-SPF body. No other key tells who wrote the field. */
const receiversOf = (value: string): string[] =>
  readReceivedSpf(value).pairs.flatMap(([key, word]) => (key === 'receiver' ? [word] : []));

/**
 * One reading for faces that hand over octets as Latin-1 and faces that hand over decoded text:
 * UTF-8 where the octets are UTF-8.
 */
const toText = (value: string): string => {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  const octets = Buffer.from(value, 'latin1');
  return isUtf8(octets) ? octets.toString('utf8') : value;
};

const NOT_PRINTABLE_ASCII = /[^\x21-\x7e]/;
/**
 * What readers drop or do not show: controls, spaces, soft hyphen, zero-width and direction marks,
 * BOM.
 */
const NOT_SHOWN = /[\0-\x20\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g;

/**
 * True when any common reader would take it for one of ours: as A-labels, or with what it cannot
 * read left out.
 */
const isOwn = (id: string, own: ReadonlySet<string>): boolean =>
  own.has(comparable(id)) || own.has(comparable(id.replace(/[^\x21-\x7e]/g, '')));

const comparable = (id: string): string => {
  const shown = id.replace(NOT_SHOWN, '');
  const ascii = NOT_PRINTABLE_ASCII.test(shown) ? domainToASCII(shown) || shown : shown;
  return ascii.toLowerCase().replace(/\.$/, '');
};
