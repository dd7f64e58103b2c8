/**
 * What trusted servers wrote on a delivered message (RFC 8601 section 5): Authentication-Results
 * with a trusted authserv-id, and Received-SPF of a trusted receiver. Only fields above the
 * boundary count, which is the Received field by which the message came in; what is below it came
 * with the message, and its sender can have written it. All fields of one server are read together,
 * so that none of them is chosen by its place. Pure.
 */
import type { Derived } from '../../../schemas/verdict.ts';
import { readAuthenticationResults } from '../../message/authentication-results.ts';
import { fieldsNamed, type HeaderField, type Message } from '../../message/message.ts';
import { readReceivedSpf } from '../../message/received-spf.ts';
import { comparableName } from './own-hosts.ts';

/** Results that are kept of all servers. */
const MAX_RESULTS = 50;
const MAX_CHARACTERS = 998;
/** Fields of a name that are read; a server writes a handful. */
const MAX_FIELDS = 50;
/**
 * Version of the field and of each method that is read here; RFC 8601 section 2.2: no version means
 * this one.
 */
const KNOWN_VERSION = 1;

type Result = Derived['authenticationResults'][number];

/** The results of one trusted server. */
export type ServerResults = {
  readonly authservId: string;
  readonly results: readonly (Result & {
    /** Place in `derived.authenticationResults`. */
    readonly place: number;
    /** Names of properties that are given twice with different values. */
    readonly contradicted: readonly string[];
  })[];
  /** False when something of this server could not be read: what is read may be contradicted. */
  readonly isWhole: boolean;
};

/** Results of trusted servers, as the verdict lists them and by server. */
export type TrustedResults = {
  readonly listed: Result[];
  readonly servers: readonly ServerResults[];
  /** When the message came in, in milliseconds since the epoch; null when unknown. */
  readonly receivedAtMs: number | null;
  readonly doubts: readonly Doubt[];
};

/** Why something was not taken, as a finding tells it. */
type Doubt = { readonly code: 'unknown-results-version' | 'results-not-believed'; readonly text: string };

/** Nobody is trusted. */
export const NO_RESULTS: TrustedResults = { listed: [], servers: [], receivedAtMs: null, doubts: [] };

/** The Received field by which a message came in. */
export type Boundary = { readonly fieldIndex: number; readonly dateMs: number | null };

/**
 * Reads them.
 * @param trusted authserv-ids
 * @param boundary null: it is not known, and nothing is believed
 */
export const readTrustedResults = (
  message: Message,
  trusted: readonly string[],
  boundary: Boundary | null,
): TrustedResults => {
  const ids = new Set(trusted.map(comparableName));
  const servers = new Map<string, Server>();
  const below = new Map<string, string>();
  const doubts: Doubt[] = [];
  const listed: Result[] = [];
  const serverOf = (id: string): Server => {
    const key = comparableName(id);
    const server = servers.get(key) ?? { authservId: id, results: [], isWhole: true };
    servers.set(key, server);
    return server;
  };
  const isAbove = (field: HeaderField): boolean => boundary !== null && field.index < boundary.fieldIndex;
  const take = (server: Server, result: Result, contradicted: readonly string[]): void => {
    if (listed.length >= MAX_RESULTS) {
      server.isWhole = false;
      return;
    }
    server.results.push({ ...result, place: listed.length, contradicted });
    listed.push(result);
  };

  const fields = fieldsNamed(message, 'authentication-results');
  for (const field of fields.slice(0, MAX_FIELDS)) {
    const read = readAuthenticationResults(field.value());
    if (read.kind === 'malformed') {
      // It may be one of theirs, and may say the opposite of what is read.
      if (isAbove(field)) for (const id of mentioned(field.value(), ids)) serverOf(id).isWhole = false;
      continue;
    }
    if (!ids.has(comparableName(read.authservId))) continue;
    if (!isAbove(field)) {
      below.set(comparableName(read.authservId), read.authservId);
      continue;
    }
    const server = serverOf(read.authservId);
    if (read.version !== KNOWN_VERSION) {
      server.isWhole = false;
      doubts.push(unknownVersion(`the Authentication-Results of ${read.authservId} has version ${read.version}`));
      continue;
    }
    const others = read.results.filter(({ version = KNOWN_VERSION }) => version !== KNOWN_VERSION);
    const [other] = others;
    if (other !== undefined) {
      server.isWhole = false;
      doubts.push(
        unknownVersion(
          `${others.length} results of ${read.authservId} have a method of another version (${other.method}/${other.version})`,
        ),
      );
    }
    for (const { version = KNOWN_VERSION, method, result, properties, contradicted = [] } of read.results) {
      if (version !== KNOWN_VERSION) continue;
      const shown = Object.fromEntries([...properties].map(([key, value]) => [key, value.slice(0, MAX_CHARACTERS)]));
      take(server, { authservId: read.authservId, method, result, properties: shown }, contradicted);
    }
  }
  for (const field of fieldsNamed(message, 'received-spf').slice(0, MAX_FIELDS)) {
    const { receiver, result } = readSpf(field);
    if (receiver === null || !ids.has(comparableName(receiver)) || !isAbove(field)) continue;
    take(serverOf(receiver), { authservId: receiver, ...result }, []);
  }
  // More fields than are read may hold another word of any of them.
  if (fields.length > MAX_FIELDS) for (const server of servers.values()) server.isWhole = false;
  return {
    listed,
    servers: [...servers.values()],
    receivedAtMs: boundary?.dateMs ?? null,
    doubts: [...doubts, ...[...below.values()].map((id) => belowBoundary(id, boundary))],
  };
};

type Server = {
  readonly authservId: string;
  readonly results: ServerResults['results'][number][];
  isWhole: boolean;
};

/** Trusted ids that a text names, in whatever way. */
const mentioned = (text: string, ids: ReadonlySet<string>): string[] => {
  const lower = text.toLowerCase();
  return [...ids].filter((id) => lower.includes(id));
};

/**
 * A Received-SPF field as the result that Authentication-Results would tell (RFC 8601 section
 * 2.7.2).
 */
const readSpf = (field: HeaderField): { receiver: string | null; result: Omit<Result, 'authservId'> } => {
  const { result, pairs } = readReceivedSpf(field.value().slice(0, MAX_CHARACTERS));
  const only = (name: string): string | null => {
    const values = new Set(pairs.flatMap(([key, value]) => (key === name ? [value] : [])));
    const [value = null] = values;
    return values.size === 1 ? value : null;
  };
  const mailFrom = only('envelope-from');
  const helo = only('helo');
  // The key "identity" tells which of both was checked; without it the null reverse-path does.
  const isOfHelo = only('identity') === 'helo' || mailFrom === null || mailFrom === '<>';
  return {
    receiver: only('receiver'),
    result: {
      method: 'spf',
      result,
      properties: isOfHelo
        ? { ...(helo !== null && { 'smtp.helo': helo }) }
        : { 'smtp.mailfrom': mailFrom.replace(/^<|>$/g, '') },
    },
  };
};

const unknownVersion = (what: string): Doubt => ({
  code: 'unknown-results-version',
  text: `${what}; only version 1 is known here, so nothing was taken from it`,
});

const belowBoundary = (id: string, boundary: Boundary | null): Doubt => ({
  code: 'results-not-believed',
  text:
    boundary === null
      ? `Authentication-Results of ${id} is not believed: no Received field of an own host tells where the message came in`
      : `Authentication-Results of ${id} is below the Received field by which the message came in, where its sender can have written it`,
});
