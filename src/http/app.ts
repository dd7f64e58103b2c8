/**
 * The REST face: a fastify app with its routes, its error documents and its API reference. Listens
 * to nothing by itself; is handed the functions it serves, so that a test can drive it without a
 * socket.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Workers } from '../../schemas/health.ts';
import type { Samples } from '../../schemas/samples.ts';
import type { HttpSettings } from '../../schemas/settings/http.ts';
import { createMemory, type Memory } from '../message/memory.ts';
import type { TellQuiet } from '../pipeline/connections/listener-end.ts';
import type { Log } from '../telemetry/log.ts';
import type { ReplayVerdict } from '../verdict/replay.ts';
import type { Verify } from '../verdict/verify.ts';
import { type Access, type Guards, guardAccess, OPEN_ACCESS } from './access.ts';
import { acceptBodies } from './body.ts';
import { createBodyRooms, type OpenBodyRoom } from './body-memory.ts';
import { createClientAddress } from './client-address.ts';
import { type ConnectionLimits, checkIntervalMs, limitConnections } from './connections.ts';
import { answerUnknownPaths } from './not-found.ts';
import { describeApi } from './openapi/openapi.ts';
import { handleError } from './problem.ts';
import { checkHostField, refuseOddities, refuseUnreadable } from './refusal.ts';
import { mountBatch } from './routes/batch-route.ts';
import { type DnsCache, mountDnsCache } from './routes/dns-cache-route.ts';
import { mountDocs } from './routes/docs-route.ts';
import { type DomainRouteDependencies, mountDomains } from './routes/domain-route.ts';
import { mountHealth } from './routes/health-route.ts';
import { type HookDependencies, mountHooks } from './routes/hooks-route.ts';
import { mountMetrics, type ReadMetrics } from './routes/metrics-route.ts';
import { mountPage } from './routes/page-route.ts';
import { mountReplay } from './routes/replay-route.ts';
import { mountReports, type ReportsRouteDependencies } from './routes/reports-route.ts';
import { mountVerify } from './routes/verify-route.ts';
import { TLS_OPTIONS } from './tls-options.ts';

/** What the app is made from. */
type AppDependencies = {
  log: Log;
  /** The octets of a raw message are given back once it has settled. */
  verify: Verify;
  replay: ReplayVerdict;
  /** The domain view; absent: its routes are not there. */
  domains?: DomainRouteDependencies;
  /** The hooks for mail servers; absent: their routes are not there. */
  hooks?: HookDependencies;
  /** False while the service drains. */
  isReady: () => boolean;
  /** Milliseconds for which the listener stays open at the end. @default 0 */
  drainMs?: () => number;
  /** Closes the listener at the end. @default no other process shares it */
  tellQuiet?: TellQuiet | undefined;
  /** The processes of the service. @default null: there is one */
  workers?: () => Workers | null;
  /** Why the store does not take what is written. @default null: it does, or there is none */
  storeFailure?: () => string | null;
  /** What the page offers to try; nothing by default. */
  samples?: Samples;
  /**
   * Who may ask, and how often.
   * @default everybody, without limits, as far as the address that is listened on reaches
   */
  access?: Access;
  /** Certificate and key in PEM form; the app then speaks HTTPS only. */
  tls?: { cert: Buffer; key: Buffer } | null;
  /** DMARC reports, for the operator; null: nothing is kept. */
  reports?: ReportsRouteDependencies | null;
  /** For the operator; absent: these routes are not there. */
  operator?: { readMetrics: ReadMetrics; dnsCache: DnsCache };
  /**
   * Called after each answer, for gauges.
   * @param route the pattern of the route, "unknown" where there is none
   */
  onAnswer?: (answer: { route: string; method: string; status: number; elapsedMs: number }) => void;
  /** The account of memory of all faces. @default one of its own */
  memory?: Memory;
  settings: Pick<
    HttpSettings,
    keyof ConnectionLimits | 'maxMessageBytes' | 'maxBatchMessages' | 'batchWidth' | 'maxTotalBytes' | 'maxCallerBytes'
  >;
};

/** Builds the app; `app.listen` or `app.inject` is the caller's. */
export const createApp = async (dependencies: AppDependencies): Promise<FastifyInstance> => {
  const { settings, onAnswer, access = OPEN_ACCESS } = dependencies;
  const app = createServer(dependencies, (error, socket) => refuse(error, socket));
  const connections = limitConnections(app.server, settings, access.settings.trustProxy);
  const refuse = refuseUnreadable(connections.mayRefuse);
  refuseOddities(app.server);
  pace(app, connections, dependencies);
  const clientAddress = createClientAddress(access.settings.trustProxy);
  const memory = dependencies.memory ?? createMemory(settings.maxTotalBytes);
  const openRoom = createBodyRooms(memory, settings.maxCallerBytes, clientAddress);
  writeAnswers(app);
  acceptBodies(app, settings, openRoom);
  if (onAnswer !== undefined) {
    app.addHook('onResponse', ({ routeOptions, method }, { statusCode, elapsedTime }, done) => {
      onAnswer({ route: routeOptions.url ?? 'unknown', method, status: statusCode, elapsedMs: elapsedTime });
      done();
    });
  }
  const guards = await guardAccess(app, access, clientAddress);
  await describeApi(app);
  await mountRoutes(app, dependencies, guards, openRoom);
  return app;
};

