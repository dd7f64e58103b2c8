/**
 * Who may ask, and how often. Every request is counted under its key, or under its address when it
 * has none; the limit comes before the key is asked for, so that guessing is limited too. Answers
 * 401, 403, 421 and 429 as problem documents; never tells whether a key of that name exists. RFC
 * 6750 (Bearer).
 */
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import helmet from 'helmet';
import { type AccessSettings, isLoopbackHost } from '../../schemas/settings/access.ts';
import { type ApiKey, findKey, type KeyRole } from './api-keys.ts';
import { guardFromPages, type HostSettings } from './browsers.ts';
import { type ClientAddress, clientNetwork } from './client-address.ts';
import { KEY_SCHEMES, problemResponses } from './openapi/openapi.ts';
import { RequestProblem } from './problem.ts';

/** What access depends on. */
export type Access = {
  /** The keys as they are now; null: the service has none and asks for none. */
  keys: () => readonly ApiKey[] | null;
  settings: Pick<
    AccessSettings,
    | 'allowAnonymous'
    | 'metricsAnonymous'
    | 'trustProxy'
    | 'rateLimitPerKey'
    | 'rateLimitPerAddress'
    | 'rateLimitSeconds'
  > &
    HostSettings;
  /** Whether the service speaks HTTPS itself. */
  isTls: boolean;
  /** Keys and addresses counted at one time. @default MAX_COUNTED_CALLERS */
  maxCountedCallers?: number;
};

/**
 * Beyond it the caller not seen for longest is forgotten and begins anew. Who has as many addresses
 * gets past a limit for each address anyway.
 */
const MAX_COUNTED_CALLERS = 10_000;

/** Who asks. */
type Caller = { kind: 'key'; name: string; role: KeyRole } | { kind: 'anonymous' } | { kind: 'wrong-key' };

type CallerOf = (request: FastifyRequest) => Caller;

/**
 * Asked every few seconds by whatever watches the service, or thirty at a time by whoever opens the
 * page; they cost nothing.
 */
const UNCOUNTED: ReadonlySet<string | undefined> = new Set([
  '/healthz',
  '/readyz',
  '/page/:name',
  '/page/:name/:file',
  '/examples.json',
]);

/** The guards of routes, for the scopes they stand in. */
export type Guards = {
  /** Routes of a scope need a key, where the service has keys. */
  requireKey: (scope: FastifyInstance) => void;
  /**
   * Routes of a scope need an operator's key or, where the service has no keys, a client on this
   * machine.
   */
  requireOperator: (scope: FastifyInstance) => void;
  /** The same for the gauges, which METRICS_ANONYMOUS opens. */
  requireMetricsReader: (scope: FastifyInstance) => void;
};

/**
 * Installs security headers, the counting of requests and the recognition of callers on the whole
 * app.
 */
export const guardAccess = async (
  app: FastifyInstance,
  access: Access,
  clientAddress: ClientAddress,
): Promise<Guards> => {
  const { settings } = access;
  const headers = securityHeaders(access.isTls);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  // Before the count: a stranger's page must not use up the requests of whoever looks at it.
  guardFromPages(app, settings);
  const callers = new WeakMap<FastifyRequest, Caller>();
  const callerOf = (request: FastifyRequest): Caller => callers.get(request) ?? { kind: 'anonymous' };
  await registerRateLimit(app, access, callerOf, clientAddress);
  app.addHook('onRequest', (request, _reply, done) => {
    callers.set(request, recognize(request, access.keys() ?? []));
    done();
  });
  app.addHook('onRequest', app.rateLimit());
  return createGuards(access, callerOf);
};

/** Counts requests under the key of their caller, or under its address. */
const registerRateLimit = async (
  app: FastifyInstance,
  { settings, maxCountedCallers = MAX_COUNTED_CALLERS }: Access,
  callerOf: CallerOf,
  clientAddress: ClientAddress,
): Promise<void> => {
  const limitOf = (request: FastifyRequest): number =>
    callerOf(request).kind === 'key' ? settings.rateLimitPerKey : settings.rateLimitPerAddress;
  await app.register(fastifyRateLimit, {
    global: false,
    enableDraftSpec: true,
    timeWindow: settings.rateLimitSeconds * 1000,
    cache: maxCountedCallers,
    keyGenerator: (request) => {
      const caller = callerOf(request);
      return caller.kind === 'key' ? `key ${caller.name}` : `address ${clientNetwork(clientAddress(request.raw))}`;
    },
    max: limitOf,
    allowList: (request) => UNCOUNTED.has(request.routeOptions.url) || limitOf(request) === 0,
    errorResponseBuilder: (_request, { after }) =>
      new RequestProblem('too-many-requests', `the limit of requests is reached; try again in ${after}`),
  });
};

