/** Access: who is let in, who is counted, and what the others are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { guardedApp, KEY, OPERATOR_KEY, OTHER_KEY } from './guarded-app.ts';

const AWAY = '198.51.100.7';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** The route under guard that answers by itself: an empty body is the caller's mistake. */
const LET_IN = 400;

test('guardAccess lets in and keeps out', async (t) => {
  const cases: {
    what: string;
    keys: boolean;
    allowAnonymous?: boolean;
    headers?: Record<string, string>;
    status: number;
  }[] = [
    { what: 'without keys everybody who can reach the address is let in', keys: false, status: LET_IN },
    { what: 'with keys nobody is let in without one', keys: true, status: 401 },
    { what: 'a key as Bearer token is let in', keys: true, headers: bearer(KEY), status: LET_IN },
    {
      what: 'the scheme is Bearer in any case',
      keys: true,
      headers: { authorization: `bEARER ${KEY}` },
      status: LET_IN,
    },
    { what: 'a key as X-API-Key is let in', keys: true, headers: { 'x-api-key': OTHER_KEY }, status: LET_IN },
    { what: 'a key with one letter changed is kept out', keys: true, headers: bearer(`${KEY}x`), status: 401 },
    { what: 'an endless key is kept out', keys: true, headers: bearer('k'.repeat(5000)), status: 401 },
    { what: 'another scheme is no key', keys: true, headers: { authorization: 'Basic YTpi' }, status: 401 },
    {
      what: 'with keys and anonymous callers allowed, no key is let in',
      keys: true,
      allowAnonymous: true,
      status: LET_IN,
    },
    {
      what: 'a wrong key is told even where no key is needed',
      keys: true,
      allowAnonymous: true,
      headers: bearer('wrong'),
      status: 401,
    },
    { what: 'a key that a service without keys cannot know is told', keys: false, headers: bearer(KEY), status: 401 },
  ];
  for (const { what, keys, allowAnonymous = false, headers = {}, status } of cases) {
    await t.test(what, async () => {
      const { app } = await guardedApp(keys, { allowAnonymous });
      const answer = await app.inject({ method: 'POST', url: '/v1/verify', headers, remoteAddress: AWAY });
      assert.equal(answer.statusCode, status);
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
      assert.equal(Problem.parse(answer.json()).status, status);
      if (status !== 401) return;
      assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="mailverdict"/);
      assert.equal(
        /invalid_token/.test(String(answer.headers['www-authenticate'])),
        headers.authorization?.startsWith('Bearer') === true,
      );
      assert.doesNotMatch(answer.body, /first|second|sha256/);
    });
  }
});

test('guardAccess guards every route of the API but health', async () => {
  const { app } = await guardedApp(true);
  await app.ready();
  const open: string[] = [];
  for (const [path, methods] of Object.entries(app.swagger().paths ?? {})) {
    for (const method of Object.keys(methods ?? {})) {
      const url = path.replaceAll(/\{[^}]*\}/g, 'brand.example');
      const answer = await app.inject({ method: method.toUpperCase() as 'GET', url, remoteAddress: AWAY });
      if (answer.statusCode !== 401) open.push(`${method} ${path}`);
    }
  }
  assert.deepEqual(open, ['get /healthz', 'get /readyz']);
});

test('guardAccess tells the API description what it may answer', async () => {
  const { app } = await guardedApp(true);
  await app.ready();
  const document = app.swagger() as unknown as {
    paths: Record<string, Record<string, { security?: unknown[]; responses: Record<string, unknown> }>>;
    components: { securitySchemes: object };
  };
  assert.deepEqual(Object.keys(document.components.securitySchemes), ['bearer', 'apiKey']);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { security, responses }] of Object.entries(methods)) {
      const isOpen = /^\/(?:healthz|readyz)$/.test(path);
      assert.deepEqual(security, isOpen ? [] : [{ bearer: [] }, { apiKey: [] }, {}], path);
      for (const status of ['401', '429']) assert.equal(status in responses, !isOpen, `${path}: ${status}`);
      const isForOperators = /^\/(?:metrics|v1\/dns\/cache|v1\/reports\/.*)$/.test(path);
      assert.equal('403' in responses, method !== 'get' || isForOperators, path);
      assert.ok('421' in responses, path);
    }
  }
});

test('guardAccess shows the page and the API reference to everybody: they hold no secret', async () => {
  const { app } = await guardedApp(true);
  for (const url of ['/', '/openapi.yaml', '/docs/']) {
    assert.equal((await app.inject({ url, remoteAddress: AWAY })).statusCode, 200, url);
  }
});

