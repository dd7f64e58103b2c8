/**
 * Reads a Received field body (RFC 5321 section 4.4) in the spellings of Postfix, Exim, Sendmail, Exchange, Gmail, Haraka, Stalwart and qmail.
 * The HELO name in it is the client's own words and may hold parentheses, addresses and clauses meant to mislead; so the client address is taken only
 * from what the receiving server adds, and a field that says something twice or leaves something open yields no address at all.
 * Never decides whether the server that wrote the field is a trusted one.
 */
import { isIP } from 'node:net';
import { isFoldingSpace, readComment, readQuotedString, readUntil } from './lexical.ts';
import { readDate } from './received-date.ts';

/** TLS as a Received field tells it. */
export type ReceivedTls = { readonly version?: string; readonly cipher?: string; readonly bits?: number };

/** What a Received field says. Everything is null where it does not say. */
export type Received = {
  /** HELO or EHLO argument: the client's claim. */
  readonly fromHelo: string | null;
  /** Host name that the server found for the client address; null for "unknown". */
  readonly fromName: string | null;
  /** Client address that the server wrote (TCP-info); null where it wrote none, and where more than one reading is possible. */
  readonly fromIp: string | null;
  /** Name of the server that received the message. */
  readonly by: string | null;
  /** Transmission type in upper case, as in ESMTPS (RFC 3848); several words, as Exchange writes them, as they stand. */
  readonly with: string | null;
  readonly id: string | null;
  /** Recipient without angle brackets. */
  readonly for: string | null;
  readonly tls: ReceivedTls | null;
  /** True and false by the transmission type alone (RFC 3848: the "A" of ESMTPA); null for a type that does not tell. */
  readonly authenticated: boolean | null;
  /** Identity that authenticated, where the server names it. */
  readonly authIdentity: string | null;
  /** Reverse-path without angle brackets; "" is the null reverse-path. */
  readonly envelopeFrom: string | null;
  /** Milliseconds since 1970-01-01; null for a date that cannot be read. */
  readonly dateMs: number | null;
  /**
   * True when a clause stands twice, something is left open or the date is none: the field was mangled or is meant to mislead. All but `by` is null
   * then, and even `by` may be hidden; so whoever looks for the field of an own server from the top ends the search here, because the next field
   * below may be the forgery that this one was mangled for.
   */
  readonly ambiguous: boolean;
};

/** Longest field body that is read, in characters. */
export const MAX_RECEIVED_CHARS = 8192;

const CLAUSES = ['from', 'by', 'via', 'with', 'id', 'for', 'envelope-from', 'tls'] as const;
type ClauseName = (typeof CLAUSES)[number];
type Clause = { readonly words: string[]; readonly comments: string[] };

/**
 * Reads the body of one Received field.
 * @param text the unfolded field body, cut at 8,192 characters
 * @returns never throws
 */
