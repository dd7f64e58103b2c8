/**
 * The client of a Received field as the receiving server saw it: TCP-info of RFC 5321 section 4.4,
 * and whether the name in it is more than a claim. Everything the client can bring into the from
 * clause comes before what the server writes there.
 */
import { isIP } from 'node:net';

/** One clause of a Received field: the words after its keyword, and the comments after those. */
export type Clause = { readonly words: string[]; readonly comments: string[] };

/** Servers that tell in the field whether the name they found is confirmed. */
type Software = 'postfix' | 'exim' | 'sendmail' | null;

/** Sendmail writes its version and that of its configuration, as in "8.17.1/8.17.1/Debian-2". */
const SENDMAIL_VERSIONS = /^\d+\.\d+\.\d[^/\s]*\/\d/;

/**
 * Who wrote the field, by comments that stand outside the from clause, where the client can bring
 * nothing in.
 */
export function softwareOf(besideBy: readonly string[], ownComments: readonly string[]): Software {
  if (besideBy.some((comment) => comment === 'Postfix' || comment.startsWith('Postfix,'))) return 'postfix';
  if (besideBy.some((comment) => SENDMAIL_VERSIONS.test(comment))) return 'sendmail';
  return ownComments.some((comment) => /^Exim \d/.test(comment)) ? 'exim' : null;
}

type Client = {
  readonly ip: string;
  readonly name: string | null;
  readonly confirmedName: string | null;
  readonly helo?: string | undefined;
};

/**
 * Comments that Postfix writes into the from clause after the TCP-info; the names in them are the
 * client's choice.
 */
const NOT_TCP_INFO = /^(?:using |client |no client|authenticated|version=|helo |ehlo |may be forged)/i;
/** An address literal of RFC 5321 section 4.1.3; Exim puts a port after it. */
const LITERAL = /\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]/gi;
const HELO_ARGUMENT = /(?:^|[\s(])(?:helo|ehlo)[= ](\S+)/i;

/**
 * The client address as the server wrote it. The last comment with an address is the
 * server's, because everything the client can bring into this clause comes before it.
 */
export function readClient(from: Clause, software: Software): Client | null {
  const helo = lastMatch(from.comments, HELO_ARGUMENT);
  for (const comment of from.comments.toReversed()) {
    if (NOT_TCP_INFO.test(comment)) continue;
    const client = addressIn(comment);
    // Exim and qmail write the name they found in front, and the HELO name into a comment.
    if (client !== null) {
      const serverWroteName = helo !== null || (client.literalFirst && software === 'exim');
      const name = serverWroteName ? (from.words[0] ?? null) : client.name;
      return {
        ip: client.ip,
        name: knownName(name),
        confirmedName: knownName(confirmedName(software, from.words[0] ?? null, client, comment)),
        helo: helo ?? undefined,
      };
    }
  }
  // Exim without a host name: "from [192.0.2.1] (helo=name)". Without such a comment the literal
  // may be the client's HELO.
  const literal = /^\[(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\](?::\d+)?$/i.exec(from.words[0] ?? '')?.[1];
  if (literal === undefined || isIP(literal) === 0 || !/^(?:port=\d+ )?helo=/i.test(from.comments.at(-1) ?? ''))
    return null;
  return { ip: literal, name: null, confirmedName: null, helo: helo ?? undefined };
}

/**
 * Postfix and Exim write no name that its own address does not confirm; Sendmail says "may be
 * forged" behind such a one.
 */
function confirmedName(software: Software, first: string | null, client: AddressIn, comment: string): string | null {
  switch (software) {
    case 'postfix':
      return client.name;
    case 'sendmail':
      return comment.includes('may be forged') ? null : client.name;
    case 'exim':
      return client.literalFirst ? first : null;
    case null:
      return null;
    default:
      return software satisfies never;
  }
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

/**
 * The first group of a pattern in the last comment that has it: what a client brings in stands
 * before what the server writes.
 */
export function lastMatch(comments: readonly string[], pattern: RegExp): string | null {
  for (const comment of comments.toReversed()) {
    const found = pattern.exec(comment)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}
