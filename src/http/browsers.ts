/**
 * Guards against strangers' pages in a browser that reaches this service. A name of theirs that
 * resolves to our address (DNS rebinding) makes our answers theirs to read: such a request is
 * refused for its Host. A request that their page sends to us is refused for its Origin or
 * Sec-Fetch-Site, where it could change something. Programs send neither of the two.
 */
import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type AccessSettings, isLoopbackHost } from '../../schemas/settings/access.ts';
import { clientNetwork } from './client-address.ts';
import { problemResponses } from './openapi/openapi.ts';
import { RequestProblem } from './problem.ts';

/** By what names the service is asked for. */
export type HostSettings = Pick<AccessSettings, 'allowedHosts'> & { /** Address that is listened on. */ host: string };

/** Methods that change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Puts the guards on every route of the app. */
export const guardFromPages = (app: FastifyInstance, { host, allowedHosts }: HostSettings): void => {
  const listed = new Set([host, ...allowedHosts].map(hostName));
  const isChecked = isLoopbackHost(host) || allowedHosts.length > 0;
  const isOurs = (name: string): boolean => isLoopbackHost(name) || listed.has(name);

  app.addHook('onRoute', ({ schema, method }) => {
    if (schema === undefined) return;
    const isSafe = [method].flat().every((one) => SAFE_METHODS.has(one));
    schema.response = {
      ...problemResponses(...(isSafe ? [421] : [403, 421])),
      ...(schema.response as object | undefined),
    };
  });
  app.addHook('onRequest', ({ headers, method }, _reply, done) => {
    // Every browser sends a Host; the health check of a balancer (HTTP/1.0) may not.
    if (isChecked && headers.host !== undefined && !isOurs(hostName(headers.host)))
      throw new RequestProblem('misdirected-request', 'the name in Host is none of this service');
    if (
      !SAFE_METHODS.has(method) &&
      (headers['sec-fetch-site'] === 'cross-site' || isForeign(headers.origin, headers.host, listed))
    )
      throw new RequestProblem('forbidden', 'the page that sends this request belongs to another site');
    done();
  });
};

/**
 * The name or address of a Host field without its port, in one spelling.
 * @returns the text as it is where it cannot be a Host
 */
const hostName = (text: string): string => {
  const lower = text.toLowerCase();
  const bare =
    isIP(lower) === 6 ? lower : /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{0,5})?$/.exec(lower)?.slice(1).join('');
  if (bare === undefined) return lower;
  return isIP(bare) === 6 ? clientNetwork(bare, 128) : bare.replace(/\.$/, '');
};

/**
 * Whether a request comes from a page of another origin than the one it is sent to.
 * @param listed hosts whose pages are ours too
 */
const isForeign = (origin: string | undefined, host: string | undefined, listed: ReadonlySet<string>): boolean => {
  if (origin === undefined) return false;
  const page = URL.parse(origin);
  if (page === null || page.hostname === '') return true;
  // The scheme is that of the page: a proxy may speak TLS for us, and the URL leaves out its usual
  // port.
  return page.host !== URL.parse(`${page.protocol}//${host ?? ''}`)?.host && !listed.has(hostName(page.hostname));
};