/** @param refuse answers bytes that are no request */
const createServer = (
  { log, settings, tls }: AppDependencies,
  refuse: (error: NodeJS.ErrnoException, socket: Socket) => void,
): FastifyInstance => {
  const timeouts = {
    headersTimeout: settings.requestTimeoutMs,
    requestTimeout: 0,
    // Asked for where the answer can be a problem document.
    requireHostHeader: false,
    connectionsCheckingInterval: checkIntervalMs(settings.requestTimeoutMs),
  };
  return fastify({
    ...(tls == null
      ? { http: timeouts }
      : {
          https: { ...tls, ...TLS_OPTIONS, handshakeTimeout: settings.requestTimeoutMs, ...timeouts },
        }),
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.maxMessageBytes,
    // Bodies are timed where they are read: node's clock would also run while we do not read.
    requestTimeout: 0,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    // A domain name in the path may be longer than the router's 100 characters, also one that is
    // refused for its length.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    return503OnClosing: false,
    // Bad paths never reach a route: fastify hands them out beside the error handler.
    frameworkErrors: handleError,
    clientErrorHandler: refuse,
  }) as unknown as FastifyInstance;
};

/** What requests wait for, and how connections end while the service drains. */
const pace = (
  app: FastifyInstance,
  connections: ReturnType<typeof limitConnections>,
  { isReady, drainMs, tellQuiet }: AppDependencies,
): void => {
  app.addHook('onRequest', (request, _reply, done) => {
    // Closed for what it sent; the requests that came with it are dropped without an answer.
    if (request.raw.socket.destroyed) return;
    const served = connections.waitsFor();
    if (served === null) done(checkHostField(request.raw));
    else void served.then(() => done(checkHostField(request.raw)));
  });
  // A client that keeps its connection would otherwise keep a draining service alive until the time
  // for it is up.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (connections.isAlone(request.raw)) {
      if (!isReady()) reply.header('connection', 'close');
    } else {
      // Others wait behind it, whom the end of the connection would cut off; fastify marks every
      // answer once it closes.
      reply.raw.removeHeader('connection');
    }
    done(null, payload);
  });
  app.addHook('preClose', () => connections.drain(drainMs?.() ?? 0, tellQuiet));
};

/** How errors and answers are written. */
const writeAnswers = (app: FastifyInstance): void => {
  app.setErrorHandler(handleError);
  answerUnknownPaths(app);
  // Answers are made by our own code and tested against their schemas; checking each one again
  // would double the work.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setValidatorCompiler(() => (value) => ({ value }));
};

/** Mounts the routes, each in the scope of its guard. */
const mountRoutes = async (
  app: FastifyInstance,
  dependencies: AppDependencies,
  { requireKey, requireOperator, requireMetricsReader }: Guards,
  openRoom: OpenBodyRoom,
): Promise<void> => {
  const { settings, operator, domains, hooks, verify } = dependencies;
  await app.register(mountDocs);
  await app.register(async (routes) => {
    mountPage(routes, dependencies.samples ?? { messages: [], dns: [] });
    const { isReady, workers = () => null, storeFailure = () => null } = dependencies;
    mountHealth(routes, { isReady, workers, storeFailure });
  });
  await app.register(async (routes) => {
    requireKey(routes);
    mountVerify(routes, { verify: verify, maxMessageBytes: settings.maxMessageBytes });
    mountReplay(routes, { replay: dependencies.replay, maxMessageBytes: settings.maxMessageBytes });
    mountBatch(routes, { verify: verify, openRoom, ...settings });
    if (domains !== undefined) mountDomains(routes, domains);
    if (hooks !== undefined) mountHooks(routes, hooks, settings.maxMessageBytes);
  });
  const { reports } = dependencies;
  if (reports != null) {
    await app.register(async (routes) => {
      requireOperator(routes);
      mountReports(routes, reports);
    });
  }
  if (operator !== undefined) {
    await app.register(async (routes) => {
      requireMetricsReader(routes);
      mountMetrics(routes, operator.readMetrics);
    });
    await app.register(async (routes) => {
      requireOperator(routes);
      mountDnsCache(routes, operator.dnsCache);
    });
  }
};
