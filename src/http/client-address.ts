/**
 * The address of a client: the peer of the connection, or what a trusted proxy (TRUST_PROXY) says
 * in X-Forwarded-For. A port there is cut, or a client would be a new one with each connection.
 * Text that is no address names nobody: the proxy that passed it on is the client. Resolves no
 * name.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import fastifyRateLimit from '@fastify/rate-limit';
import { type Networks, networksOf } from '../ip/networks.ts';

/** Reads the address of the client of a request; empty when the connection has ended. */
export type ClientAddress = (request: IncomingMessage) => string;

/** The words of TRUST_PROXY as networks. */
const PROXY_WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
/** A site has at least a /64 to itself, so one client has all of its addresses. */
const SITE_BITS = 64;

/**
 * TRUST_PROXY as a question.
 * @param entries addresses, networks and words, already checked by the settings
 */
export const proxiesOf = (entries: readonly string[]): Networks =>
  networksOf(entries.flatMap((entry) => PROXY_WORDS[entry] ?? [entry]));

/**
 * The name under which a client is counted: its IPv4 address, or the network of its IPv6 address.
 * @param ipv6Bits 32 to 128 @default ipv6Bits 64
 */
export const clientNetwork = (address: string, ipv6Bits: number = SITE_BITS): string =>
  fastifyRateLimit.normalizeIP(address, ipv6Bits);

/** Makes the reader. @param proxies TRUST_PROXY */
export const createClientAddress = (proxies: readonly string[]): ClientAddress => {
  const isProxy = proxiesOf(proxies);
  return ({ socket, headers }) => {
    let address = socket.remoteAddress ?? '';
    if (!isProxy(address)) return address;
    // Each proxy adds at the end the address that it saw: whatever comes before the first untrusted
    // one is hearsay.
    for (const entry of String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .reverse()) {
      const text = entry.trim();
      if (text === '') continue;
      const named = withoutPort(text);
      if (named === null) break;
      address = named;
      if (!isProxy(address)) break;
    }
    return address;
  };
};

/**
 * Reads `192.0.2.1`, `192.0.2.1:1001`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:443`.
 * @returns null for anything else, a zone (`%eth0`) included
 */
const withoutPort = (text: string): string | null => {
  if (text.includes('%')) return null;
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : null;
  const address = isIP(text) === 6 ? text : text.replace(/:\d{1,5}$/, '');
  return isIP(address) === 0 ? null : address;
};