test('guardAccess lets the operator in by key, or from the same machine where there are no keys', async (t) => {
  const cases: {
    what: string;
    keys: boolean;
    trustProxy?: string[];
    headers?: Record<string, string>;
    from?: string;
    status: number;
  }[] = [
    { what: 'the same machine', keys: false, from: '127.0.0.1', status: 200 },
    { what: 'the same machine over IPv6', keys: false, from: '::1', status: 200 },
    { what: 'the same machine, with keys', keys: true, from: '127.0.0.1', status: 401 },
    { what: 'another machine', keys: false, status: 403 },
    { what: 'another machine, with keys', keys: true, status: 401 },
    { what: "another machine with an operator's key", keys: true, headers: bearer(OPERATOR_KEY), status: 200 },
    { what: "another machine with a client's key", keys: true, headers: bearer(KEY), status: 403 },
    { what: "the same machine with a client's key", keys: true, from: '127.0.0.1', headers: bearer(KEY), status: 403 },
    { what: 'a wrong key from the same machine', keys: true, from: '127.0.0.1', headers: bearer('wrong'), status: 401 },
    {
      what: 'a stranger behind a proxy of this machine that is not known to be one',
      keys: false,
      from: '127.0.0.1',
      headers: { 'x-forwarded-for': AWAY },
      status: 403,
    },
    {
      what: 'a stranger who claims to be this machine',
      keys: false,
      headers: { 'x-forwarded-for': '127.0.0.1' },
      status: 403,
    },
    {
      what: 'a stranger behind a trusted proxy of this machine',
      keys: false,
      trustProxy: ['loopback'],
      from: '127.0.0.1',
      headers: { 'x-forwarded-for': AWAY },
      status: 403,
    },
    {
      what: 'a stranger behind a proxy of this machine while another one is trusted',
      keys: false,
      trustProxy: ['192.0.2.7'],
      from: '127.0.0.1',
      headers: { 'x-forwarded-for': AWAY },
      status: 403,
    },
    {
      what: 'a stranger who is named localhost by a trusted proxy',
      keys: false,
      trustProxy: ['loopback'],
      from: '127.0.0.1',
      headers: { 'x-forwarded-for': 'localhost' },
      status: 403,
    },
    ...['via', 'x-real-ip', 'cf-connecting-ip', 'forwarded'].map((name) => ({
      what: `a stranger whom a proxy of this machine names in ${name}`,
      keys: false,
      from: '127.0.0.1',
      headers: { [name]: AWAY },
      status: 403,
    })),
  ];
  for (const { what, keys, trustProxy = [], headers = {}, from = AWAY, status } of cases) {
    await t.test(`${what}: ${status}`, async () => {
      const { app } = await guardedApp(keys, { trustProxy, allowAnonymous: true });
      for (const url of ['/metrics', '/v1/dns/cache']) {
        assert.equal((await app.inject({ url, headers, remoteAddress: from })).statusCode, status, url);
      }
    });
  }
});

test('guardAccess lets everybody read the gauges where METRICS_ANONYMOUS says so, and nothing else of the operator', async () => {
  for (const keys of [true, false]) {
    const { app } = await guardedApp(keys, { metricsAnonymous: true });
    const ask = async (url: string, headers = {}) =>
      (await app.inject({ url, headers, remoteAddress: AWAY })).statusCode;
    assert.equal(await ask('/metrics'), 200);
    assert.equal(await ask('/metrics', bearer('wrong')), 401);
    assert.equal(await ask('/v1/dns/cache'), keys ? 401 : 403);
    if (!keys) continue;
    assert.equal(await ask('/metrics', bearer(KEY)), 200);
    assert.equal(await ask('/v1/dns/cache', bearer(KEY)), 403);
  }
});

