/** The task that a connection waits for: it is reported at intervals and can be stopped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TaskInFlight } from '../../../src/pipeline/milter/task-in-flight.ts';
import { handTime } from '../../hand-time.ts';

test('TaskInFlight calls back at each interval while a task runs, and not after it', async (context) => {
  const time = handTime(context);
  let calls = 0;
  const inFlight = new TaskInFlight(10, () => {
    calls += 1;
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const run = inFlight.run(() => promise);
  assert.equal(inFlight.isRunning, true);
  time.pass(25);
  assert.equal(calls, 2);
  resolve('result');
  assert.equal(await run, 'result');
  assert.equal(inFlight.isRunning, false);
  time.pass(25);
  assert.equal(calls, 2);
});

test('TaskInFlight passes on what a task throws, and can run the next one', async () => {
  const inFlight = new TaskInFlight(1_000, () => undefined);
  const fault = new Error('broken');
  await assert.rejects(
    inFlight.run(() => Promise.reject(fault)),
    fault,
  );
  assert.equal(await inFlight.run(async () => 'next'), 'next');
});

test('TaskInFlight stops the task that runs, and no later one', async () => {
  const inFlight = new TaskInFlight(1_000, () => undefined);
  inFlight.abort();
  const run = inFlight.run(async (signal) => {
    assert.equal(signal.aborted, false);
    inFlight.abort();
    return signal.aborted;
  });
  assert.equal(await run, true);
  assert.equal(await inFlight.run(async ({ aborted }) => aborted), false);
});
