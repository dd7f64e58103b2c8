/**
 * Raw request bodies over a real connection: what came is what is judged, however large and in
 * whatever pieces, and what is wrong is told.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { makeVerifier } from '../verdict/make-verifier.ts';
import { makeApp } from './make-app.ts';

const MAX_BYTES = 6_000_000;
const verify = makeVerifier();
let judgedBytes = 0;
let judged: Buffer = Buffer.alloc(0);
const app = await makeApp({
  verify: (message, facts, options) => {
    judgedBytes += message.length;
    judged = message;
    return verify(message, facts, options);
  },
  settings: {
    maxMessageBytes: MAX_BYTES,
    requestTimeoutMs: 20_000,
  },
});
const address = await app.listen({ host: '127.0.0.1', port: 0 });
after(() => app.close());

/** Sends the pieces as they are, chunked where there is no length. */
const send = async (pieces: Iterable<Buffer>, length?: number): Promise<{ status: number; body: string }> => {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece.toString('latin1');
  });
  // What is refused before its end may end the connection while pieces are still under way.
  socket.on('error', () => undefined);
  const framing = length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  socket.write(`POST /v1/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framing}\r\n\r\n`);
  for (const piece of pieces) {
    if (length !== undefined) socket.write(piece);
    else socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
  }
  if (length === undefined) socket.write('0\r\n\r\n');
  await once(socket, 'close');
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
};

const HEADER = Buffer.from('From: a@brand.example\r\n\r\n');

test('acceptBodies joins a body of many turns octet by octet, with a length and chunked', async () => {
  const message = Buffer.concat([HEADER, randomBytes(5_000_000)]);
  const pieces = [message.subarray(0, 7), message.subarray(7, 1_200_000), message.subarray(1_200_000)];
  const digest = createHash('sha256').update(message).digest('hex');
  for (const length of [message.length, undefined]) {
    const { status, body } = await send(pieces, length);
    assert.equal(status, 200);
    assert.match(body, new RegExp(digest), `length ${length}`);
  }
});

test('acceptBodies refuses a body over the limit by its declared length, and a chunked one when it passes the limit', async () => {
  const before = judgedBytes;
  assert.equal((await send([], MAX_BYTES + 1)).status, 413);
  const piece = Buffer.alloc(1_000_000, 'x');
  assert.equal((await send(Array(7).fill(piece))).status, 413);
  assert.equal(judgedBytes, before);
  assert.equal((await send([HEADER, ...Array(5).fill(piece)])).status, 200);
});

test('acceptBodies refuses a body that is not as long as its declared length', async () => {
  const { statusCode } = await app.inject({
    method: 'POST',
    url: '/v1/verify',
    headers: { 'content-type': 'message/rfc822', 'content-length': '1000' },
    payload: HEADER,
  });
  assert.equal(statusCode, 400);
});

test('acceptBodies drops a body whose client goes away in the middle of it, and the service lives', async () => {
  const before = judgedBytes;
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write(`POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n${HEADER}`);
  const [request] = (await once(app.server, 'request')) as [NodeJS.EventEmitter];
  const ended = new Promise((resolve) => request.once('close', resolve));
  socket.destroy();
  await ended;
  assert.equal(judgedBytes, before);
  assert.equal((await send([HEADER], HEADER.length)).status, 200);
});

test('acceptBodies reads messages whose memory is given back once they are judged', async () => {
  const message = Buffer.concat([HEADER, randomBytes(300_000)]);
  for (const pieces of [[message], [message.subarray(0, 100_000), message.subarray(100_000)]]) {
    const { status, body } = await send(pieces, message.length);
    assert.equal(status, 200);
    assert.match(body, new RegExp(createHash('sha256').update(message).digest('hex')));
    assert.equal(judged.length, 0);
    assert.equal(judged.buffer.byteLength, 0);
  }
});