test('guardAccess counts each key and each address by itself', async () => {
  const { app } = await guardedApp(true, { allowAnonymous: true, rateLimitPerAddress: 2, rateLimitPerKey: 3 });
  const ask = async (headers: Record<string, string>, remoteAddress: string) =>
    (await app.inject({ method: 'POST', url: '/v1/verify', headers, remoteAddress })).statusCode;
  const times = async (count: number, headers: Record<string, string>, from: string) => {
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) statuses.push(await ask(headers, from));
    return statuses;
  };
  assert.deepEqual(await times(3, {}, AWAY), [LET_IN, LET_IN, 429]);
  assert.deepEqual(await times(1, {}, '198.51.100.8'), [LET_IN], 'another address has its own count');
  assert.deepEqual(await times(4, bearer(KEY), AWAY), [LET_IN, LET_IN, LET_IN, 429], 'a key has its own count');
  assert.deepEqual(await times(1, bearer(OTHER_KEY), AWAY), [LET_IN], 'another key has its own count');
  assert.deepEqual(await times(2, bearer('wrong'), AWAY), [429, 429], 'guesses count against the address');
  assert.deepEqual(await times(3, {}, '2001:db8:1:2::1'), [LET_IN, LET_IN, 429]);
  assert.deepEqual(await times(1, {}, '2001:db8:1:2:ffff::9'), [429], 'one /64 is one client');
  assert.deepEqual(await times(1, {}, '2001:db8:1:3::1'), [LET_IN]);
});

test('guardAccess tells the limit with every answer, and when to come again', async () => {
  const { app } = await guardedApp(false, { rateLimitPerAddress: 1, rateLimitSeconds: 30 });
  const first = await app.inject({ method: 'POST', url: '/v1/verify', remoteAddress: AWAY });
  assert.equal(first.headers['ratelimit-limit'], '1');
  assert.equal(first.headers['ratelimit-remaining'], '0');
  const second = await app.inject({ method: 'POST', url: '/v1/verify', remoteAddress: AWAY });
  assert.equal(second.statusCode, 429);
  assert.equal(Problem.parse(second.json()).type, 'urn:mailverdict:problem:too-many-requests');
  assert.ok(Number(second.headers['retry-after']) > 0 && Number(second.headers['retry-after']) <= 30);
  assert.equal(second.headers['ratelimit-remaining'], '0');
  const unknown = await app.inject({ url: '/nothing-here', remoteAddress: AWAY });
  assert.equal(unknown.statusCode, 429, 'addresses that do not exist count too');
  for (const url of ['/healthz', '/readyz']) {
    assert.equal((await app.inject({ url, remoteAddress: AWAY })).statusCode, 200, `${url} is never limited`);
  }
});

test('guardAccess forgets the client not seen for longest when there are too many', async () => {
  const { app } = await guardedApp(false, { rateLimitPerAddress: 1 }, { maxCountedCallers: 2 });
  const ask = async (remoteAddress: string) => (await app.inject({ url: '/', remoteAddress })).statusCode;
  assert.equal(await ask('198.51.100.1'), 200);
  assert.equal(await ask('198.51.100.1'), 429);
  await ask('198.51.100.2');
  await ask('198.51.100.3');
  assert.equal(await ask('198.51.100.1'), 200);
});

test('guardAccess counts the client that a trusted proxy names', async () => {
  const { app } = await guardedApp(false, { rateLimitPerAddress: 1, trustProxy: ['192.0.2.1'] });
  const ask = async (from: string, forwardedFor: string) =>
    (await app.inject({ url: '/', remoteAddress: from, headers: { 'x-forwarded-for': forwardedFor } })).statusCode;
  assert.equal(await ask('192.0.2.1', '203.0.113.1'), 200);
  assert.equal(await ask('192.0.2.1', '203.0.113.2'), 200);
  assert.equal(await ask('192.0.2.1', '203.0.113.1'), 429);
  assert.equal(await ask('192.0.2.9', '203.0.113.7'), 200);
  assert.equal(await ask('192.0.2.9', '203.0.113.8'), 429, 'another machine cannot name its clients');
  for (const [first, second] of [
    ['198.51.100.20:1001', '198.51.100.20:1002'],
    ['[2001:db8::1]:443', '[2001:db8::1]:444'],
    ['somebody', 'somebody-else'],
  ] as const) {
    assert.equal(await ask('192.0.2.1', first), 200);
    assert.equal(await ask('192.0.2.1', second), 429, `${second} is the client that ${first} was`);
  }
});

test('guardAccess puts security headers on answers, and the page keeps its own policy', async () => {
  const { app } = await guardedApp(false);
  const health = await app.inject({ url: '/healthz' });
  assert.equal(
    health.headers['content-security-policy'],
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  assert.equal(health.headers['x-content-type-options'], 'nosniff');
  assert.equal(health.headers['strict-transport-security'], undefined, 'without TLS there is nothing to be strict on');
  assert.match(String((await app.inject({ url: '/' })).headers['content-security-policy']), /style-src 'self'/);
  assert.match(String((await app.inject({ url: '/docs/' })).headers['content-security-policy']), /script-src 'self'/);
});
