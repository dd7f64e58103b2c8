/**
 * Transport facts of a message that was already delivered, taken from the Received field that the
 * caller's own hosts wrote when they took the message in (RFC 5321 section 4.4), and the results
 * that trusted servers wrote above that field. Facts that were given are never replaced, and a
 * client inside is never reported as the one that brought the message in.
 */
import { isIP } from 'node:net';
import type { Finding } from '../../../schemas/finding.ts';
import { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Derived } from '../../../schemas/verdict.ts';
import { fieldsNamed, type HeaderField, type Message } from '../../message/message.ts';
import { type Received, readReceived } from '../../message/received.ts';
import { finding } from '../findings/finding.ts';
import { comparableName, readOwnHosts } from './own-hosts.ts';
import { type ReceivedPath, walkReceived } from './received-path.ts';
import { type Boundary, NO_RESULTS, readTrustedResults, type TrustedResults } from './trusted-results.ts';

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
  readonly trusted: TrustedResults;
  readonly findings: readonly Finding[];
};

/** Reads what was asked for out of the message. Never throws. */
export const deriveFacts = (message: Message, given: SmtpFacts, trust: Trust): DerivedFacts => {
  const { trustedAuthservIds } = trust;
  const trustReceived = typeof trust.trustReceived === 'string' ? [trust.trustReceived] : trust.trustReceived;
  if (trustReceived === undefined && trustedAuthservIds === undefined)
    return { facts: given, derived: null, clientUnknown: null, trusted: NO_RESULTS, findings: [] };
  const path = trustReceived === undefined ? null : walkReceived(message, readOwnHosts(trustReceived));
  const taken = path?.believed.at(-1) ?? null;
  const read = path === null || taken === null ? {} : readFacts(path, taken.received, message);
  const added = Object.fromEntries(
    Object.entries(read).filter(([name]) => given[name as keyof SmtpFacts] === undefined),
  );
  const trusted =
    trustedAuthservIds === undefined
      ? NO_RESULTS
      : readTrustedResults(message, trustedAuthservIds, boundaryOf(message, path, trustedAuthservIds));
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
      authenticationResults: trusted.listed,
    },
    clientUnknown: facts.clientIp === undefined && path !== null && path.inside !== null ? insideSentence(path) : null,
    trusted,
    findings: [
      ...(path === null ? [] : pathFindings(path, facts, message)),
      ...trusted.doubts.map(({ code, text }) => finding(code, text, 'derived.authenticationResults')),
    ],
  };
};

/**
 * The Received field by which the message came in: with `trustReceived` the one that the walk ended
 * at; without it the newest one, when the server that wrote it has a trusted authserv-id as its
 * name or above it.
 */
const boundaryOf = (message: Message, path: ReceivedPath | null, trusted: readonly string[]): Boundary | null => {
  if (path !== null) {
    const taken = path.believed.at(-1);
    return taken === undefined ? null : { fieldIndex: taken.field.index, dateMs: taken.received.dateMs };
  }
  const [newest] = fieldsNamed(message, 'received');
  if (newest === undefined) return null;
  const { by, dateMs, ambiguous } = readReceived(newest.value());
  if (by === null || ambiguous) return null;
  const host = comparableName(by);
  const isOwn = trusted.map(comparableName).some((id) => host === id || host.endsWith(`.${id}`));
  return isOwn ? { fieldIndex: newest.index, dateMs } : null;
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
