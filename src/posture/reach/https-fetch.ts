/**
 * The one dialler for HTTPS: addresses come from our own resolver, only allowed ones are connected
 * to, and the address that was checked is the one that is dialled, at the first request and after
 * each redirect. Size, time, type and number of redirects are bounded; the certificate is checked
 * by node:tls. Never uses the system's resolver, a proxy, a cookie or a cache. RFC 8461 section 3.3
 * (no redirects there), RFC 9110.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { CertificateFacts } from '../../../schemas/posture/mail.ts';
import type { DnsFailure } from '../../../schemas/posture/state.ts';
import { type Ask, askAddresses, noAnswer } from '../ask.ts';
import { readDomain } from '../domain.ts';
import { certificateFacts } from './certificate.ts';

/** Limits of one fetch. */
export type FetchLimits = {
  /** Largest body in bytes; a larger one is refused, not cut. */
  readonly maxBytes: number;
  /** Redirects followed. */
  readonly maxRedirects: number;
  /** For all of it, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  /** Media types taken, in lower case. */
  readonly types: readonly string[];
};

/** Outcome of a fetch. A closed union; nothing is thrown. */
export type Fetched =
  | { readonly kind: 'fetched'; readonly body: Buffer; readonly certificate: CertificateFacts | null }
  | { readonly kind: 'dns-failure'; readonly failure: DnsFailure; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly code:
        | 'bad-url'
        | 'no-address'
        | 'not-public'
        | 'unreachable'
        | 'timeout'
        | 'certificate'
        | 'status'
        | 'redirect'
        | 'type'
        | 'too-large';
      /** One plain clause. */
      readonly reason: string;
    };

/** Fetches one document. @param ask asks for addresses, within the budget of the assessment */
export type HttpsFetch = (url: string, ask: Ask, limits: FetchLimits) => Promise<Fetched>;

/** What the dialler is made of. */
type HttpsFetchDependencies = {
  /** Which addresses may be connected to; `isPublicAddress` in service. */
  readonly isAllowed: (address: string) => boolean;
  /** Authorities in PEM instead of those of node. */
  readonly authorities?: readonly string[];
  /** Port that is dialled; URLs never name another one than 443. @default 443 */
  readonly port?: number;
  /** Milliseconds since the epoch, for the days that a certificate has left. */
  readonly nowMs: () => number;
};

const HTTPS_PORT = 443;
/** Addresses of one host that are tried, IPv4 first. */
const MAX_ADDRESSES = 4;
const MAX_HEADER_BYTES = 16_384;

type Failed = Extract<Fetched, { kind: 'failed' }>;
type Once = Fetched | { readonly kind: 'moved'; readonly location: string };

const failed = (code: Failed['code'], reason: string): Failed => ({ kind: 'failed', code, reason });

/** Makes the dialler. */
export const createHttpsFetch =
  (dependencies: HttpsFetchDependencies): HttpsFetch =>
  async (url, ask, limits) => {
    const run = { ask, limits, dependencies, signal: AbortSignal.timeout(limits.timeoutMs) };
    let current = url;
    for (let redirects = 0; ; redirects += 1) {
      const outcome = await fetchOnce(current, run);
      if (outcome.kind !== 'moved') return outcome;
      if (redirects >= limits.maxRedirects)
        return failed(
          'redirect',
          limits.maxRedirects === 0
            ? 'the server redirects, which is not allowed here'
            : 'the server redirects too often',
        );
      const next = URL.parse(outcome.location, current);
      if (next === null) return failed('redirect', 'the server redirects to what is no address');
      current = next.href;
    }
  };

/** What one fetch holds from its first URL to its document. */
type FetchRun = {
  readonly ask: Ask;
  readonly limits: FetchLimits;
  readonly dependencies: HttpsFetchDependencies;
  /** Aborts at the deadline. */
  readonly signal: AbortSignal;
};

