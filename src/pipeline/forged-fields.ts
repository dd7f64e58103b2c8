/**
 * Which fields of an incoming message pretend to be ours: Authentication-Results with one of our authserv-ids (RFC 8601 section 5), Received-SPF that names
 * us as receiver (RFC 7208 section 9.1), and every X-Mailverdict field. Pure. Fields of others stay.
 * Positions are occurrences counted per name from the top, from 1, as milter and MTA Hooks count them.
 */

/** A field by name with its body, in the order of the message. */
export type NamedField = { readonly name: string; readonly value: string };

/** A field that may have to go: only names that are ours to write are kept. */
export type TrackedField = { readonly name: string; readonly occurrence: number; readonly value: string };

/** A field to remove. `name` as the message writes it. */
export type HeaderRemoval = { readonly name: string; readonly occurrence: number };

/** Names that only this software writes begin with it. */
const OWN_PREFIX = 'x-mailverdict-';

/** True for a name that downstream readers may trust because we write it. */
export const isTrackedName = (name: string): boolean => {
  const key = keyOf(name);
  return key === 'authentication-results' || key === 'received-spf' || key.startsWith(OWN_PREFIX);
};

/** Numbers the tracked fields as they come; one counter per name, shared by all spellings. */
export const createFieldCounter = () => {
  const counts = new Map<string, number>();
  const tracked: TrackedField[] = [];
  return {
    /** Takes the next field of the message. */
    add: ({ name, value }: NamedField): void => {
      if (!isTrackedName(name)) return;
      const occurrence = (counts.get(keyOf(name)) ?? 0) + 1;
      counts.set(keyOf(name), occurrence);
      tracked.push({ name: name.trim(), occurrence, value });
    },
    /** The tracked fields so far, top first. */
    tracked: (): readonly TrackedField[] => tracked,
  };
};

/**
 * Chooses the fields to remove.
 * @param ids our authserv-ids
 * @returns highest occurrence first: Postfix counts anew after each removal, Sendmail does not, and only this order is right for both
 */
export const forgedFields = (tracked: readonly TrackedField[], ids: readonly string[]): HeaderRemoval[] => {
  const own = new Set(ids.map(comparable));
  return tracked
    .filter((field) => isForged(field, own))
    .sort((one, other) => other.occurrence - one.occurrence)
    .map(({ name, occurrence }) => ({ name, occurrence }));
};

const isForged = ({ name, value }: TrackedField, own: ReadonlySet<string>): boolean => {
  const key = keyOf(name);
  if (key === 'authentication-results') {
    const id = authservIdOf(value);
    // A field whose author cannot be read may be read as ours by a laxer reader.
    return id === null || own.has(comparable(id));
  }
  if (key === 'received-spf') {
    const words = value.toLowerCase().split(/[\s();="<>,]+/);
    return words.some((word) => own.has(comparable(word.replace(/:$/, ''))));
  }
  return true;
};

/**
 * The authserv-id of an Authentication-Results body (RFC 8601 section 2.2): a token or quoted-string behind any comments, then perhaps a version,
 * then a semicolon or the end.
 * @returns null when there is none to be read
 */
export const authservIdOf = (value: string): string | null => {
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

/** Position behind white space and nested comments (CFWS, RFC 5322 section 3.2.2); null when a comment does not end. */
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

const keyOf = (name: string): string => name.trim().toLowerCase();

const comparable = (id: string): string => id.trim().toLowerCase().replace(/\.$/, '');
