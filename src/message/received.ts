/**
 * Reads a Received field body (RFC 5321 section 4.4) in the spellings of Postfix, Exim, Sendmail,
 * Exchange, Gmail, Haraka, Stalwart and qmail. The HELO name in it is the client's own words and
 * may hold parentheses, addresses and clauses meant to mislead; so the client address is taken only
 * from what the receiving server adds, and a field that says something twice or leaves something
 * open yields no address at all. Never decides whether the server that wrote the field is a trusted
 * one.
 */
import { isFoldingSpace, readComment, readQuotedString, readUntil } from './lexical.ts';
import { readDate } from './received-date.ts';
import { type Clause, lastMatch, readClient, softwareOf } from './tcp-info.ts';

/** TLS as a Received field states it. */
type ReceivedTls = { readonly version?: string; readonly cipher?: string; readonly bits?: number };

/** What a Received field says. Everything is null where it does not say. */
export type Received = {
  /** HELO or EHLO argument: the client's claim. */
  readonly fromHelo: string | null;
  /** Host name that the server found for the client address; null for "unknown". */
  readonly fromName: string | null;
  /**
   * The same name where the server also looked up the address of the name and found the client:
   * Postfix, Exim and Sendmail write which of the two they did. Null for every other server,
   * because a PTR record alone is the client's own claim.
   */
  readonly confirmedName: string | null;
  /**
   * Client address that the server wrote (TCP-info); null where it wrote none, and where more than
   * one reading is possible.
   */
  readonly fromIp: string | null;
  /** Name of the server that received the message. */
  readonly by: string | null;
  /**
   * Transmission type in upper case, as in ESMTPS (RFC 3848); several words, as Exchange writes
   * them, as written.
   */
  readonly with: string | null;
  readonly id: string | null;
  /** Recipient without angle brackets. */
  readonly for: string | null;
  readonly tls: ReceivedTls | null;
  /**
   * True and false by the transmission type alone (RFC 3848: the "A" of ESMTPA); null for a type
   * that does not tell.
   */
  readonly authenticated: boolean | null;
  /** Identity that authenticated, where the server names it. */
  readonly authIdentity: string | null;
  /** Reverse-path without angle brackets; "" is the null reverse-path. */
  readonly envelopeFrom: string | null;
  /** Milliseconds since 1970-01-01; null for a date that cannot be read. */
  readonly dateMs: number | null;
  /**
   * True when a clause appears twice, something is left open or the date is none: the field was
   * mangled or is meant to mislead. All but `by` is null then, and even `by` may be hidden; so
   * whoever looks for the field of an own server from the top ends the search here, because the
   * next field below may be the forgery that this one was mangled for.
   */
  readonly ambiguous: boolean;
};

/** Longest field body that is read, in characters. */
export const MAX_RECEIVED_CHARS = 8192;

const CLAUSES = ['from', 'by', 'via', 'with', 'id', 'for', 'envelope-from', 'tls'] as const;
type ClauseName = (typeof CLAUSES)[number];

/**
 * Reads the body of one Received field.
 * @param text the unfolded field body, cut at 8,192 characters
 * @returns never throws
 */
export function readReceived(text: string): Received {
  const { clauses, comments, dateText, mangled } = split(text.slice(0, MAX_RECEIVED_CHARS));
  const dateMs = dateText === '' ? null : readDate(dateText);
  // A HELO name with a semicolon moves the server's own words behind it, where the date is.
  const from = clauses.get('from');
  const ambiguous = mangled || isFromCutShort(clauses) || (dateText !== '' && dateMs === null);
  const by = clauses.get('by')?.words[0] ?? null;
  if (ambiguous) return { ...NOTHING, by, ambiguous };
  const protocol = protocolOf(clauses.get('with')?.words ?? []);
  const besideHelo = new Set(from?.comments);
  const ownComments = comments.filter((comment) => !besideHelo.has(comment));
  const software = softwareOf(clauses.get('by')?.comments ?? [], ownComments);
  const client = from === undefined ? null : readClient(from, software);
  const authenticated = protocol === null ? null : authenticatedBy(protocol);
  return {
    fromHelo: client?.helo ?? from?.words[0] ?? null,
    fromName: client?.name ?? null,
    confirmedName: client?.confirmedName ?? null,
    fromIp: client?.ip ?? null,
    by,
    with: protocol,
    id: withoutBrackets(clauses.get('id')?.words[0]),
    for: withoutBrackets(clauses.get('for')?.words[0]),
    tls: tlsOf(comments, clauses.get('tls'), protocol),
    authenticated,
    authIdentity: authenticated === true ? lastMatch(comments, AUTH_IDENTITY) : null,
    envelopeFrom: withoutBrackets(clauses.get('envelope-from')?.words[0] ?? lastMatch(ownComments, ENVELOPE_FROM)),
    dateMs,
    ambiguous,
  };
}

/**
 * True when the from clause lost its end: servers write it first and the by clause after it (RFC
 * 5321 section 4.4). A HELO name such as "x (y [192.0.2.1]) via" moves the address that the server
 * saw into a clause of its own, and leaves the one that the client made up.
 */
function isFromCutShort(clauses: ClauseList['clauses']): boolean {
  const from = clauses.get('from');
  if (from === undefined) return false;
  const [first, second = 'by'] = clauses.keys();
  return first !== 'from' || second !== 'by' || (from.words.length === 0 && from.comments.length === 0);
}

