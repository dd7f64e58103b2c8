/** The app with every route and none of its work: for the API description alone. Answers nothing. */
import { createLog } from '../log.ts';
import { createApp } from './app.ts';

const doesNothing = (): never => {
  throw new Error('this app only describes itself');
};
const noWork = async (): Promise<never> => doesNothing();

/** Builds the app, ready to be described. */
export const describedApp = async () => {
  const app = await createApp({
    log: createLog('silent'),
    verify: noWork,
    replay: noWork,
    hooks: { mtaHooks: noWork, rawHook: noWork },
    domains: { assess: noWork, width: 1 },
    isReady: () => false,
    operator: { readMetrics: noWork, dnsCache: { cacheStats: doesNothing, flush: doesNothing } },
    settings: {
      maxMessageBytes: 1024,
      requestTimeoutMs: 1000,
      maxBatchMessages: 1,
      batchWidth: 1,
      maxTotalBytes: 100_000_000,
      maxCallerBytes: 50_000_000,
      maxConnections: 100,
      maxPeerConnections: 100,
      maxPipelinedRequests: 16,
      writeTimeoutMs: 30_000,
    },
  });
  await app.ready();
  return app;
};
