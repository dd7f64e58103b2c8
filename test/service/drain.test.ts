/**
 * SIGTERM under load breaks nothing; the long form, with twenty runs of each, is
 * test/long/drain.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drainUnderLoad } from './drain-load.ts';

for (const [workers, target, readiness] of [
  [1, 'service', 503],
  [2, 'service', 503],
  [2, 'worker', 200],
] as const)
  test(`SIGTERM to the ${target} with ${workers} process(es) breaks no request over HTTP, milter and policy`, async () => {
    const drained = await drainUnderLoad(workers, target);
    assert.deepEqual(drained.broken, []);
    assert.deepEqual([drained.readiness, drained.exitCode], [readiness, 0]);
  });