const NOTHING: Received = {
  fromHelo: null,
  fromName: null,
  confirmedName: null,
  fromIp: null,
  by: null,
  with: null,
  id: null,
  for: null,
  tls: null,
  authenticated: null,
  authIdentity: null,
  envelopeFrom: null,
  dateMs: null,
  ambiguous: false,
};

type ClauseList = {
  readonly clauses: ReadonlyMap<ClauseName, Clause>;
  /** All comments before the date, in order. */
  readonly comments: readonly string[];
  readonly dateText: string;
  /** True when a clause appears twice, a comment is left open or the text was cut. */
  readonly mangled: boolean;
};

/** Cuts the field into its clauses: a keyword, the words after it, the comments after those. */
function split(text: string): ClauseList {
  const clauses = new Map<ClauseName, Clause>();
  const comments: string[] = [];
  let clause: Clause = { words: [], comments: [] };
  let mangled = text.length === MAX_RECEIVED_CHARS;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (isFoldingSpace(character)) at += 1;
    else if (character === ';') break;
    else if (character === '(') {
      const comment = readComment(text, at);
      const content = comment.content.replace(/\s+/g, ' ').trim();
      clause.comments.push(content);
      comments.push(content);
      mangled ||= !comment.closed;
      at = comment.end;
    } else {
      const { end, closed } = readWord(text, at);
      const word = text.slice(at, end);
      mangled ||= !closed;
      const name = CLAUSES.find((known) => known === word.toLowerCase().replace(/=$/, ''));
      if (name === undefined) clause.words.push(word.replace(/,$/, ''));
      else {
        mangled ||= clauses.has(name);
        clause = { words: [], comments: [] };
        clauses.set(name, clause);
      }
      at = end;
    }
  }
  return { clauses, comments, dateText: text.slice(at + 1), mangled };
}

/**
 * A word ends at white space, a comment or the date. Quotes count only inside a path, because a
 * HELO name may hold a lone one. A path that white space or another path interrupts is not closed:
 * a HELO name that ends with "<" would swallow what the server writes after it.
 */
function readWord(text: string, start: number): { readonly end: number; readonly closed: boolean } {
  if (text.charAt(start) !== '<') {
    const end = readUntil(
      text,
      start + 1,
      (character) => isFoldingSpace(character) || character === '(' || character === ';',
    );
    return { end, closed: true };
  }
  let at = start + 1;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '>') return { end: at + 1, closed: true };
    if (character === '<' || isFoldingSpace(character)) return { end: at, closed: false };
    at = character === '"' ? readQuotedString(text, at).end : at + 1;
  }
  return { end: at, closed: false };
}

function protocolOf(words: readonly string[]): string | null {
  const [first] = words;
  if (first === undefined) return null;
  return words.length === 1 ? first.toUpperCase() : words.join(' ').slice(0, 64);
}

/** The types of RFC 3848 and RFC 6531 section 4.3: "S" for TLS, "A" for SMTP AUTH. */
const TRANSMISSION_TYPE = /^(?:UTF8)?(?:E?SMTP|LMTP)(S?)(A?)$/;

/** The "A" of RFC 3848 and RFC 6531 section 4.3; a type outside the registry tells nothing. */
function authenticatedBy(protocol: string): boolean | null {
  const type = TRANSMISSION_TYPE.exec(protocol);
  return type === null ? null : type[2] === 'A';
}

const ENVELOPE_FROM = /^(?:envelope-from|return-path)[ =](\S+)/i;
const AUTH_IDENTITY = /^authenticated (?:sender|user|as):? (\S+)/i;

const TLS_PATTERNS: readonly RegExp[] = [
  // Postfix, Stalwart
  /^using (?<version>TLSv?[\d._]+) with cipher (?<cipher>\S+)(?: \((?<bits>\d+)\/\d+ bits\))?/i,
  // Sendmail, Exchange, Gmail, Haraka
  /^version=(?<version>[\w.]+),? cipher=(?<cipher>[\w-]+)(?:,? bits=(?<bits>\d+))?/i,
  // Exim before 4.94, and after it
  /^(?<version>TLSv?1(?:\.\d)?):(?<cipher>[\w-]+)(?::(?<bits>\d+))?$/i,
  /^(?<version>TLSv?1(?:\.\d)?)$/i,
];

/**
 * TLS as reported, except where a registered transmission type says that there was none: a HELO
 * name may hold words that look like the server's.
 */
function tlsOf(comments: readonly string[], clause: Clause | undefined, protocol: string | null): ReceivedTls | null {
  const type = TRANSMISSION_TYPE.exec(protocol ?? '');
  if (type !== null && type[1] === '') return null;
  const clauseCipher = clause?.words[0];
  for (const comment of comments.toReversed()) {
    for (const pattern of TLS_PATTERNS) {
      const { version, cipher = clauseCipher, bits } = pattern.exec(comment)?.groups ?? {};
      if (version === undefined) continue;
      return {
        version: version.replaceAll('_', '.').replace(/^TLSv?/i, 'TLSv'),
        ...(cipher === undefined ? {} : { cipher }),
        ...(bits === undefined ? {} : { bits: Number(bits) }),
      };
    }
  }
  if (clauseCipher !== undefined) return { cipher: clauseCipher };
  return type === null ? null : {};
}

function withoutBrackets(word: string | null | undefined): string | null {
  if (word === null || word === undefined) return null;
  return word.replace(/^</, '').replace(/>$/, '');
}
