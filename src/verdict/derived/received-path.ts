/**
 * The way of a delivered message through the caller's own hosts, read from its Received fields (RFC
 * 5321 section 4.4), newest first. A field is believed only as long as every field above it was
 * written by an own host and says that the client was an own host too: anything below a client from
 * outside is that client's own words. Pure; linear in the number of fields.
 *
 * LIMITS: at most 50 fields are looked at. A process on an own machine, or a host that hides the
 * addresses of its clients (a proxy, network address translation), can write fields in the name of
 * an own host; who cannot rule that out must not name such a host.
 */
import type { ReceivedHop } from '../../../schemas/verdict.ts';
import { fieldsNamed, type HeaderField, type Message } from '../../message/message.ts';
import { type Received, readReceived } from '../../message/received.ts';
import { comparableName, type OwnHosts, reachOf } from './own-hosts.ts';

/** Received fields looked at; longer chains of own hosts are loops. */
export const MAX_HOPS = 50;
const MAX_CHARACTERS = 255;

/** A Received field with what it says. */
type Hop = { readonly field: HeaderField; readonly received: Received };

/** Who handed the message over, as a field that is believed tells it. */
type Client =
  /**
   * A program on the machine that wrote the field: a local submission, a content filter, a mail
   * store.
   */
  | 'this-machine'
  /** An own host in a private network, or one whose address or confirmed name is listed. */
  | 'own-host'
  /** A private address of which nothing says that it is an own host. */
  | 'private'
  /** A person's program that authenticated: the message begins there. */
  | 'submission'
  | 'outside'
  /** The field gives no address. */
  | 'unknown';

/** How the walk ended. */
export type ReceivedPath = {
  /** Every field looked at, newest first. */
  readonly hops: readonly ReceivedHop[];
  /**
   * The fields that are believed, newest first; the facts are those of the last one. Empty: no
   * field is.
   */
  readonly believed: readonly Hop[];
  /** Why nothing is believed; null where something is. */
  readonly nothing: string | null;
  /**
   * Why the client of the last believed field is not the one that brought the message in; null
   * where it is, or is unknown.
   */
  readonly inside: string | null;
  /** The client of the last believed field says that it is an own host, and nothing confirms it. */
  readonly unconfirmed: string | null;
};

/** Walks down the Received fields of a message. */
export const walkReceived = (message: Message, own: OwnHosts): ReceivedPath => {
  const chain = fieldsNamed(message, 'received')
    .slice(0, MAX_HOPS)
    .map((field): Hop => ({ field, received: readReceived(field.value()) }));
  const notes = new Map<number, string>();
  const start = findFirst(chain, own, notes);
  if (start.at === null) {
    return { hops: toHops(chain, 0, 0, notes), believed: [], nothing: start.reason, inside: null, unconfirmed: null };
  }
  let at = start.at;
  let end = endAt(chain, at, own);
  while (end === null) {
    notes.set(at, `${handOver(chain[at], own)}, so the field below tells where the message came from`);
    at += 1;
    end = endAt(chain, at, own);
  }
  notes.set(at, end.reason);
  const believed = chain.slice(start.at, at + 1);
  return {
    hops: toHops(chain, start.at, at + 1, notes),
    believed,
    nothing: null,
    inside: end.kind === 'inside' ? end.reason : null,
    unconfirmed: unconfirmedOwn(believed.at(-1), own),
  };
};

/**
 * The newest field of an own host. Fields above it are passed over only where they tell a hand-over
 * inside, as a mail store whose name is not listed writes them.
 */
const findFirst = (
  chain: readonly Hop[],
  own: OwnHosts,
  notes: Map<number, string>,
): { at: number } | { at: null; reason: string } => {
  for (const [index, { received }] of chain.entries()) {
    const blocked = (reason: string) => {
      notes.set(index, reason);
      return { at: null, reason: `Received field ${index + 1} from the top ${reason}` };
    };
    // A HELO name such as "x;" can hide who wrote a field. Looking further down would then believe
    // one that the client made up.
    if (received.ambiguous) return blocked('cannot be read, and one below it may be the forgery it was mangled for');
    if (own.hasName(received.by)) return { at: index };
    // A field with a client and without a writer lost its by clause to something that the client
    // said.
    const isWhole = received.by !== null || received.fromHelo === null;
    const client = isWhole ? clientOf(received, own) : 'unknown';
    if (client !== 'this-machine' && client !== 'own-host' && client !== 'private')
      return blocked(`was written by ${received.by ?? 'a server without a name'}, which is not named as an own host`);
    notes.set(
      index,
      `passed over: ${received.by ?? 'its writer'} is not named as an own host, and it took the message over inside`,
    );
  }
  return { at: null, reason: 'no Received field was written by a named server' };
};

type End = { readonly kind: 'outside' | 'inside'; readonly reason: string };

