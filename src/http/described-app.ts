/** The app with every route and none of its work: for the API description alone. Answers nothing. */
import { createLog } from '../log.ts';
import { createApp } from './app.ts';

/** Builds the app, ready to be described. */
export const describedApp = async () => {
  const app = await createApp({
    log: createLog('silent'),
    verify: () => Promise.reject(new Error('this app only describes itself')),
    isReady: () => false,
    settings: { maxMessageBytes: 1024, requestTimeoutMs: 1000 },
  });
  await app.ready();
  return app;
};
