/**
 * An app with guards and none of the work behind them, for tests of access: every route that is let
 * through answers or fails on its own terms.
 */
import type { Access } from '../../src/http/access.ts';
import { hashKey } from '../../src/http/api-keys.ts';
import { makeApp } from './make-app.ts';

export const KEY = 'mv_a-key-of-the-tests';
export const OTHER_KEY = 'mv_another-key-of-the-tests';
export const OPERATOR_KEY = 'mv_the-operators-key-of-the-tests';

const noWork = (): Promise<never> => Promise.reject(new Error('no work is done here'));

/**
 * @param keys whether the service has keys
 * @param settings what differs from no limits and no proxy
 * @param limits fixed ones, as small as a test reaches
 */
export const guardedApp = async (
  keys: boolean,
  settings: Partial<Access['settings']> = {},
  limits: Pick<Access, 'maxCountedCallers'> = {},
) => {
  const held = [
    { name: 'first', hash: hashKey(KEY), createdOn: '2026-11-22', role: 'client' as const },
    { name: 'second', hash: hashKey(OTHER_KEY), createdOn: '2026-11-22', role: 'client' as const },
    { name: 'operator', hash: hashKey(OPERATOR_KEY), createdOn: '2026-11-22', role: 'operator' as const },
  ];
  const flushed: (string | undefined)[] = [];
  const app = await makeApp({
    verify: noWork,
    replay: noWork,
    hooks: { mtaHooks: noWork, rawHook: noWork },
    domains: { assess: noWork, width: 1 },
    reports: {
      status: noWork,
      list: noWork,
      find: noWork,
      xmlOf: () => {
        throw new Error('no work is done here');
      },
      takeBounce: noWork,
      suppressions: { list: noWork, find: noWork, add: noWork, remove: noWork, countBounce: noWork },
    },
    access: {
      keys: () => (keys ? held : null),
      isTls: false,
      ...limits,
      settings: {
        allowAnonymous: false,
        metricsAnonymous: false,
        trustProxy: [],
        rateLimitPerKey: 0,
        rateLimitPerAddress: 0,
        rateLimitSeconds: 60,
        host: '127.0.0.1',
        allowedHosts: [],
        ...settings,
      },
    },
    operator: {
      readMetrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'gauge 1\n' }),
      dnsCache: {
        cacheStats: () => ({
          records: { entries: 1, bytes: 600, maxBytes: 1000 },
          negatives: { entries: 0, bytes: 0, maxBytes: 1000 },
          hits: 2,
          misses: 1,
          shared: 0,
          stale: 0,
          prefetches: 0,
          inFlight: 0,
          waiting: 0,
          unexpectedReplies: 0,
        }),
        flush: (name) => flushed.push(name),
      },
    },
    settings: { maxMessageBytes: 1024, requestTimeoutMs: 1000 },
  });
  return { app, flushed };
};
