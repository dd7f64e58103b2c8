/** Tasks within a limit on their number and a deadline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimitedRuns } from '../../src/pipeline/limited-runs.ts';
import { handTime } from '../hand-time.ts';

test('createLimitedRuns gives the result of a task, and passes on what it throws', async () => {
  const runs = createLimitedRuns(1, 1_000);
  assert.equal(await runs.run(async () => 'result'), 'result');
  const fault = new Error('broken');
  await assert.rejects(
    runs.run(() => Promise.reject(fault)),
    fault,
  );
  await assert.rejects(
    runs.run(() => {
      throw fault;
    }),
    fault,
  );
  assert.equal(runs.running(), 0);
});

test('createLimitedRuns refuses a task when as many run as are allowed', async () => {
  const runs = createLimitedRuns(2, 1_000);
  const { promise, resolve } = Promise.withResolvers<string>();
  const running = [runs.run(() => promise), runs.run(() => promise)];
  assert.equal(await runs.run(() => assert.fail('must not start')), 'service-full');
  resolve('result');
  assert.deepEqual(await Promise.all(running), ['result', 'result']);
  assert.equal(await runs.run(async () => 'next'), 'next');
});

test('createLimitedRuns abandons a task at its deadline, and counts it until it ends', async (context) => {
  const runs = createLimitedRuns(1, 5);
  const { promise, reject } = Promise.withResolvers<never>();
  const time = handTime(context);
  let signal: AbortSignal | undefined;
  const run = runs.run((given) => {
    signal = given;
    return promise;
  });
  assert.equal(await time.passUntil(run, 1), 'too-slow');
  assert.equal(signal?.aborted, true);
  assert.equal(await runs.run(async () => 'next'), 'service-full');
  reject(new Error('stopped'));
  await assert.rejects(promise);
  assert.equal(runs.running(), 0);
});

test('createLimitedRuns abandons a task whose caller goes away, and starts none for a caller that is gone', async () => {
  const runs = createLimitedRuns(1, 1_000);
  const caller = new AbortController();
  let signal: AbortSignal | undefined;
  const run = runs.run((given) => {
    signal = given;
    return new Promise(() => undefined);
  }, caller.signal);
  const reason = new Error('gone');
  caller.abort(reason);
  await assert.rejects(run, reason);
  assert.equal(signal?.aborted, true);
  await assert.rejects(
    runs.run(() => assert.fail('must not start'), caller.signal),
    reason,
  );
  assert.equal(runs.running(), 1);
});
