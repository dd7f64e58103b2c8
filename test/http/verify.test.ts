/**
 * POST /v1/verify: both ways in give the same verdict, octets stay as they came, and bad input gets
 * a problem document that names the field.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { Config } from '../../schemas/settings/settings.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';
import { makeApp } from './make-app.ts';

const app = await makeApp();
after(() => app.close());
const QUERY = 'clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example';
const FACTS = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };

const post = (url: string, payload: Buffer | string | object, type?: string) =>
  app.inject({ method: 'POST', url, payload, ...(type !== undefined && { headers: { 'content-type': type } }) });
const comparable = (text: string): unknown => {
  const { elapsedMs: _, dns: __, ...rest } = JSON.parse(text) as Verdict;
  return rest;
};

test('POST /v1/verify takes a raw message of any content type but JSON, and JSON in both encodings, and gives one verdict for all', async () => {
  const message = example('aligned.eml');
  const raw = await post(`/v1/verify?${QUERY}`, message, 'message/rfc822');
  assert.equal(raw.statusCode, 200);
  assert.equal(raw.json<Verdict>().dmarc.result, 'pass');
  for (const type of ['application/x-www-form-urlencoded', 'text/plain; charset=utf-8', 'application/octet-stream']) {
    assert.deepEqual(comparable((await post(`/v1/verify?${QUERY}`, message, type)).body), comparable(raw.body), type);
  }
  for (const body of [
    { message: message.toString('base64'), encoding: 'base64', smtp: FACTS },
    { message: message.toString('base64').replace(/(.{76})/g, '$1\r\n'), encoding: 'base64', smtp: FACTS },
    { message: message.toString('utf8'), encoding: 'utf8', smtp: FACTS },
    { message: message.toString('utf8'), smtp: FACTS },
  ]) {
    assert.deepEqual(comparable((await post('/v1/verify', body)).body), comparable(raw.body));
  }
});

test('POST /v1/verify judges the octets that came: 8-bit and bare LF are not re-encoded', async () => {
  const octets = Buffer.concat([
    Buffer.from('From: a@brand.example\nSubject: '),
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from('\n\n'),
    Buffer.from([0xe4, 0x0a, 0x00]),
  ]);
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(octets).digest('hex');
  const raw = (await post('/v1/verify', octets, 'message/rfc822')).json<Verdict>();
  assert.equal(raw.message.sha256, sha256);
  assert.equal(raw.message.size, octets.length);
  assert.ok(raw.findings.some(({ code }) => code === 'bare-line-feed'));
  const json = (await post('/v1/verify', { message: octets.toString('base64'), encoding: 'base64' })).json<Verdict>();
  assert.equal(json.message.sha256, sha256);
});

test('POST /v1/verify takes every fact as a query parameter, those inside an object with a dot', async () => {
  const query =
    'clientIp=::ffff:192.0.2.10&clientName=mail.brand.example&helo=[192.0.2.10]&mailFrom=%3C%3E&rcptTo=a@b.example&rcptTo=c@b.example&protocol=ESMTPSA&tls.version=TLSv1.3&tls.bits=256&tls.mode=starttls&auth.mechanism=PLAIN&auth.identity=alice&queueId=4ABC&receiver=mx.own.example';
  const verdict = (await post(`/v1/verify?${query}`, example('unsigned.eml'), 'message/rfc822')).json<Verdict>();
  assert.deepEqual(verdict.smtp, {
    clientIp: '::ffff:192.0.2.10',
    clientName: 'mail.brand.example',
    helo: '[192.0.2.10]',
    mailFrom: '<>',
    rcptTo: ['a@b.example', 'c@b.example'],
    protocol: 'ESMTPSA',
    tls: { version: 'TLSv1.3', bits: 256, mode: 'starttls' },
    auth: { mechanism: 'PLAIN', identity: 'alice' },
    queueId: '4ABC',
    receiver: 'mx.own.example',
  });
  assert.deepEqual(verdict.transport, { encryption: 'opportunistic', authenticated: true, nullReversePath: true });
  assert.match(verdict.headers.authenticationResults, /^Authentication-Results: mx\.own\.example;/);
});

test('POST /v1/verify answers bad input with a problem document that names the field', async () => {
  const message = 'From: a@brand.example\r\n\r\n';
  const cases: [
    name: string,
    response: Awaited<ReturnType<typeof post>>,
    status: number,
    type: string,
    path?: string,
  ][] = [
    [
      'an unknown parameter',
      await post('/v1/verify?clientIP=192.0.2.1', message, 'text/plain'),
      400,
      'invalid-request',
      'query.clientIP',
    ],
    [
      'a bad address',
      await post('/v1/verify?clientIp=192.0.2.300', message, 'text/plain'),
      400,
      'invalid-request',
      'query.clientIp',
    ],
    [
      'a control character',
      await post('/v1/verify?helo=a%0d%0ab', message, 'text/plain'),
      400,
      'invalid-request',
      'query.helo',
    ],
    [
      'an authserv-id that is no token',
      await post('/v1/verify?receiver=a;b', message, 'text/plain'),
      400,
      'invalid-request',
      'query.receiver',
    ],
    ['no body', await post('/v1/verify', '', 'text/plain'), 400, 'empty-body'],
    ['an empty message', await post('/v1/verify', { message: '' }), 400, 'invalid-request', 'message'],
    ['an unknown key', await post('/v1/verify', { message, smpt: {} }), 400, 'invalid-request', 'smpt'],
    [
      'an unknown fact',
      await post('/v1/verify', { message, smtp: { clientip: '192.0.2.1' } }),
      400,
      'invalid-request',
      'smtp.clientip',
    ],
    [
      'a bad nested fact',
      await post('/v1/verify', { message, smtp: { tls: { mode: 'maybe' } } }),
      400,
      'invalid-request',
      'smtp.tls.mode',
    ],
    [
      'facts beside JSON',
      await post('/v1/verify?clientIp=192.0.2.1', { message }),
      400,
      'invalid-request',
      'query.clientIp',
    ],
    ['JSON that is not JSON', await post('/v1/verify', '{"message": ', 'application/json'), 400, 'invalid-json'],
    ['JSON that is no object', await post('/v1/verify', '[]', 'application/json'), 400, 'invalid-request'],
    [
      'base64 that is not base64',
      await post('/v1/verify', { message: 'a*b=', encoding: 'base64' }),
      400,
      'invalid-base64',
      'message',
    ],
    [
      'base64 that was cut',
      await post('/v1/verify', { message: 'abcde', encoding: 'base64' }),
      400,
      'invalid-base64',
      'message',
    ],
    [
      'a wrong overlay',
      await post('/v1/verify', { message, dns: [{ name: 'a.example', type: 'A', records: ['not an address'] }] }),
      400,
      'invalid-request',
      'dns[0].records[0]',
    ],
    [
      'an unknown part',
      await post('/v1/verify?include=everything', message, 'text/plain'),
      400,
      'invalid-request',
      'query.include.0',
    ],
    [
      'a header block over 1 MiB',
      await post('/v1/verify', Buffer.alloc(1_100_000, 'A: b\r\n'), 'text/plain'),
      413,
      'header-too-large',
    ],
    ['no such address', await post('/v1/verifie', message, 'text/plain'), 404, 'not-found'],
  ];
  for (const [name, response, status, type, path] of cases) {
    assert.equal(response.statusCode, status, `${name}: ${response.body}`);
    assert.match(response.headers['content-type'] as string, /^application\/problem\+json/, name);
    const problem = Problem.parse(response.json());
    assert.equal(problem.type, `urn:mailverdict:problem:${type}`, name);
    if (path !== undefined) assert.equal(problem.errors?.[0]?.path, path, name);
    assert.doesNotMatch(response.body, /\/src\/|node_modules|\n\s+at /, name);
  }
});

test('POST /v1/verify takes 20 own hosts as names, wildcards, addresses and networks, and names the field of one more or of a wrong one', async () => {
  const message = example('forwarded.eml');
  const hosts = (count: number) => Array.from({ length: count }, (_, index) => `h${index}.mine.example`);
  const good = [
    'mx.alumni.example',
    '*.alumni.example',
    '*.alumni.example,192.0.2.1,2001:db8::/32,203.0.113.0/24',
    `mx.alumni.example,${hosts(19)}`,
  ];
  for (const list of good) {
    const answer = await post(`/v1/verify?trustReceived=${list}`, message, 'message/rfc822');
    assert.equal(answer.statusCode, 200, answer.body);
    const inJson = { message: message.toString('utf8'), trustReceived: list.split(',') };
    assert.deepEqual(comparable((await post('/v1/verify', inJson)).body), comparable(answer.body), list);
    const { derived, smtp } = answer.json<Verdict>();
    assert.deepEqual([smtp.clientIp, derived?.trustReceived], ['192.0.2.10', list.split(',')]);
  }
  for (const list of [hosts(21), 'a b', '*', '*.', 'mx.*.example', '10.0.0.0/33', 'host/8', 'x'.repeat(256), '']) {
    const answer = await post(`/v1/verify?trustReceived=${encodeURIComponent(`${list}`)}`, message, 'message/rfc822');
    assert.equal(answer.statusCode, 400, `${list}`);
    assert.match(answer.json<Problem>().errors?.[0]?.path ?? '', /^query\.trustReceived/);
  }
});

test('POST /v1/verify refuses a body over the limit, raw and inside base64, and lives on', async () => {
  const small = await makeApp({ settings: { ...Config.parse({}), maxMessageBytes: 2048 } });
  try {
    const long = Buffer.concat([Buffer.from('From: a@brand.example\r\n\r\n'), Buffer.alloc(4096, 'x')]);
    const raw = await small.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: long,
      headers: { 'content-type': 'message/rfc822' },
    });
    assert.equal(raw.statusCode, 413);
    const json = await small.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: { message: long.toString('base64'), encoding: 'base64' },
    });
    assert.equal(json.statusCode, 413);
    assert.equal(
      (
        await small.inject({
          method: 'POST',
          url: '/v1/verify',
          payload: long.subarray(0, 2000),
          headers: { 'content-type': 'message/rfc822' },
        })
      ).statusCode,
      200,
    );
  } finally {
    await small.close();
  }
});

test('a fault of ours shows a title and a request id, nothing else, and the service lives', async () => {
  const broken = await makeApp({ verify: () => Promise.reject(new Error('secret detail of /etc/passwd')) });
  try {
    const response = await broken.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: 'From: a@b.example\r\n\r\n',
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(response.statusCode, 500);
    const problem = Problem.parse(response.json());
    assert.ok(problem.requestId);
    assert.doesNotMatch(response.body, /secret|passwd/);
    assert.equal((await broken.inject({ url: '/healthz' })).statusCode, 200);
  } finally {
    await broken.close();
  }
});

test('a client that hangs up stops its own verification only', async () => {
  const verify = makeVerifier();
  let aborted = 0;
  let started = 0;
  const slow = await makeApp({
    verify: async (message, facts, options = {}) => {
      if (facts.helo !== 'slow.example') return verify(message, facts, options);
      started++;
      await once(options.signal as AbortSignal, 'abort');
      aborted++;
      return verify(message, facts, options);
    },
  });
  const address = await slow.listen({ host: '127.0.0.1', port: 0 });
  try {
    const socket = connect(Number(new URL(address).port), '127.0.0.1');
    socket.write(
      'POST /v1/verify?helo=slow.example HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 25\r\n\r\nFrom: a@brand.example\r\n\r\n',
    );
    while (started === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = fetch(`${address}/v1/verify?${QUERY}`, {
      method: 'POST',
      body: new Uint8Array(example('aligned.eml')),
    });
    socket.destroy();
    assert.equal((await other).status, 200);
    while (aborted === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await fetch(`${address}/healthz`)).status, 200);
  } finally {
    await slow.close();
  }
});

test('GET /readyz is 503 while the service drains, GET /healthz is not', async () => {
  const draining = await makeApp({ isReady: () => false });
  try {
    assert.equal((await draining.inject({ url: '/readyz' })).statusCode, 503);
    assert.equal((await draining.inject({ url: '/healthz' })).statusCode, 200);
  } finally {
    await draining.close();
  }
});

test('GET /docs is an API reference served from here', async () => {
  const page = await app.inject({ url: '/docs/' });
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /swagger-ui/);
  assert.doesNotMatch(page.body, /(?:src|href)="https?:/);
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, file]) => new URL(String(file), 'http://x/docs/'),
  );
  assert.ok(files.length >= 5);
  for (const { pathname } of files) {
    const file = await app.inject({ url: pathname });
    assert.equal(file.statusCode, 200, pathname);
    const policy = String(file.headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self' 'sha256-[^ ;]+';/, pathname);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/, pathname);
  }
  const program = await app.inject({ url: '/docs/static/swagger-ui-bundle.js' });
  const headers = { 'if-none-match': String(program.headers.etag) };
  // Whatever the spelling, it comes from memory.
  for (const name of ['swagger-ui-bundle.js', 'swagger-ui-bundle.js?1', '%73wagger-ui-bundle.js'])
    assert.equal((await app.inject({ url: `/docs/static/${name}`, headers })).statusCode, 304, name);
});

test('POST /v1/verify decides with require, in the query and in JSON, and names the field of a wrong one', async () => {
  const message = example('aligned.eml');
  const raw = await post(`/v1/verify?${QUERY}&require=proven`, message, 'message/rfc822');
  const { decision, author } = raw.json<Verdict>();
  assert.deepEqual(decision, { required: 'proven', satisfied: true, reasons: [author.summary] });
  const body = { message: message.toString('base64'), encoding: 'base64', require: 'vouched' };
  assert.equal((await post('/v1/verify', body)).json<Verdict>().decision?.satisfied, true);
  const wrong = await post('/v1/verify?require=yes', message, 'message/rfc822');
  assert.equal(wrong.statusCode, 400);
  assert.equal(wrong.json<Problem>().errors?.[0]?.path, 'query.require');
  assert.equal(
    (await post('/v1/verify', { ...body, require: 'unproven' })).json<Problem>().errors?.[0]?.path,
    'require',
  );
});
