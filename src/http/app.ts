/**
 * The REST face: a fastify app with its routes, its error documents and its API reference. Listens to nothing by itself; is handed the functions it serves, so
 * that a test can drive it without a socket.
 */
import { randomUUID } from 'node:crypto';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import type { Log } from '../log.ts';
import type { ReplayVerdict } from '../verdict/replay.ts';
import type { Verify } from '../verdict/verify.ts';
import { mountBatch } from './batch-route.ts';
import { acceptBodies } from './body.ts';
import { mountHealth } from './health-route.ts';
import { describeApi } from './openapi.ts';
import { mountPage, type Samples } from './page-route.ts';
import { handleError, sendProblem } from './problem.ts';
import { mountReplay } from './replay-route.ts';
import { mountVerify } from './verify-route.ts';

/** What the app is made of. */
export type AppParts = {
  log: Log;
  verify: Verify;
  replay: ReplayVerdict;
  /** False while the service drains. */
  isReady: () => boolean;
  /** What the page offers to try; nothing by default. */
  samples?: Samples;
  settings: { maxMessageBytes: number; requestTimeoutMs: number; maxBatchMessages: number; batchWidth: number };
};

/** Builds the app; `app.listen` or `app.inject` is the caller's. */
export const createApp = async (parts: AppParts): Promise<FastifyInstance> => {
  const { log, settings } = parts;
  const app: FastifyInstance = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.maxMessageBytes,
    requestTimeout: settings.requestTimeoutMs,
    genReqId: () => randomUUID(),
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
    return503OnClosing: false,
  }) as unknown as FastifyInstance;

  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'not-found', { detail: `${request.method} is not answered at this address` }),
  );
  // Answers are made by our own code and tested against their schemas; checking each one again would double the work.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setValidatorCompiler(() => (value) => ({ value }));
  acceptBodies(app, settings.maxMessageBytes);
  await describeApi(app);
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' });
  await app.register(async (routes) => {
    mountPage(routes, parts.samples ?? { messages: [], dns: [] });
    mountHealth(routes, parts.isReady);
    mountVerify(routes, { verify: parts.verify, maxMessageBytes: settings.maxMessageBytes });
    mountReplay(routes, { replay: parts.replay, maxMessageBytes: settings.maxMessageBytes });
    mountBatch(routes, { verify: parts.verify, ...settings });
  });
  return app;
};
