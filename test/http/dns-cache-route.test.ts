/** The DNS cache as a resource. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsCacheStats } from '../../schemas/dns.ts';
import { Problem } from '../../schemas/problem.ts';
import { guardedApp } from './guarded-app.ts';

test('GET /v1/dns/cache tells what the resolver holds', async () => {
  const { app } = await guardedApp(false);
  const answer = await app.inject({ url: '/v1/dns/cache' });
  assert.equal(answer.statusCode, 200);
  assert.equal(DnsCacheStats.parse(answer.json()).hits, 2);
});

test('DELETE /v1/dns/cache forgets one name, or everything', async () => {
  const { app, flushed } = await guardedApp(false);
  const one = await app.inject({ method: 'DELETE', url: '/v1/dns/cache?name=brand.example' });
  assert.equal(one.statusCode, 200);
  assert.deepEqual(one.json(), { forgotten: 1 });
  await app.inject({ method: 'DELETE', url: '/v1/dns/cache' });
  assert.deepEqual(flushed, ['brand.example', undefined]);
});

test('DELETE /v1/dns/cache names what is wrong and forgets nothing', async (t) => {
  for (const [query, path] of [
    ['name=', 'query.name'],
    [`name=${'a'.repeat(255)}`, 'query.name'],
    ['nam=brand.example', 'query.nam'],
    ['name=a.example&name=b.example', 'query.name'],
  ] as const) {
    await t.test(query.slice(0, 40), async () => {
      const { app, flushed } = await guardedApp(false);
      const answer = await app.inject({ method: 'DELETE', url: `/v1/dns/cache?${query}` });
      assert.equal(answer.statusCode, 400);
      assert.equal(Problem.parse(answer.json()).errors?.[0]?.path, path);
      assert.deepEqual(flushed, []);
    });
  }
});

test('GET /metrics gives the text as it is', async () => {
  const { app } = await guardedApp(false);
  const answer = await app.inject({ url: '/metrics' });
  assert.equal(answer.body, 'gauge 1\n');
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
});
