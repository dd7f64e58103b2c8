/**
 * Every mounted route with every method, behind every kind of proxy: with keys, nothing but the
 * page, its reference and health answers without one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { guardedApp, KEY, OPERATOR_KEY } from './guarded-app.ts';

const OPEN =
  /^\/(?:|healthz|readyz|openapi\.(?:yaml|json)|examples\.json|findings|problems|page\/:name(?:\/:file)?|docs.*)$/;
const OPERATOR = [
  '/metrics',
  '/v1/dns/cache',
  '/v1/reports/status',
  '/v1/reports/outgoing',
  '/v1/reports/outgoing/:reportId',
  '/v1/reports/outgoing/:reportId/xml',
  '/v1/reports/bounces',
  '/v1/reports/suppressions',
];

/** What proxies add, and what they pass on of clients who lie. */
const PROXY_HEADERS: Readonly<Record<string, string>>[] = [
  {},
  { 'x-forwarded-for': '198.51.100.7' },
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-for': 'localhost' },
  { 'x-forwarded-for': '127.0.0.1, ::1, localhost' },
  { forwarded: 'for=127.0.0.1' },
  { 'x-real-ip': '127.0.0.1' },
  { via: '1.1 proxy.example' },
  { 'cf-connecting-ip': '127.0.0.1' },
];

/**
 * Reads the tree that fastify prints: each line holds the rest of a path and its methods, indented
 * by its depth.
 */
const mountedRoutes = (app: FastifyInstance): { path: string; methods: string[] }[] => {
  const above: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', rest = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      if (rest === '') return [];
      const depth = indent.length / 4;
      above.length = depth;
      const path = above.join('') + rest;
      above.push(rest);
      return methods === '' ? [] : [{ path, methods: methods.split(', ') }];
    });
};

for (const trustProxy of [[], ['loopback'], ['192.0.2.7']]) {
  test(`guardAccess keeps strangers out of every route, TRUST_PROXY=${trustProxy.join()}`, async () => {
    const { app } = await guardedApp(true, { trustProxy });
    await app.ready();
    const routes = mountedRoutes(app);
    const described = Object.keys(app.swagger().paths ?? {}).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    assert.deepEqual(
      described.filter((path) => !routes.some((route) => route.path === path)),
      [],
    );
    const closed = routes.filter(({ path }) => !OPEN.test(path));
    assert.deepEqual(
      OPERATOR.filter((path) => !closed.some((route) => route.path === path)),
      [],
    );
    const wrong: string[] = [];
    for (const headers of PROXY_HEADERS)
      for (const { path, methods } of closed)
        for (const method of app.supportedMethods) {
          const isMounted = methods.includes(method);
          const ask = async (key: string | null, allowed: (status: number) => boolean, remoteAddress = '127.0.0.1') => {
            const answer = await app.inject({
              method: method as 'GET',
              url: path.replace(':domain', 'brand.example'),
              headers: { ...headers, ...(key !== null && { authorization: `Bearer ${key}` }) },
              remoteAddress,
            });
            if (!allowed(answer.statusCode))
              wrong.push(
                `${method} ${path} ${JSON.stringify(headers)} ${key} from ${remoteAddress}: ${answer.statusCode}`,
              );
          };
          const isRefused = (status: number) => (isMounted ? status === 401 : status >= 400 && status < 500);
          await ask(null, isRefused);
          await ask(null, isRefused, '198.51.100.7');
          if (!isMounted) continue;
          await ask(KEY, (status) => (OPERATOR.includes(path) ? status === 403 : ![401, 403].includes(status)));
          await ask(OPERATOR_KEY, (status) => ![401, 403].includes(status));
        }
    assert.deepEqual(wrong, []);
  });
}