export function readReceived(text: string): Received {
  const { clauses, comments, dateText, mangled } = split(text.slice(0, MAX_RECEIVED_CHARS));
  const dateMs = dateText === '' ? null : readDate(dateText);
  // A HELO name with a semicolon moves the server's own words behind it, where the date stands.
  const ambiguous = mangled || (dateText !== '' && dateMs === null);
  const by = clauses.get('by')?.words[0] ?? null;
  if (ambiguous) return { ...NOTHING, by, ambiguous };
  const from = clauses.get('from');
  const protocol = protocolOf(clauses.get('with')?.words ?? []);
  const client = from === undefined ? null : tcpInfo(from);
  const authenticated = protocol === null ? null : authenticatedBy(protocol);
  const besideHelo = new Set(from?.comments);
  const ownComments = comments.filter((comment) => !besideHelo.has(comment));
  return {
    fromHelo: client?.helo ?? from?.words[0] ?? null,
    fromName: client?.name ?? null,
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

const NOTHING: Received = {
  fromHelo: null,
  fromName: null,
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

type Parts = {
  readonly clauses: ReadonlyMap<ClauseName, Clause>;
  /** All comments before the date, in order. */
  readonly comments: readonly string[];
  readonly dateText: string;
  /** True when a clause stands twice, a comment is left open or the text was cut. */
  readonly mangled: boolean;
};

/** Cuts the field into its clauses: a keyword, the words after it, the comments after those. */
function split(text: string): Parts {
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
      const end = endOfWord(text, at);
      const word = text.slice(at, end);
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

/** A word ends at white space, a comment or the date. Quotes count only inside a path, because a HELO name may hold a lone one. */
function endOfWord(text: string, start: number): number {
  if (text.charAt(start) !== '<')
    return readUntil(
      text,
      start + 1,
      (character) => isFoldingSpace(character) || character === '(' || character === ';',
    );
  let at = start + 1;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') at = readQuotedString(text, at).end;
    else if (character === '>') return at + 1;
    else at += 1;
  }
  return at;
}

type Client = { readonly ip: string; readonly name: string | null; readonly helo?: string | undefined };

/** Comments that Postfix writes into the from clause after the TCP-info; the names in them are the client's choice. */
const NOT_TCP_INFO = /^(?:using |client |no client|authenticated|version=|helo |ehlo |may be forged)/i;
/** An address literal of RFC 5321 section 4.1.3; Exim puts a port after it. */
const LITERAL = /\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]/gi;
const HELO_ARGUMENT = /(?:^|[\s(])(?:helo|ehlo)[= ](\S+)/i;

/**
 * The client address as the server wrote it. The comment with an address that stands last is the server's, because everything the client can bring
 * into this clause stands in front of it.
 */
function tcpInfo(from: Clause): Client | null {
  const helo = lastMatch(from.comments, HELO_ARGUMENT);
  for (const comment of from.comments.toReversed()) {
    if (NOT_TCP_INFO.test(comment)) continue;
    const client = addressIn(comment);
    // Exim and qmail write the name they found in front, and the HELO name into a comment.
    if (client !== null) {
      const serverWroteName = helo !== null || client.literalFirst;
      const name = serverWroteName ? (from.words[0] ?? null) : client.name;
      return { ip: client.ip, name: knownName(name), helo: helo ?? undefined };
    }
  }
  // Exim without a host name: "from [192.0.2.1] (helo=name)". Without such a comment the literal may be the client's HELO.
  const literal = /^\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\](?::\d+)?$/i.exec(from.words[0] ?? '')?.[1];
  if (literal === undefined || isIP(literal) === 0 || !/^(?:port=\d+ )?helo=/i.test(from.comments.at(-1) ?? ''))
    return null;
  return { ip: literal, name: null, helo: helo ?? undefined };
}

type AddressIn = { readonly ip: string; readonly name: string | null; readonly literalFirst: boolean };

function addressIn(comment: string): AddressIn | null {
  const outer = withoutNested(comment);
  const literals = [...outer.matchAll(LITERAL)].filter(
    ({ 1: address, index }) => isIP(address ?? '') > 0 && !/(?:helo|ehlo|ident)=$/i.test(outer.slice(0, index)),
  );
  const literalFirst = outer.startsWith('[');
  // Exim puts the address first and the client's words after it; the others put it last.
  const found = literalFirst ? literals[0] : literals.at(-1);
  if (found !== undefined) {
    const before = outer.slice(0, found.index).trim().split(/[\s@]/).at(-1) ?? '';
    return { ip: found[1] ?? '', name: before === '' ? null : before, literalFirst: literalFirst && found.index === 0 };
  }
  // Exchange and qmail: the address alone, perhaps after "user@".
  const bare = outer.trim().split('@').at(-1) ?? '';
  return isIP(bare) > 0 ? { ip: bare, name: null, literalFirst: false } : null;
}

/** A comment without the comments inside it, as in "(host [192.0.2.1] (may be forged))". */
function withoutNested(comment: string): string {
  let depth = 0;
  let outer = '';
  for (const character of comment) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (depth === 0) outer += character;
  }
  return outer.trim();
}

function knownName(name: string | null): string | null {
  if (name === null || name.startsWith('[') || /^unknown$/i.test(name)) return null;
  return name.replace(/\.$/, '');
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

/** The first group of a pattern in the last comment that has it: what a client brings in stands before what the server writes. */
function lastMatch(comments: readonly string[], pattern: RegExp): string | null {
  for (const comment of comments.toReversed()) {
    const found = pattern.exec(comment)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}

const TLS_PATTERNS: readonly RegExp[] = [
  // Postfix, Stalwart
  /^using (?<version>TLSv?[\d._]+) with cipher (?<cipher>\S+)(?: \((?<bits>\d+)\/\d+ bits\))?/i,
  // Sendmail, Exchange, Gmail, Haraka
  /^version=(?<version>[\w.]+),? cipher=(?<cipher>[\w-]+)(?:,? bits=(?<bits>\d+))?/i,
  // Exim before 4.94, and after it
  /^(?<version>TLSv?1(?:\.\d)?):(?<cipher>[\w-]+)(?::(?<bits>\d+))?$/i,
  /^(?<version>TLSv?1(?:\.\d)?)$/i,
];

/** TLS as told, but where a registered transmission type says that there was none: a HELO name may hold words that look like the server's. */
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