const createGuards = ({ settings, keys }: Access, callerOf: CallerOf): Guards => {
  const refuseUnknown = (request: FastifyRequest, reply: FastifyReply): void => {
    const caller = callerOf(request);
    switch (caller.kind) {
      case 'key':
        return;
      case 'wrong-key':
        throw unauthorized(reply, 'this key is not known here', ', error="invalid_token"');
      case 'anonymous':
        if (keys() !== null) {
          throw unauthorized(reply, 'send a key as "Authorization: Bearer …" or as "X-API-Key: …"', '');
        }
        return;
      default:
        caller satisfies never;
    }
  };

  const requireOperator = (scope: FastifyInstance, isOpen: boolean): void => {
    describeGuard(scope, 401, 403, 429);
    scope.addHook('onRequest', (request, reply, done) => {
      const caller = callerOf(request);
      // With keys even this machine needs one: a proxy here that adds no header would open these
      // routes to the world.
      const mayBeAnonymous = isOpen || (keys() === null && isLocal(request.raw));
      if (caller.kind !== 'anonymous' || !mayBeAnonymous) refuseUnknown(request, reply);
      if (caller.kind === 'anonymous' && !mayBeAnonymous)
        throw new RequestProblem('forbidden', 'this address answers to a client on the same machine only');
      if (caller.kind === 'key' && caller.role !== 'operator' && !isOpen)
        throw new RequestProblem('forbidden', "this address answers to an operator's key only");
      done();
    });
  };

  return {
    requireKey: (scope) => {
      describeGuard(scope, 401, 429);
      scope.addHook('onRequest', (request, reply, done) => {
        if (callerOf(request).kind !== 'anonymous' || !settings.allowAnonymous) refuseUnknown(request, reply);
        done();
      });
    },
    requireOperator: (scope) => requireOperator(scope, false),
    requireMetricsReader: (scope) => requireOperator(scope, settings.metricsAnonymous),
  };
};

/**
 * The headers of answers that are data, made once. The page and the API reference set their own
 * policy, which is then kept.
 */
const securityHeaders = (isTls: boolean): OutgoingHttpHeaders => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: isTls,
  })(response.req, response, () => {});
  return response.getHeaders();
};

/**
 * Tells the API description what a guard may answer, and that a key is sent as one of the two
 * schemes, or not at all where the service has none.
 */
const describeGuard = (scope: FastifyInstance, ...statuses: number[]): void => {
  scope.addHook('onRoute', ({ schema }) => {
    if (schema === undefined) return;
    schema.security = [...Object.keys(KEY_SCHEMES).map((scheme) => ({ [scheme]: [] })), {}];
    schema.response = { ...problemResponses(...statuses), ...(schema.response as object | undefined) };
  });
};

const recognize = (request: FastifyRequest, keys: readonly ApiKey[]): Caller => {
  const { authorization, 'x-api-key': header } = request.headers;
  const presented = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? (Array.isArray(header) ? header[0] : header);
  if (presented === undefined) return { kind: 'anonymous' };
  const key = findKey(keys, presented);
  return key === null ? { kind: 'wrong-key' } : { kind: 'key', name: key.name, role: key.role };
};

/** Headers that proxies add beside those that begin with x-forwarded. */
const PROXY_HEADERS: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'cdn-loop',
]);

/**
 * A client on this machine without a proxy in between: what a proxy passes on, trusted or not,
 * comes from a stranger.
 */
const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  isLoopbackHost(socket.remoteAddress ?? '') &&
  Object.keys(headers).every((name) => !PROXY_HEADERS.has(name) && !name.startsWith('x-forwarded'));

const unauthorized = (reply: FastifyReply, detail: string, parameter: string): RequestProblem => {
  void reply.header('www-authenticate', `Bearer realm="mailverdict"${parameter}`);
  return new RequestProblem('unauthorized', detail);
};

/** Access of a service that has no keys and counts nothing. */
export const OPEN_ACCESS: Access = {
  keys: () => null,
  settings: {
    allowAnonymous: true,
    metricsAnonymous: false,
    trustProxy: [],
    rateLimitPerKey: 0,
    rateLimitPerAddress: 0,
    rateLimitSeconds: 60,
    host: '::',
    allowedHosts: [],
  },
  isTls: false,
};
