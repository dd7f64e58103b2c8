/** Gauges of several workers, gathered for one of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGaugeGathering, GATHER_MS } from '../../src/cluster/gauge-gathering.ts';
import type { ToWorker } from '../../src/cluster/protocol.ts';

const workerOf = (id: number, isConnected = true) => {
  const received: ToWorker[] = [];
  return {
    id,
    received,
    isConnected: () => isConnected,
    send: (message: ToWorker) => void received.push(message),
  };
};

test('createGaugeGathering answers once all have sent theirs, each counted once', () => {
  const gathering = createGaugeGathering();
  const [one, other, ending] = [workerOf(1), workerOf(2), workerOf(3, false)];
  gathering.begin(one, [one, other, ending]);
  assert.deepEqual(
    [one.received, other.received, ending.received].map(({ length }) => length),
    [1, 1, 0],
  );
  gathering.add(0, one, 'of one');
  gathering.add(0, one, 'again');
  gathering.add(7, other, 'of no gathering');
  assert.equal(one.received.length, 1);
  gathering.add(0, other, 'of the other');
  assert.deepEqual(one.received.at(-1), { kind: 'gauges-of-all', values: ['of one', 'of the other'] });
  gathering.add(0, other, 'too late');
  assert.equal(one.received.length, 2);
});

test('createGaugeGathering answers with what came when a worker stays silent', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const gathering = createGaugeGathering();
  const [one, silent] = [workerOf(1), workerOf(2)];
  gathering.begin(one, [one, silent]);
  gathering.add(0, one, 'of one');
  t.mock.timers.tick(GATHER_MS - 1);
  assert.equal(one.received.length, 1);
  t.mock.timers.tick(1);
  assert.deepEqual(one.received.at(-1), { kind: 'gauges-of-all', values: ['of one'] });
});
