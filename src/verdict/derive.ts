/**
 * Transport facts of a message that was already delivered, taken from the Received field that the caller's own MX wrote (RFC 5321 section 4.4), and results that a trusted
 * authserv-id wrote (RFC 8601 section 5). Only the topmost field of a trusted name counts: what stands below it came from outside. Facts that were given are never replaced.
 */
import { isIP } from 'node:net';
import { SmtpFacts } from '../../schemas/smtp.ts';
import type { Derived } from '../../schemas/verdict.ts';
import { readAuthenticationResults } from '../message/authentication-results.ts';
import { fieldsNamed, type HeaderField, type Message } from '../message/message.ts';
import { type Received, readReceived } from '../message/received.ts';

const MAX_RESULTS = 50;
const MAX_CHARACTERS = 998;

/** What the caller trusts. */
export type Trust = { trustReceived?: string | undefined; trustedAuthservIds?: readonly string[] | undefined };

/** The facts to judge by, and which of them were derived; null when nothing was asked for. */
export const deriveFacts = (
  message: Message,
  given: SmtpFacts,
  trust: Trust,
): { facts: SmtpFacts; derived: Derived | null } => {
  const { trustReceived, trustedAuthservIds } = trust;
  if (trustReceived === undefined && trustedAuthservIds === undefined) return { facts: given, derived: null };
  const source = trustReceived === undefined ? null : findReceived(message, trustReceived);
  const read = source === null ? {} : readFacts(source.received, returnPathAbove(message, source.field));
  const added = Object.fromEntries(
    Object.entries(read).filter(([name]) => given[name as keyof SmtpFacts] === undefined),
  );
  return {
    facts: { ...added, ...given },
    derived: {
      ...(trustReceived !== undefined && { trustReceived }),
      ...(trustedAuthservIds !== undefined && { trustedAuthservIds: [...trustedAuthservIds] }),
      facts: Object.keys(added).sort(),
      from: source === null ? null : `Received field ${source.position} from the top, by ${source.received.by}`,
      authenticationResults: believedResults(message, trustedAuthservIds ?? []),
    },
  };
};

/** The topmost Received field written by the named server. */
const findReceived = (message: Message, name: string) => {
  const wanted = sameName(name);
  for (const [index, field] of fieldsNamed(message, 'received').entries()) {
    const received = readReceived(field.value());
    // A HELO name such as "x;" can hide who wrote a field. Looking further down would then believe one that the client made up.
    if (received.ambiguous) return null;
    if (received.by !== null && sameName(received.by) === wanted) return { field, received, position: index + 1 };
  }
  return null;
};

const sameName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** Return-Path is put on top at final delivery (RFC 5321 section 4.4); one below the trusted Received field is the sender's own. */
const returnPathAbove = (message: Message, received: HeaderField): string | null => {
  const [field] = fieldsNamed(message, 'return-path');
  if (field === undefined || field.index > received.index) return null;
  return /^<(.*)>$/s.exec(field.value())?.[1] ?? null;
};

/** A fact that does not fit its schema is left out: unknown is better than wrong. */
const readFacts = (received: Received, returnPath: string | null): SmtpFacts => {
  const candidates: { [Name in keyof SmtpFacts]?: unknown } = {
    clientIp: received.fromIp === null || isIP(received.fromIp) === 0 ? undefined : received.fromIp,
    clientName: received.fromName ?? undefined,
    helo: received.fromHelo ?? undefined,
    mailFrom: received.envelopeFrom ?? returnPath ?? undefined,
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

const believedResults = (message: Message, trusted: readonly string[]): Derived['authenticationResults'] => {
  const wanted = new Set(trusted.map(sameName));
  const seen = new Set<string>();
  return fieldsNamed(message, 'authentication-results')
    .flatMap((field) => {
      const read = readAuthenticationResults(field.value());
      if (read.kind === 'malformed') return [];
      const name = sameName(read.authservId);
      if (!wanted.has(name) || seen.has(name)) return [];
      seen.add(name);
      return read.results.map(({ method, result, properties }) => ({
        authservId: read.authservId,
        method,
        result,
        properties: Object.fromEntries([...properties].map(([key, value]) => [key, value.slice(0, MAX_CHARACTERS)])),
      }));
    })
    .slice(0, MAX_RESULTS);
};
