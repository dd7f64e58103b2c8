/**
 * Reads an Authentication-Results field body (RFC 8601 section 2.2): who says so, and what of which
 * identity. The whole grammar with comments anywhere and quoted strings, and three spellings that
 * large mail systems write beyond it: a property value with "/", "+" or "=" that is not quoted, a
 * property without ptype, and a semicolon at the end. Believes nothing: whether the authserv-id is
 * a trusted one is the caller's to decide (section 5).
 */
import { isFoldingSpace, readCfws, readQuotedString, readUntil } from './lexical.ts';

/** One resinfo: a method, its result, and what it was found of. */
type ResultInfo = {
  /** Method in lower case, as in "dkim". */
  readonly method: string;
  /** Version of the method where one is given. */
  readonly version?: number;
  /** Result in lower case, as in "pass". */
  readonly result: string;
  readonly reason?: string;
  /** "ptype.property" in lower case to its value; the first where one is repeated. */
  readonly properties: ReadonlyMap<string, string>;
  /**
   * Names of properties that are repeated with another value: readers differ in which of them they
   * take.
   */
  readonly contradicted?: readonly string[];
  /** The comments of this resinfo, joined with a space. */
  readonly comment?: string;
};

/** A field body that was read, or the place (characters from 0) and the kind of its first fault. */
type AuthenticationResults =
  | {
      readonly kind: 'results';
      readonly authservId: string;
      readonly version: number;
      /** Empty for "none". */
      readonly results: readonly ResultInfo[];
    }
  | { readonly kind: 'malformed'; readonly position: number; readonly reason: string };

/** What one field may hold. */
type AuthenticationResultsLimits = { readonly maxChars: number; readonly maxResults: number };

/**
 * The limits where no setting says otherwise; the fields of large receivers hold about 1,000
 * characters and 6 results.
 */
const DEFAULT_AUTHENTICATION_RESULTS_LIMITS: AuthenticationResultsLimits = { maxChars: 16_384, maxResults: 100 };

/**
 * Keyword of RFC 5321 section 4.1.2 (ldh-str), and "_", which registered methods and properties
 * use.
 */