const fetchOnce = async (url: string, run: FetchRun): Promise<Once> => {
  const { ask, dependencies, signal } = run;
  const target = URL.parse(url);
  if (target?.protocol !== 'https:') return failed('bad-url', 'the address is no https URL');
  if (target.port !== '' && target.port !== String(HTTPS_PORT))
    return failed('bad-url', 'the address names a port other than 443');
  if (target.username !== '' || target.password !== '') return failed('bad-url', 'the address holds a user name');
  const host = readDomain(target.hostname);
  if (host.kind === 'fault') return failed('bad-url', 'the address names no host by a domain name');
  const found = await askAddresses(ask, host.domain.ascii);
  if (found.kind === 'dns-failure') return { ...found, reason: `${noAnswer(found.failure)} for ${host.domain.ascii}` };
  if (found.kind === 'absent') return failed('no-address', `${host.domain.ascii} has no address`);
  const allowed = found.values.filter(dependencies.isAllowed);
  if (allowed.length === 0) return failed('not-public', `${host.domain.ascii} has no public address`);
  let last: Once = failed('unreachable', 'no address was tried');
  for (const address of allowed.slice(0, MAX_ADDRESSES)) {
    last = signal.aborted
      ? failed('timeout', 'the server took too long')
      : await dial(address, host.domain.ascii, target, run);
    if (last.kind !== 'failed' || last.code !== 'unreachable') return last;
  }
  return last;
};

const dial = (address: string, host: string, target: URL, { limits, dependencies, signal }: FetchRun): Promise<Once> =>
  new Promise((resolve) => {
    const outgoing = request({
      host: address,
      servername: host,
      port: dependencies.port ?? HTTPS_PORT,
      path: `${target.pathname}${target.search}`,
      method: 'GET',
      headers: { host, accept: limits.types.join(', '), 'accept-encoding': 'identity', 'user-agent': 'mailverdict' },
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      minVersion: 'TLSv1.2',
      signal,
      ...(dependencies.authorities !== undefined && { ca: [...dependencies.authorities] }),
    });
    const settle = (outcome: Once): void => {
      resolve(outcome);
      outgoing.destroy();
    };
    // Every way the socket can end settles the promise: an answer, an error, another protocol, its
    // close, and the deadline, which `signal` brings as an error or as the close.
    outgoing.once('upgrade', (response, socket) => {
      socket.destroy();
      settle(failed('status', `the server answers with status ${response.statusCode ?? 0}`));
    });
    outgoing.once('close', () => settle(connectionFailure(new Error('closed'), signal)));
    outgoing.once('error', (error: NodeJS.ErrnoException) => settle(connectionFailure(error, signal)));
    outgoing.once('response', (response) => {
      const certificate = certificateFacts(
        (response.socket as TLSSocket).getPeerX509Certificate(),
        dependencies.nowMs(),
      );
      response.once('error', (error: NodeJS.ErrnoException) => settle(connectionFailure(error, signal)));
      void readResponse(response, limits, certificate).then(settle, (error) =>
        settle(connectionFailure(error, signal)),
      );
    });
    outgoing.end();
  });

const readResponse = async (
  response: IncomingMessage,
  limits: FetchLimits,
  certificate: CertificateFacts | null,
): Promise<Once> => {
  const status = response.statusCode ?? 0;
  const { location } = response.headers;
  if (status >= 300 && status < 400 && location !== undefined) return { kind: 'moved', location };
  if (status !== 200) return failed('status', `the server answers with status ${status}`);
  const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!limits.types.includes(type))
    return failed(
      'type',
      `the media type is ${type === '' ? 'missing' : `"${type.slice(0, 60).replace(/[^\x21-\x7e]/g, '?')}"`}, not ${limits.types.join(' or ')}`,
    );
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.maxBytes) return failed('too-large', `the document has more than ${limits.maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) return failed('unreachable', 'the connection closed before the end of the document');
  return { kind: 'fetched', body: Buffer.concat(chunks), certificate };
};

/** OpenSSL's and node's words for a certificate that is not accepted. */
const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate leads to an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate leads to an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate leads to an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chain is incomplete or leads to an unknown authority',
};

/** What a TLS error says of the certificate, or null where it is about something else. */
export const certificateFault = (code: string | undefined): string | null =>
  code === undefined || !Object.hasOwn(CERTIFICATE_REASONS, code)
    ? /^(?:CERT_|ERR_TLS_CERT)/.test(code ?? '')
      ? 'the certificate is not valid'
      : null
    : (CERTIFICATE_REASONS[code] ?? null);

const connectionFailure = (error: NodeJS.ErrnoException, signal: AbortSignal): Failed => {
  if (signal.aborted) return failed('timeout', 'the server took too long');
  const certificate = certificateFault(error.code);
  if (certificate !== null) return failed('certificate', certificate);
  if (error.code === 'HPE_HEADER_OVERFLOW') return failed('too-large', 'the header of the answer is too large');
  if (error.code?.startsWith('ERR_SSL_') || error.code === 'EPROTO')
    return failed('unreachable', 'TLS could not be agreed on');
  return failed(
    'unreachable',
    error.code === 'ECONNREFUSED' ? 'the server refuses connections' : 'the server cannot be reached',
  );
};