/** Whether the walk ends at this field, and why; null when the field below is believed too. */
const endAt = (chain: readonly Hop[], at: number, own: OwnHosts): End | null => {
  const here = chain[at]?.received;
  if (here === undefined) return { kind: 'inside', reason: 'there is no field' };
  const client = clientOf(here, own);
  switch (client) {
    case 'outside':
      return { kind: 'outside', reason: `its client ${here.fromIp ?? ''} brought the message in` };
    case 'unknown':
      return { kind: 'outside', reason: 'it gives no address of its client' };
    case 'submission':
      return {
        kind: reachOf(here.fromIp ?? '') === 'public' ? 'outside' : 'inside',
        reason: `its client ${here.fromIp ?? 'without an address'} authenticated, so the message begins there`,
      };
    case 'private':
      return {
        kind: 'inside',
        reason: `its client has the private address ${here.fromIp ?? ''} and neither its name nor its address is that of an own host`,
      };
    case 'this-machine':
    case 'own-host': {
      const problem = unbelievable(chain[at + 1]?.received, here, client, own);
      return problem === null ? null : { kind: 'inside', reason: `${handOver(chain[at], own)}, and ${problem}` };
    }
    default:
      return client satisfies never;
  }
};

/** Why the field below is not the one that the client of the field above wrote; null when it is. */
const unbelievable = (
  below: Received | undefined,
  above: Received,
  client: 'this-machine' | 'own-host',
  own: OwnHosts,
): string | null => {
  if (below === undefined) return 'no field below tells where it got the message from';
  if (below.ambiguous) return 'the field below cannot be read';
  if (below.by === null) return 'the field below does not tell who wrote it';
  const by = comparableName(below.by);
  // A content filter names itself so; that its client is this machine was written by an own host.
  const isLocalhost = client === 'this-machine' && LOCALHOST.has(by);
  if (!isLocalhost && !own.hasName(below.by))
    return `the field below was written by ${short(below.by)}, which is not named as an own host`;
  const writers = [above.fromHelo, above.fromName, ...(client === 'this-machine' ? [above.by] : [])];
  if (isLocalhost || writers.some((name) => name !== null && comparableName(name) === by)) return null;
  // A filter that writes no field of its own hands over what the same server gave it.
  if (client === 'own-host' && above.by !== null && comparableName(above.by) === by) return null;
  return `the field below was written by ${short(below.by)}, which is not that client`;
};

const LOCALHOST = new Set(['localhost', 'localhost.localdomain']);
/** LMTP is spoken between a server and its own mail store (RFC 2033); the types of RFC 3848. */
const LMTP = /^(?:UTF8)?LMTPS?A?$/;
/** Exim's own words for what came by no network, and what a program fetched out of a mailbox. */
const NO_SMTP = /^(?:LOCAL(?:-[A-Z]*)?|POP3|IMAP)$/;

const clientOf = (received: Received, own: OwnHosts): Client => {
  const { fromHelo, fromIp, fromName, confirmedName, with: protocol } = received;
  if (fromHelo === null && fromIp === null) return 'this-machine';
  if (protocol !== null && NO_SMTP.test(protocol)) return 'this-machine';
  if (received.authenticated === true && !LMTP.test(protocol ?? '')) return 'submission';
  const reach = fromIp === null ? null : reachOf(fromIp);
  if (reach === 'loopback' || (protocol !== null && LMTP.test(protocol))) return 'this-machine';
  if (own.hasAddress(fromIp)) return 'own-host';
  if (reach === null) return 'unknown';
  if (reach === 'private') return own.hasName(fromHelo) || own.hasName(fromName) ? 'own-host' : 'private';
  return own.hasName(confirmedName) ? 'own-host' : 'outside';
};

/** Who handed the message over inside, in words. */
const handOver = (hop: Hop | undefined, own: OwnHosts): string => {
  const received = hop?.received;
  const where = received?.fromIp ?? null;
  if (received === undefined || clientOf(received, own) === 'own-host')
    return `its client ${where ?? ''} is an own host`;
  return where === null ? 'its client is a program of this machine' : `its client ${where} is this machine`;
};

/** The address of a client from outside that calls itself an own host, or whose PTR record does. */
const unconfirmedOwn = (hop: Hop | undefined, own: OwnHosts): string | null => {
  if (hop === undefined || clientOf(hop.received, own) !== 'outside') return null;
  return own.hasName(hop.received.fromName) ? hop.received.fromIp : null;
};

const toHops = (chain: readonly Hop[], start: number, end: number, notes: ReadonlyMap<number, string>): ReceivedHop[] =>
  chain.map(({ received }, index) => ({
    position: index + 1,
    from: text(received.fromHelo),
    name: text(received.fromName),
    address: text(received.fromIp),
    by: text(received.by),
    with: text(received.with),
    trusted: index >= start && index < end,
    taken: index === end - 1,
    note: notes.get(index) ?? 'not believed: anybody can have written it',
  }));

/** A control character in a field would travel into a terminal or a log line. */
const text = (value: string | null): string | null => (value === null ? null : short(value));

const short = (value: string): string => value.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, MAX_CHARACTERS);
