/** The app with every route and none of its work: for the API description alone. Answers nothing. */
import { createLog } from '../log.ts';
import { createApp } from './app.ts';

const noWork = (): Promise<never> => Promise.reject(new Error('this app only describes itself'));

/** Builds the app, ready to be described. */
export const describedApp = async () => {
  const app = await createApp({
    log: createLog('silent'),
    verify: noWork,
    replay: noWork,
    isReady: () => false,
    settings: { maxMessageBytes: 1024, requestTimeoutMs: 1000, maxBatchMessages: 1, batchWidth: 1 },
  });
  await app.ready();
  return app;
};
