/**
 * Outcomes in the order of their items: each is there as soon as it and all before it are, and no
 * more is read than the width allows.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inOrder } from '../../src/http/routes/ordered.ts';
import { makeApp } from './make-app.ts';

test('inOrder gives each outcome before it asks for an item that the client sends only then', async () => {
  for (const width of [1, 4]) {
    let send: (item: number) => void = () => undefined;
    const items = async function* (): AsyncGenerator<number> {
      for (let item = 0; item < 6; item++)
        yield await new Promise<number>((resolve) => {
          send = resolve;
        });
    };
    const outcomes = inOrder(items(), width, async (item) => item * 10);
    for (let item = 0; item < 6; item++) {
      const next = outcomes.next();
      await nextTurn();
      send(item);
      assert.deepEqual(await next, { done: false, value: item * 10 }, `width ${width}`);
    }
    assert.equal((await outcomes.next()).done, true);
  }
});

test('inOrder keeps the order and works on as many items as the width', async () => {
  const ends: (() => void)[] = [];
  let read = 0;
  const items = async function* (): AsyncGenerator<number> {
    for (; read < 10; read++) yield read;
  };
  const outcomes = inOrder(
    items(),
    3,
    (item) =>
      new Promise<number>((resolve) => {
        ends[item] = () => resolve(item);
      }),
  );
  const first = outcomes.next();
  while (ends.length < 3) await nextTurn();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.equal(ends.length, 3);
  ends[2]?.();
  ends[1]?.();
  await nextTurn();
  assert.equal(ends.length, 3, 'the oldest is not there yet');
  ends[0]?.();
  assert.equal((await first).value, 0);
  assert.equal((await outcomes.next()).value, 1);
  assert.equal((await outcomes.next()).value, 2);
});

test('inOrder ends the reading when nobody wants more, and passes on what fails', async () => {
  let hasEnded = false;
  const items = async function* (): AsyncGenerator<number> {
    try {
      yield 1;
      yield 2;
      throw new Error('no more to read');
    } finally {
      hasEnded = true;
    }
  };
  for await (const outcome of inOrder(items(), 1, async (item) => item)) {
    assert.equal(outcome, 1);
    break;
  }
  assert.ok(hasEnded);
  await assert.rejects(async () => {
    for await (const _ of inOrder(items(), 1, async (item) => item));
  }, /no more to read/);
  await assert.rejects(async () => {
    for await (const _ of inOrder(items(), 2, () => Promise.reject(new Error('no outcome'))));
  }, /no outcome/);
});

test('inOrder does not wait for an item that may never come when nobody wants more', async () => {
  const silent = { next: () => new Promise<never>(() => undefined), return: () => new Promise<never>(() => undefined) };
  let isFirst = true;
  const items: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      ...silent,
      next: () => {
        if (!isFirst) return silent.next();
        isFirst = false;
        return Promise.resolve({ done: false, value: 1 });
      },
    }),
  };
  for await (const outcome of inOrder(items, 2, async (item) => item)) {
    assert.equal(outcome, 1);
    break;
  }
});

test('POST /v1/verify/batch answers a client that waits for each verdict before it sends the next message', async (t) => {
  const app = await makeApp({ settings: { batchWidth: 4 } });
  t.after(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const sent = request({ port, path: '/v1/verify/batch', method: 'POST', agent: false });
  sent.setHeader('content-type', 'application/x-ndjson');
  const send = (): boolean => sent.write(`${JSON.stringify({ message: 'From: a@brand.example\r\n\r\n' })}\n`);
  send();
  const [response] = await once(sent, 'response');
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  for (let index = 0; index < 6; index++) {
    if (index > 0) send();
    const { value } = await lines.next();
    assert.equal(JSON.parse(value ?? '').index, index);
  }
  sent.end();
  assert.equal((await lines.next()).done, true);
});
