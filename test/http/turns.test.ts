/**
 * Turns of reading, over streams that a test fills, with a clock that each piece moves: what is
 * read in a turn, in which order the rest follows, and that nothing is lost.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTurns, type ParserState, TURN_MS, TURN_REQUESTS, TURNS_FOR_NEW } from '../../src/http/turns.ts';

const SEGMENT_BYTES = 65_536;

/** Pieces of one turn. */
const TURN = 8;

/** A server of which each piece takes an eighth of a turn. */
const busyServer = () => {
  let nowMs = 0;
  const takeTurns = createTurns(() => nowMs);
  const order: string[] = [];
  const connectionOf = (
    name: string,
    given: Partial<ParserState> = {},
    onPiece: (state: ParserState, piece: Buffer) => void = () => undefined,
  ) => {
    const state: ParserState = { requests: 0, bodyBytes: 0, parsedBytes: 0, ...given };
    const stream = new Readable({ read() {}, highWaterMark: SEGMENT_BYTES });
    const heard: Buffer[] = [];
    stream.on('data', (piece: Buffer) => {
      heard.push(piece);
      order.push(name);
      onPiece(state, piece);
      nowMs += TURN_MS / TURN;
    });
    takeTurns(stream as unknown as Socket, state);
    return { stream, state, heard: () => Buffer.concat(heard) };
  };
  return { connectionOf, order };
};

const numbered = (bytes: number): Buffer => Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => at % 251));

test('createTurns reads in a turn for its time, then the held connections one after the other', async () => {
  const { connectionOf, order } = busyServer();
  const sent = numbered(SEGMENT_BYTES);
  const busy = ['a', 'b', 'c'].map((name) => connectionOf(name, { requests: 1 }));
  for (const { stream } of busy) stream.push(sent);
  // Streams emit in a microtask, turns change behind it.
  await Promise.resolve();
  await new Promise((resolve) => process.nextTick(resolve));
  assert.deepEqual(order, Array(TURN).fill('a'));
  const small = connectionOf('small');
  small.stream.push(Buffer.from('GET'));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(order.at(-1), 'small', 'a connection with nothing under way does not wait');
  while (order.length < TURN + 1 + 3 * TURN) await nextTurn();
  assert.deepEqual(
    order.slice(TURN + 1, 4 * TURN + 1),
    ['a', 'b', 'c'].flatMap((name) => Array(TURN).fill(name)),
  );
  while (busy.some(({ heard }) => heard().length < SEGMENT_BYTES)) await nextTurn();
  for (const { heard } of busy) assert.deepEqual(heard(), sent);
});

test('createTurns reads the first octets of a body at once, and later ones in turns', async () => {
  const { connectionOf, order } = busyServer();
  const hog = connectionOf('hog', { requests: 1 });
  hog.stream.push(numbered(SEGMENT_BYTES));
  const body = connectionOf('body', {
    requests: 1,
    bodyBytes: 10 * SEGMENT_BYTES,
    last: { request: { complete: false } },
  });
  body.stream.push(numbered(SEGMENT_BYTES));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.deepEqual(order, [...Array(TURN).fill('hog'), 'body']);
  body.stream.push(numbered(SEGMENT_BYTES));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(order.length, TURN + 1);
  while (body.heard().length < 2 * SEGMENT_BYTES) await nextTurn();
});

test('createTurns ends a connection behind all that it sent, and keeps a pause of the parser', async () => {
  const { connectionOf } = busyServer();
  const hog = connectionOf('hog', { requests: 1 });
  hog.stream.push(numbered(SEGMENT_BYTES));
  const held = connectionOf('held', { requests: 1 });
  const sent = numbered(2 * SEGMENT_BYTES);
  held.stream.push(sent);
  held.stream.push(null);
  let endedAfter: number | null = null;
  held.stream.on('end', () => {
    endedAfter = held.heard().length;
  });
  await nextTurn();
  held.stream.pause();
  const before = held.heard().length;
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  assert.equal(held.heard().length, before, 'paused by the parser, it waits for the parser');
  assert.equal(endedAfter, null);
  held.stream.resume();
  while (endedAfter === null) await nextTurn();
  assert.equal(endedAfter, sent.length);
  assert.deepEqual(held.heard(), sent);
});

test('createTurns begins so many requests in a turn on connections that have others under way', async () => {
  const { connectionOf, order } = busyServer();
  const one = connectionOf('one', { requests: 1 }, (state) => {
    state.requests += 1;
  });
  one.stream.push(numbered(SEGMENT_BYTES));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(order.length, TURN_REQUESTS);
  await nextTurn();
  assert.ok(order.length <= 3 * TURN_REQUESTS, String(order.length));
  while (one.heard().length < SEGMENT_BYTES) await nextTurn();
});

test('createTurns leaves some turns in a row to new connections, and then goes on with the held ones', async () => {
  const { connectionOf, order } = busyServer();
  const hog = connectionOf('hog', { requests: 1 });
  hog.stream.push(numbered(SEGMENT_BYTES));
  await new Promise((resolve) => process.nextTick(resolve));
  for (let turn = 0; turn < TURNS_FOR_NEW; turn++) {
    connectionOf(`new${turn}`);
    await nextTurn();
  }
  assert.equal(order.length, TURN);
  connectionOf('one too many');
  await nextTurn();
  await nextTurn();
  assert.ok(order.length > TURN);
});

test('createTurns gives the parser a declared body in as many pieces as it came, however the head is cut', async () => {
  const head = 'POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n';
  const sent = Buffer.concat([Buffer.from(head), numbered(200_000)]);
  for (const cut of [SEGMENT_BYTES, 60, head.length - 2, head.length]) {
    const { connectionOf, order } = busyServer();
    let parsed = 0;
    const one = connectionOf('one', {}, (state, piece) => {
      parsed += piece.length;
      if (state.requests === 0 && parsed >= head.length)
        Object.assign(state, {
          requests: 1,
          bodyBytes: 200_000,
          parsedBytes: 0,
          last: { request: { complete: false } },
        });
    });
    one.stream.push(sent.subarray(0, cut));
    for (let at = cut; at < sent.length; at += SEGMENT_BYTES) {
      await nextTurn();
      one.stream.push(sent.subarray(at, at + SEGMENT_BYTES));
    }
    while (parsed < sent.length) await nextTurn();
    assert.deepEqual(one.heard(), sent);
    // Four segments of body, the head in two pieces at most, and what is counted for head and body.
    assert.ok(order.length <= 8, `${order.length} pieces`);
  }
});

test('createTurns gives the parser one head at a time', async () => {
  const { connectionOf } = busyServer();
  const pieces: string[] = [];
  const request = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const one = connectionOf('one', {}, (_, piece) => void pieces.push(String(piece)));
  one.stream.push(Buffer.from(request.repeat(1000)));
  while (one.heard().length < 1000 * request.length) await nextTurn();
  assert.deepEqual(pieces, Array(1000).fill(request));
});
