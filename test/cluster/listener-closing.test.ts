/** When the listeners of workers that end are closed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createListenerClosing, SETTLE_MS } from '../../src/cluster/listener-closing.ts';

const begin = (t: TestContext, count: number) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
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
    settled: () => {
      t.mock.timers.tick(SETTLE_MS);
      t.mock.timers.tick(1);
      return workers.map(({ times }) => times());
    },
  };
};

test('createListenerClosing closes those of one worker at once where others go on', (t) => {
  const { workers, closing, settled } = begin(t, 2);
  const [one] = workers;
  assert.ok(one);
  closing.request(one, false);
  assert.deepEqual(settled(), [1, 0]);
  closing.request(one, true);
  assert.deepEqual(settled(), [1, 0], 'once only');
});

test('createListenerClosing closes the last ones when no client comes to any of them', (t) => {
  const { workers, closing, end, settled } = begin(t, 2);
  const [one, other] = workers;
  assert.ok(one && other);
  end();
  closing.request(one, true);
  assert.deepEqual(settled(), [0, 0], 'the other has not ended its work');
  closing.request(other, false);
  assert.deepEqual(settled(), [0, 0], 'clients still come to the other');
  closing.request(other, true);
  assert.deepEqual(settled(), [1, 1]);
});

test('createListenerClosing waits until nothing was reported for a while', (t) => {
  const { workers, closing, end } = begin(t, 1);
  const [one] = workers;
  assert.ok(one);
  end();
  closing.request(one, true);
  t.mock.timers.tick(SETTLE_MS - 1);
  closing.request(one, false);
  t.mock.timers.tick(SETTLE_MS);
  closing.request(one, true);
  t.mock.timers.tick(SETTLE_MS - 1);
  assert.equal(one.times(), 0);
  t.mock.timers.tick(1);
  t.mock.timers.tick(1);
  assert.equal(one.times(), 1);
});

test('createListenerClosing does not wait for a worker that has exited', (t) => {
  const { workers, running, closing, end, settled } = begin(t, 2);
  const [one, other] = workers;
  assert.ok(one && other);
  end();
  closing.request(one, true);
  running.delete(other);
  closing.request(other, true);
  closing.settle();
  assert.deepEqual(settled(), [1, 0]);
});
