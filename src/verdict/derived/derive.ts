/**
 * Transport facts of a message that was already delivered, taken from the Received field that the
 * caller's own hosts wrote when they took the message in (RFC 5321 section 4.4), and results that a
 * trusted authserv-id wrote (RFC 8601 section 5). Of those only the topmost field of a name counts:
 * everything below it came from outside. Facts that were given are never replaced, and a client
 * inside is never reported as the one that brought the message in.
 */
import { isIP } from 'node:net';
import type { Finding } from '../../../schemas/finding.ts';
import { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Derived } from '../../../schemas/verdict.ts';
import { readAuthenticationResults } from '../../message/authentication-results.ts';
import { fieldsNamed, type HeaderField, type Message } from '../../message/message.ts';
import type { Received } from '../../message/received.ts';
import { finding } from '../findings/finding.ts';
import { comparableName, readOwnHosts } from './own-hosts.ts';
import { type ReceivedPath, walkReceived } from './received-path.ts';

const MAX_RESULTS = 50;
const MAX_CHARACTERS = 998;

/** What the caller trusts. */
type Trust = {
  /** Names, `*.` wildcards, addresses and networks of own hosts. */
  trustReceived?: string | readonly string[] | undefined;
  trustedAuthservIds?: readonly string[] | undefined;
};

/** The facts to judge by, and how they were come by. */
export type DerivedFacts = {
  readonly facts: SmtpFacts;
  /** Null when nothing was asked for. */
  readonly derived: Derived | null;
  /**
   * Why the client address stays unknown although the Received fields name one; null where that is
   * not so.
   */
  readonly clientUnknown: string | null;
  readonly findings: readonly Finding[];
};

/** Reads what was asked for out of the message. Never throws. */
export const deriveFacts = (message: Message, given: SmtpFacts, trust: Trust): DerivedFacts => {
  const { trustedAuthservIds } = trust;
  const trustReceived = typeof trust.trustReceived === 'string' ? [trust.trustReceived] : trust.trustReceived;
  if (trustReceived === undefined && trustedAuthservIds === undefined)
    return { facts: given, derived: null, clientUnknown: null, findings: [] };
  const path = trustReceived === undefined ? null : walkReceived(message, readOwnHosts(trustReceived));
  const taken = path?.believed.at(-1) ?? null;
  const read = path === null || taken === null ? {} : readFacts(path, taken.received, message);
  const added = Object.fromEntries(
    Object.entries(read).filter(([name]) => given[name as keyof SmtpFacts] === undefined),
  );
  const results = believedResults(message, trustedAuthservIds ?? []);
  const facts: SmtpFacts = { ...added, ...given };
  return {
    facts,
    derived: {
      ...(trustReceived !== undefined && { trustReceived: [...trustReceived] }),
      ...(trustedAuthservIds !== undefined && { trustedAuthservIds: [...trustedAuthservIds] }),
      facts: Object.keys(added).sort(),
      from:
        taken === null
          ? null
          : `Received field ${path?.hops.find((hop) => hop.taken)?.position ?? 1} from the top, by ${taken.received.by}`,
      path: [...(path?.hops ?? [])],
      authenticationResults: results.believed,
    },
    clientUnknown: facts.clientIp === undefined && path !== null && path.inside !== null ? insideSentence(path) : null,
    findings: [...(path === null ? [] : pathFindings(path, facts, message)), ...results.findings],
  };
};

const insideSentence = ({ hops, inside }: ReceivedPath): string =>
  `the Received fields of the own hosts do not tell who brought the message in: of field ${hops.find(({ taken }) => taken)?.position ?? 1}, ${inside}`;

const pathFindings = (path: ReceivedPath, facts: SmtpFacts, message: Message): Finding[] => {
  if (path.nothing !== null) {
    const text = `no facts were derived: ${path.nothing}`;
    return [finding('no-trusted-source', text, 'derived.path')];
  }
  return [
    ...(path.inside !== null && facts.clientIp === undefined
      ? [finding('client-inside', `${insideSentence(path)}; SPF is none`, 'derived.path')]
      : []),
    ...(path.unconfirmed !== null
      ? [
          finding(
            'unconfirmed-own-host',
            `the client ${path.unconfirmed} has the name of an own host, but the server that wrote so does not tell that it confirmed the name, so it was judged as a client from outside; if it is an own host, list its address`,
            'derived.path',
          ),
        ]
      : []),
    ...(facts.mailFrom === undefined
      ? [finding('mail-from-unknown', mailFromUnknown(path, message), 'smtp.mailFrom')]
      : []),
  ];
};

