/** When the listeners of workers that end are closed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createListenerClosing, SETTLE_MS } from '../../src/cluster/listener-closing.ts';

const begin = (t: TestContext, count: number) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const workers = Array.from({ length: count }, () => {
    let disconnected = 0;
    return {
      isListening: true,
      disconnect: () => void disconnected++,
      wasDisconnected: () => disconnected > 0,
      times: () => disconnected,
    };
  });
  const running = new Set(workers);
  let isEnding = false;
  const closing = createListenerClosing(running, () => isEnding);
  return {
    workers,
    running,
    closing,
    end: () => {
      isEnding = true;
    },
    settled: async () => {
      t.mock.timers.tick(SETTLE_MS);
      await nextTurn();
      return workers.map(({ times }) => times());
    },
  };
};

test('createListenerClosing closes those of one worker at once where others go on', async (t) => {
  const { workers, closing, settled } = begin(t, 2);
  const [one] = workers;
  assert.ok(one);
  closing.request(one, false);
  assert.deepEqual(await settled(), [1, 0]);
  closing.request(one, true);
  assert.deepEqual(await settled(), [1, 0], 'once only');
});

test('createListenerClosing closes the last ones when no client comes to any of them', async (t) => {
  const { workers, closing, end, settled } = begin(t, 2);
  const [one, other] = workers;
  assert.ok(one && other);
  end();
  closing.request(one, true);
  assert.deepEqual(await settled(), [0, 0], 'the other has not ended its work');
  closing.request(other, false);
  assert.deepEqual(await settled(), [0, 0], 'clients still come to the other');
  closing.request(other, true);
  assert.deepEqual(await settled(), [1, 1]);
});

test('createListenerClosing waits until nothing was reported for a while', async (t) => {
  const { workers, closing, end } = begin(t, 1);
  const [one] = workers;
  assert.ok(one);
  end();
  closing.request(one, true);
  t.mock.timers.tick(SETTLE_MS - 1);
  closing.request(one, false);
  t.mock.timers.tick(SETTLE_MS);
  await nextTurn();
  closing.request(one, true);
  t.mock.timers.tick(SETTLE_MS - 1);
  await nextTurn();
  assert.equal(one.times(), 0);
  t.mock.timers.tick(1);
  await nextTurn();
  assert.equal(one.times(), 1);
});

test('createListenerClosing does not wait for a worker that has exited', async (t) => {
  const { workers, running, closing, end, settled } = begin(t, 2);
  const [one, other] = workers;
  assert.ok(one && other);
  end();
  closing.request(one, true);
  running.delete(other);
  closing.request(other, true);
  closing.settle();
  assert.deepEqual(await settled(), [1, 0]);
});
