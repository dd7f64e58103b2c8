/**
 * The app with every route and none of its work: for the API description alone. Answers nothing.
 */
import { HttpSettings } from '../../../schemas/settings/http.ts';
import { createLog } from '../../telemetry/log.ts';
import { createApp } from '../app.ts';

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
    reports: {
      status: noWork,
      list: noWork,
      find: noWork,
      xmlOf: doesNothing,
      takeBounce: noWork,
      suppressions: { list: noWork, find: noWork, add: noWork, remove: noWork, countBounce: noWork },
    },
    operator: { readMetrics: noWork, dnsCache: { cacheStats: doesNothing, flush: doesNothing } },
    settings: HttpSettings.parse({}),
  });
  await app.ready();
  return app;
};
