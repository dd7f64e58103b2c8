/**
 * Requests of the Postfix policy protocol: lines `name=value`, ended by an empty line, many on one
 * connection. Pure. Unknown attributes are ignored, as the protocol asks; a request that passes the
 * limits is a fault for good. Follows SMTPD_POLICY_README of Postfix.
 */
import { isIP } from 'node:net';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Memory } from '../../message/memory.ts';
import { Unread } from '../connections/unread.ts';
import type { Daemon } from '../enforcement.ts';
import { identityOf, shownText } from '../smtp-text.ts';

/** Octets of one request, and its lines. Postfix sends about 1 kB in 35 lines. */
const MAX_REQUEST_BYTES = 65_536;
const MAX_LINES = 200;

const MAX_LENGTH = 1000;
const MAX_NAME_LENGTH = 255;

/** One request: attributes by name, one code unit for each octet. */
export type PolicyRequest = ReadonlyMap<string, string>;

/** Why a connection cannot go on. */
type PolicyFault = 'request-too-large' | 'malformed-request' | 'service-full';

/** Cuts a stream into requests. */
type PolicyReader = {
  push(chunk: Buffer): void;
  /** The next whole request, a fault (for good), or undefined until more comes. */
  next(): PolicyRequest | PolicyFault | undefined;
  /** Forgets everything and gives its memory back. */
  end(): void;
};

/** Makes a reader for one connection. @param memory account of the octets in memory */
export const createPolicyReader = (memory: Memory): PolicyReader => {
  const unread = new Unread(memory);
  let searched = 0;
  let fault: PolicyFault | null = null;

  const fail = (why: PolicyFault): PolicyFault => {
    unread.clear();
    fault = why;
    return why;
  };

  return {
    push: (chunk) => {
      if (fault === null && !unread.push(chunk)) fail('service-full');
    },
    next: () => {
      if (fault !== null) return fault;
      const { octets } = unread;
      const end = octets.indexOf('\n\n', searched);
      if ((end === -1 ? octets.length : end) > MAX_REQUEST_BYTES) return fail('request-too-large');
      if (octets[0] === LF) return fail('malformed-request');
      if (end === -1) {
        // The line end at the very end may be the first half of the empty line.
        searched = Math.max(0, octets.length - 1);
        return undefined;
      }
      const request = readRequest(octets.toString('latin1', 0, end));
      unread.skip(end + 2);
      searched = 0;
      return request ?? fail('malformed-request');
    },
    end: () => unread.clear(),
  };
};

const LF = 0x0a;

const readRequest = (text: string): PolicyRequest | null => {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) return null;
  const attributes = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals < 1) return null;
    attributes.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return attributes;
};

/** True for a request at a stage that has an envelope to check. */
export const hasEnvelope = (request: PolicyRequest): boolean =>
  request.get('request') === 'smtpd_access_policy' &&
  ['MAIL', 'RCPT', 'DATA', 'END-OF-MESSAGE'].includes(request.get('protocol_state') ?? '');

/** The transport facts of a request. @param authservId goes into `receiver` */
export const factsOfRequest = (request: PolicyRequest, authservId: string): SmtpFacts => {
  const shown = (name: string, maxLength: number): string | undefined =>
    shownText(request.get(name) ?? '', maxLength) || undefined;
  const identity = (name: string): string | undefined => identityOf(request.get(name) ?? '', MAX_LENGTH);
  const clientIp = request.get('client_address');
  const clientName = shown('client_name', MAX_NAME_LENGTH);
  const helo = identity('helo_name') || undefined;
  const mailFrom = identity('sender');
  const recipient = request.get('recipient') ? (identity('recipient') ?? '') : undefined;
  const isAuthenticated = (request.get('sasl_username') ?? '') !== '';
  const user = identity('sasl_username');
  const mechanism = shown('sasl_method', 64);
  const queueId = shown('queue_id', MAX_NAME_LENGTH);
  return {
    ...(clientIp !== undefined && isIP(clientIp) !== 0 && { clientIp }),
    ...(clientName !== undefined && clientName !== 'unknown' && { clientName }),
    ...(helo !== undefined && { helo }),
    ...(mailFrom !== undefined && { mailFrom }),
    ...(recipient !== undefined && { rcptTo: [recipient] }),
    ...(isAuthenticated && {
      auth: { ...(user !== undefined && { identity: user }), ...(mechanism !== undefined && { mechanism }) },
    }),
    ...(queueId !== undefined && { queueId }),
    receiver: authservId,
  };
};

/** The listener that a request came through. */
export const daemonOfRequest = (request: PolicyRequest): Daemon => ({ port: request.get('server_port') });
