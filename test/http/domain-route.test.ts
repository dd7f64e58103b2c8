import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Posture, PostureLine } from '../../schemas/posture/posture.ts';
import { Problem } from '../../schemas/problem.ts';
import { type Assess, createAssessor } from '../../src/posture/assess.ts';
import { GOOD } from '../posture/cases.ts';
import { worldParts } from '../posture/world.ts';
import { makeApp } from './make-app.ts';

const appWith = (assess: Assess, width = 4) =>
  makeApp({ domains: { assess, width }, settings: { maxMessageBytes: 65_536 } });
const app = await appWith(createAssessor(worldParts({ ...GOOD, 'xn--bcher-kva.example TXT': ['v=spf1 -all'] })));
after(() => app.close());

const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
const firstPath = (body: unknown): string | undefined => Problem.parse(body).errors?.[0]?.path;

test('GET /v1/domains/{domain} answers with a posture that may be held as long as its records', async () => {
  const answer = await app.inject('/v1/domains/brand.example');
  assert.equal(answer.statusCode, 200);
  const posture = Posture.parse(answer.json());
  assert.equal(posture.spf.state, 'valid');
  assert.match(String(answer.headers['cache-control']), /^private, max-age=(?:299|300)$/);
});

test('GET /v1/domains/{domain} takes a name with umlauts', async () => {
  const answer = await app.inject(`/v1/domains/${encodeURIComponent('bücher.example')}`);
  assert.deepEqual(answer.json().domain, {
    given: 'bücher.example',
    ascii: 'xn--bcher-kva.example',
    unicode: 'bücher.example',
  });
});

test('GET /v1/domains/{domain} takes selectors, and a sender to hold against SPF', async () => {
  const answer = await app.inject(
    '/v1/domains/brand.example?selectors=one,two&clientIp=11.0.1.9&mailFrom=a@brand.example&helo=mx.example&include=evidence',
  );
  const posture = Posture.parse(answer.json());
  assert.deepEqual(
    posture.dkim.selectors.map(({ selector }) => selector),
    ['one', 'two'],
  );
  assert.equal(posture.spf.sender?.result, 'pass');
  assert.ok((posture.evidence ?? []).length > 10);
});

const HOSTILE = [
  'a'.repeat(254),
  `${'a.'.repeat(126)}example`,
  'brand%00.example',
  'a..b',
  '%2e%2e%2f%2e%2e%2fetc.example',
  '192.0.2.1',
  '[2001:db8::1]',
  'user@brand.example',
  'brand',
  'brand%0d%0aX-Injected:1.example',
  '%3Cscript%3E.example',
  'x'.repeat(1000),
];

test('GET /v1/domains/{domain} answers hostile names with 400 and the path', async () => {
  for (const name of HOSTILE) {
    const answer = await app.inject(`/v1/domains/${name}`);
    assert.equal(answer.statusCode, 400, name.slice(0, 60));
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    assert.equal(firstPath(answer.json()), 'domain', name.slice(0, 60));
  }
});

const WRONG_QUERIES = [
  ['selectors=a..b', 'query.selectors.0'],
  ['selectors=%00', 'query.selectors.0'],
  [`selectors=${Array.from({ length: 51 }, (_, n) => `s${n}`).join(',')}`, 'query.selectors'],
  ['clientIp=300.1.1.1', 'query.clientIp'],
  ['mailFrom=%0d%0a', 'query.mailFrom'],
  ['probe=http', 'query.probe'],
  ['probe=smtp', 'query.probe'],
  ['include=all', 'query.include.0'],
  ['selector=typo', 'query.selector'],
] as const;

test('GET /v1/domains/{domain} names the wrong parameter', async () => {
  for (const [query, path] of WRONG_QUERIES) {
    const answer = await app.inject(`/v1/domains/brand.example?${query}`);
    assert.equal(answer.statusCode, 400, query);
    assert.equal(firstPath(answer.json()), path, query);
  }
});

test('POST /v1/domains/{domain} judges records before they are published', async () => {
  const answer = await post('/v1/domains/brand.example', {
    dns: [{ name: 'brand.example', type: 'TXT', records: ['v=spf1 +all'] }],
  });
  assert.equal(answer.statusCode, 200);
  const { changes } = Posture.parse(answer.json());
  assert.ok(changes?.caused.some(({ code }) => code === 'spf-pass-all'));
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('POST /v1/domains/{domain} names the wrong field of a record', async () => {
  const table = [
    [
      { dns: [{ name: 'brand.example', type: 'MX', records: [{ priority: 'x', exchange: 'mx' }] }] },
      /^dns\.0\.records\.0/,
    ],
    [{ dns: [{ name: 'brand.example', type: 'A', records: ['999.1.1.1'] }] }, /^dns\[0\]\.records\[0\]$/],
    [{ dns: [{ name: 'a..b', type: 'TXT', records: ['x'] }] }, /^dns\[0\]\.name$/],
    [{ overlay: [] }, /^overlay$/],
  ] as const;
  for (const [body, path] of table) {
    const answer = await post('/v1/domains/brand.example', body);
    assert.equal(answer.statusCode, 400);
    assert.match(firstPath(answer.json()) ?? '', path);
  }
});

test('POST /v1/domains streams a line for each domain in order, and one wrong name is one bad line', async () => {
  const domains = ['brand.example', 'a..b', 'absent.example', 'bücher.example'];
  const answer = await post('/v1/domains', { domains });
  assert.equal(answer.statusCode, 200);
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/);
  const lines = answer.body
    .trimEnd()
    .split('\n')
    .map((line) => PostureLine.parse(JSON.parse(line)));
  assert.deepEqual(
    lines.map(({ index, domain }) => [index, domain]),
    domains.map((domain, index) => [index, domain]),
  );
  assert.deepEqual(
    lines.map(({ posture }) => posture !== undefined),
    [true, false, true, true],
  );
  assert.equal(lines[1]?.problem?.errors?.[0]?.path, 'domains[1]');
});

test('POST /v1/domains takes 1 to 100 names', async () => {
  for (const domains of [[], Array.from({ length: 101 }, (_, n) => `d${n}.example`)])
    assert.equal(firstPath((await post('/v1/domains', { domains })).json()), 'domains');
});

test('POST /v1/domains assesses no more domains at once than the setting allows, and goes on after a fault', async () => {
  let running = 0;
  let most = 0;
  const assess: Assess = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    throw new Error('a fault with a secret in it');
  };
  const faulty = await appWith(assess, 3);
  const answer = await faulty.inject({
    method: 'POST',
    url: '/v1/domains',
    payload: { domains: Array.from({ length: 20 }, (_, n) => `d${n}.example`) },
  });
  await faulty.close();
  const lines = answer.body.trimEnd().split('\n');
  assert.equal(lines.length, 20);
  assert.ok(lines.every((line) => PostureLine.parse(JSON.parse(line)).problem?.status === 500));
  assert.doesNotMatch(answer.body, /secret/);
  assert.equal(most, 3);
});

test('POST /v1/domains without a JSON body says what to send', async () => {
  const table = [
    [{ 'content-type': 'application/json' }, '', 'empty-body'],
    [{ 'content-type': 'text/plain' }, 'brand.example', 'unsupported-media-type'],
    [{ 'content-type': 'application/json' }, '{', 'invalid-json'],
  ] as const;
  for (const [headers, payload, kind] of table) {
    const answer = await app.inject({ method: 'POST', url: '/v1/domains', headers, payload });
    assert.equal(Problem.parse(answer.json()).type, `urn:mailverdict:problem:${kind}`);
  }
});