const KEYWORD = /[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?/y;
const DIGITS = /[0-9]{1,9}/y;
/**
 * token of RFC 2045 section 5.1, with the characters of internationalized names (RFC 8616 section
 * 4).
 */
const TOKEN = /[^\u0000-\u0020\u007f()<>@,;:\\"/[\]?=]+/y;

/**
 * Reads the body of one Authentication-Results field.
 * @param text the unfolded field body; line ends in it count as white space
 * @returns never throws; the results, or where the grammar was left
 */
export function readAuthenticationResults(
  text: string,
  limits: AuthenticationResultsLimits = DEFAULT_AUTHENTICATION_RESULTS_LIMITS,
): AuthenticationResults {
  if (text.length > limits.maxChars)
    return { kind: 'malformed', position: limits.maxChars, reason: `more than ${limits.maxChars} characters` };
  const cursor = new Cursor(text);
  const read = readPayload(cursor, limits.maxResults);
  if (read !== null && cursor.fault === null) return read;
  return { kind: 'malformed', ...(cursor.fault ?? { position: cursor.at, reason: 'not an Authentication-Results' }) };
}

/** A place in a text that only moves forward, with the comments passed and the first fault. */
class Cursor {
  readonly text: string;
  at = 0;
  comments: string[] = [];
  fault: { readonly position: number; readonly reason: string } | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** Notes the first fault. @returns null, so that a reader can end with it */
  fail(reason: string, position = this.at): null {
    this.fault ??= { position, reason };
    return null;
  }

  skipCfws(): void {
    const cfws = readCfws(this.text, this.at);
    this.comments.push(...cfws.comments);
    this.at = cfws.end;
    if (cfws.unclosedAt !== undefined) this.fail('a comment is never closed', cfws.unclosedAt);
  }

  /** True at the end of the text, and after a fault, so that no loop goes on. */
  get done(): boolean {
    return this.fault !== null || this.at >= this.text.length;
  }

  /** Steps over one character when it is the one given. */
  take(character: string): boolean {
    if (this.fault !== null || this.text.charAt(this.at) !== character) return false;
    this.at += 1;
    return true;
  }

  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }
}

function readPayload(cursor: Cursor, maxResults: number): AuthenticationResults | null {
  cursor.skipCfws();
  const authservId = readValue(cursor) ?? cursor.fail('an authserv-id must stand first');
  cursor.skipCfws();
  const version = cursor.match(DIGITS) ?? '1';
  cursor.skipCfws();
  if (authservId === null || cursor.fault !== null) return null;
  const results: ResultInfo[] = [];
  while (cursor.take(';')) {
    cursor.comments = [];
    cursor.skipCfws();
    if (cursor.done) break;
    if (results.length === 0 && takeNone(cursor))
      return { kind: 'results', authservId, version: Number(version), results };
    if (results.length === maxResults) return cursor.fail(`more than ${maxResults} results`);
    const result = readResultInfo(cursor);
    if (result === null) return null;
    results.push(result);
  }
  if (!cursor.done) return cursor.fail('a semicolon must stand here');
  if (results.length === 0) return cursor.fail('neither a result nor "none" follows the authserv-id');
  return { kind: 'results', authservId, version: Number(version), results };
}

/** Takes "none", which nothing else may follow (no-result). */
function takeNone(cursor: Cursor): boolean {
  const start = cursor.at;
  if (cursor.match(KEYWORD)?.toLowerCase() === 'none') {
    cursor.skipCfws();
    if (cursor.done) return true;
  }
  cursor.at = start;
  return false;
}

function readResultInfo(cursor: Cursor): ResultInfo | null {
  const method = cursor.match(KEYWORD) ?? cursor.fail('a method must stand here');
  cursor.skipCfws();
  const version = cursor.take('/') ? readVersion(cursor) : undefined;
  if (!cursor.take('=')) return cursor.fail('"=" must stand here');
  cursor.skipCfws();
  const result = cursor.match(KEYWORD) ?? cursor.fail('a result must stand here');
  cursor.skipCfws();
  if (method === null || result === null) return null;
  const properties = new Map<string, string>();
  const contradicted: string[] = [];
  let reason: string | undefined;
  while (!cursor.done && cursor.text.charAt(cursor.at) !== ';') {
    const property = readProperty(cursor);
    if (property === null) return null;
    if (property.name === 'reason') reason ??= property.value;
    else if (!properties.has(property.name)) properties.set(property.name, property.value);
    else if (properties.get(property.name) !== property.value) contradicted.push(property.name);
  }
  return {
    method: method.toLowerCase(),
    ...(version === undefined ? {} : { version }),
    result: result.toLowerCase(),
    ...(reason === undefined ? {} : { reason }),
    properties,
    ...(contradicted.length === 0 ? {} : { contradicted }),
    ...(cursor.comments.length === 0 ? {} : { comment: cursor.comments.join(' ') }),
  };
}

function readVersion(cursor: Cursor): number | undefined {
  cursor.skipCfws();
  const digits = cursor.match(DIGITS) ?? cursor.fail('a method version must stand here');
  cursor.skipCfws();
  return digits === null ? undefined : Number(digits);
}

/** propspec or reasonspec: their names differ only in the dot. */
function readProperty(cursor: Cursor): { name: string; value: string } | null {
  const first = cursor.match(KEYWORD) ?? cursor.fail('a property must stand here');
  cursor.skipCfws();
  let second = '';
  if (cursor.take('.')) {
    cursor.skipCfws();
    second = `.${cursor.match(KEYWORD) ?? cursor.fail('a property must follow the dot')}`;
    cursor.skipCfws();
  }
  if (!cursor.take('=')) return cursor.fail('"=" must stand here');
  cursor.skipCfws();
  const value = readPropertyValue(cursor);
  cursor.skipCfws();
  return first === null || value === null ? null : { name: `${first}${second}`.toLowerCase(), value };
}

/** value of RFC 2045 section 5.1: a token or a quoted string. */
function readValue(cursor: Cursor): string | null {
  return cursor.text.charAt(cursor.at) === '"' ? readQuoted(cursor) : cursor.match(TOKEN);
}

function readQuoted(cursor: Cursor): string | null {
  const quoted = readQuotedString(cursor.text, cursor.at);
  if (!quoted.closed) return cursor.fail('a quoted string is never closed');
  cursor.at = quoted.end;
  return quoted.content;
}

/**
 * pvalue: a value, or an address or domain, whose local-part may be quoted. Nothing at all is read
 * as "", as some write a null reverse-path.
 */
function readPropertyValue(cursor: Cursor): string | null {
  const start = cursor.at;
  let quoted: string | null = null;
  if (cursor.text.charAt(start) === '"') {
    quoted = readQuoted(cursor);
    if (quoted === null || cursor.text.charAt(cursor.at) !== '@') return quoted;
  }
  cursor.at = readUntil(
    cursor.text,
    cursor.at,
    (character) => isFoldingSpace(character) || character === ';' || character === '(' || character === '"',
  );
  return cursor.text.slice(start, cursor.at);
}