const mailFromUnknown = ({ believed }: ReceivedPath, message: Message): string => {
  const [field] = fieldsNamed(message, 'return-path');
  const [newest] = believed;
  const missing =
    field === undefined
      ? 'the message has no Return-Path'
      : newest !== undefined && field.index > newest.field.index
        ? 'its Return-Path is below the Received fields of the own hosts, where the sender can have written it'
        : 'its Return-Path cannot be read';
  return `MAIL FROM could not be derived, so SPF of it is none: ${missing}, and no Received field of an own host tells it`;
};

/**
 * Return-Path is put on top at final delivery (RFC 5321 section 4.4); one below the newest Received
 * field of an own host came with the message, and is the sender's own.
 */
const returnPathAbove = (message: Message, newest: HeaderField | undefined): string | null => {
  const [field] = fieldsNamed(message, 'return-path');
  if (field === undefined || newest === undefined || field.index > newest.index) return null;
  return /^<(.*)>$/s.exec(field.value())?.[1] ?? null;
};

/**
 * MAIL FROM as the field that took the message in tells it, else as the newer fields of own hosts
 * do, else by Return-Path.
 */
const readMailFrom = ({ believed }: ReceivedPath, message: Message): string | null =>
  believed.toReversed().find(({ received }) => received.envelopeFrom !== null)?.received.envelopeFrom ??
  returnPathAbove(message, believed[0]?.field);

/** A fact that does not fit its schema is left out: unknown is better than wrong. */
const readFacts = (path: ReceivedPath, received: Received, message: Message): SmtpFacts => {
  // A client inside is not the one that SPF is about.
  const isFromOutside = path.inside === null;
  const candidates: { [Name in keyof SmtpFacts]?: unknown } = {
    clientIp: isFromOutside && received.fromIp !== null && isIP(received.fromIp) > 0 ? received.fromIp : undefined,
    clientName: isFromOutside ? (received.fromName ?? undefined) : undefined,
    helo: received.fromHelo ?? undefined,
    mailFrom: readMailFrom(path, message) ?? undefined,
    protocol: received.with ?? undefined,
    tls: received.tls ?? undefined,
    auth: received.authIdentity === null ? undefined : { identity: received.authIdentity },
    queueId: received.id ?? undefined,
  };
  const facts = Object.entries(candidates).flatMap(([name, value]) => {
    const parsed = SmtpFacts.shape[name as keyof SmtpFacts].safeParse(value);
    return value !== undefined && parsed.success ? [[name, parsed.data] as const] : [];
  });
  return Object.fromEntries(facts);
};

type BelievedResults = {
  readonly believed: Derived['authenticationResults'];
  readonly findings: readonly Finding[];
};

/**
 * Version of the field and of each method that is read here; RFC 8601 section 2.2: no version means
 * this one.
 */
const KNOWN_VERSION = 1;

const believedResults = (message: Message, trusted: readonly string[]): BelievedResults => {
  const wanted = new Set(trusted.map(comparableName));
  const seen = new Set<string>();
  const believed: Derived['authenticationResults'] = [];
  const findings: Finding[] = [];
  const ignore = (what: string) =>
    findings.push(
      finding(
        'unknown-results-version',
        `${what}; only version 1 is known here, so nothing was taken from it`,
        'derived.authenticationResults',
      ),
    );
  for (const field of fieldsNamed(message, 'authentication-results')) {
    const read = readAuthenticationResults(field.value());
    if (read.kind === 'malformed') continue;
    const name = comparableName(read.authservId);
    if (!wanted.has(name) || seen.has(name)) continue;
    // Seen even when nothing is taken from it: the next field of that name may be the one that the
    // sender brought.
    seen.add(name);
    if (read.version !== KNOWN_VERSION) {
      ignore(`the Authentication-Results of ${read.authservId} has version ${read.version}`);
      continue;
    }
    const ofOtherVersions = read.results.filter(({ version = KNOWN_VERSION }) => version !== KNOWN_VERSION);
    const [other] = ofOtherVersions;
    if (other !== undefined)
      ignore(
        `${ofOtherVersions.length} results of ${read.authservId} have a method of another version (${other.method}/${other.version})`,
      );
    believed.push(
      ...read.results
        .filter(({ version = KNOWN_VERSION }) => version === KNOWN_VERSION)
        .slice(0, MAX_RESULTS - believed.length)
        .map(({ method, result, properties }) => ({
          authservId: read.authservId,
          method,
          result,
          properties: Object.fromEntries([...properties].map(([key, value]) => [key, value.slice(0, MAX_CHARACTERS)])),
        })),
    );
  }
  return { believed, findings };
};
