/**
 * What a body may cost: pieces, values, depth, octets of one caller and of all, and the time it
 * takes; each ends in an answer that says so.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createMemory } from '../../src/message/memory.ts';
import { handTime } from '../hand-time.ts';
import { makeApp } from './make-app.ts';

type App = Awaited<ReturnType<typeof makeApp>>;
const HEADER = 'From: a@brand.example\r\n\r\n';
const JSON_TYPE = { 'content-type': 'application/json' };
const problem = (body: string): string => JSON.parse(body).type.replace('urn:mailverdict:problem:', '');

const withApp = async (parts: Parameters<typeof makeApp>[0], work: (app: App, port: number) => Promise<void>) => {
  const app = await makeApp(parts);
  try {
    await work(app, Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port));
  } finally {
    app.server.closeAllConnections();
    await app.close();
  }
};
const open = (port: number, path: string, length: number | 'chunked', more = ''): Socket => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const framing = length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}${framing}\r\n\r\n`);
  return socket;
};
const answerOf = async (socket: Socket): Promise<string> => {
  let answer = '';
  for await (const piece of socket) {
    answer += String(piece);
    if (/\}\s*$/.test(answer)) break;
  }
  return answer;
};

test('a JSON body of too many values or too deep ones is refused before it is parsed', async () => {
  await withApp({}, async (app) => {
    const post = (url: string, payload: string) => app.inject({ method: 'POST', url, headers: JSON_TYPE, payload });
    const keys = `{${Array.from({ length: 250_001 }, (_, key) => `"${key}":1`).join(',')}}`;
    for (const url of ['/v1/verify', '/v1/replay'])
      for (const payload of [keys, '['.repeat(40), `{"a":"${'\\"'.repeat(9)}[[[","b":${'['.repeat(33)}`]) {
        const answer = await post(url, payload);
        assert.equal(answer.statusCode, 413, url);
        assert.match(answer.json().detail, /values|levels/);
      }
    const strings = JSON.stringify({ message: `${HEADER}${'[{,"\\'.repeat(100_000)}` });
    assert.equal((await post('/v1/verify', strings)).statusCode, 200);
  });
});

test('a body in a content encoding is refused on every route that takes one', async () => {
  await withApp({}, async (app) => {
    for (const url of ['/v1/verify', '/v1/verify/batch', '/v1/replay'])
      for (const encoding of ['gzip', 'deflate', 'br', 'identity, gzip', 'x']) {
        const headers = { 'content-type': 'application/mbox', 'content-encoding': encoding };
        const answer = await app.inject({ method: 'POST', url, headers, payload: HEADER });
        assert.equal(answer.statusCode, 415, `${url} ${encoding}`);
        assert.equal(problem(answer.body), 'unsupported-encoding');
      }
    const headers = { 'content-type': 'message/rfc822', 'content-encoding': 'Identity' };
    assert.equal((await app.inject({ method: 'POST', url: '/v1/verify', headers, payload: HEADER })).statusCode, 200);
  });
});

test('a body in very many pieces of one octet is refused', async () => {
  await withApp({}, async (_app, port) => {
    const socket = open(port, '/v1/verify', 'chunked');
    socket.write('1\r\nx\r\n'.repeat(20_000));
    assert.match(await answerOf(socket), /^HTTP\/1.1 413 [\s\S]*pieces/);
    socket.destroy();
  });
});

test('beyond MAX_TOTAL_BYTES a body is answered with 503 and Retry-After, health is still served, and what ended is given back', async () => {
  const memory = createMemory(100_000);
  await withApp({ memory }, async (app, port) => {
    const answer = await answerOf(
      open(port, '/v1/verify', 200_000).on('connect', function (this: Socket) {
        this.write(Buffer.alloc(200_000));
      }),
    );
    assert.match(answer, /^HTTP\/1.1 503 [\s\S]*retry-after: \d[\s\S]*service-full/i);
    assert.equal((await app.inject('/healthz')).statusCode, 200);
    const good = await app.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: HEADER,
      headers: { 'content-type': 'message/rfc822' },
    });
    assert.equal(good.statusCode, 200);
    assert.equal(memory.held, 0);
  });
});

test('one caller with several bodies does not take more than its share', async () => {
  const memory = createMemory(10_000_000);
  await withApp({ memory, settings: { maxCallerBytes: 65_536 } as never }, async (app, port) => {
    const first = open(port, '/v1/verify', 1_000_000);
    first.write(Buffer.alloc(200_000));
    while (memory.held < 200_000) await new Promise((resolve) => setImmediate(resolve));
    const second = open(port, '/v1/verify', 100);
    second.write(Buffer.alloc(100));
    assert.match(await answerOf(second), /^HTTP\/1.1 503 /);
    const other = await app.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: HEADER,
      remoteAddress: '192.0.2.7',
      headers: { 'content-type': 'message/rfc822' },
    });
    assert.equal(other.statusCode, 200);
    first.destroy();
    await once(first, 'close');
  });
});

/**
 * The answer to what is sent on a socket, with time passing from when it says `before`, or from the
 * start, until the answer is out.
 */
const answerInTime = async (t: TestContext, app: App, socket: Socket, before?: RegExp): Promise<string> => {
  const finished = new Promise<void>((resolve) =>
    app.server.prependOnceListener('request', (_, response) => response.once('finish', () => resolve())),
  );
  const time = handTime(t);
  let heard = '';
  const said = Promise.withResolvers<void>();
  socket.on('data', (piece) => {
    heard += String(piece);
    if (before?.test(heard)) said.resolve();
  });
  if (before !== undefined) await said.promise;
  await time.passUntil(finished, 1_000);
  time.end();
  while (!/\}\s*$|\r\n0\r\n\r\n$/.test(heard)) await once(socket, 'data');
  return heard;
};

test('a body that stalls is answered with 408', async (t) => {
  await withApp({}, async (app, port) => {
    const answer = await answerInTime(t, app, open(port, '/v1/verify', 1_000));
    assert.match(answer, /^HTTP\/1.1 408 [\s\S]*request-timeout/);
  });
});

test('a batch that stalls says in its last line that it ends early', async (t) => {
  // One at a time: the first verdict is out before the second message is whole.
  await withApp({ settings: { batchWidth: 1 } as never }, async (app, port) => {
    const batch = open(port, '/v1/verify/batch', 1_000, 'Content-Type: application/mbox\r\n');
    batch.write(`From a\n${HEADER}one\r\n\r\nFrom b\n${HEADER}two`);
    const answer = await answerInTime(t, app, batch, /"index":0,"verdict"/);
    assert.match(answer, /"index":0,"verdict"[\s\S]*"index":1,"problem":\{[^}]*request-timeout[^}]*ends early/);
    assert.doesNotMatch(answer, /HTTP\/1.1 408/);
  });
});
