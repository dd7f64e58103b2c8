/**
 * A DNS failure puts a decision off and never changes it; 10,000 cases are run by
 * test/long/faulty-answers.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideTwice, faultyCase } from './faulty-answers.ts';

test('the pipeline decides under failing DNS as without failures, or refuses for now', async () => {
  await fc.assert(
    fc.asyncProperty(faultyCase, async (one) => {
      const { calm, faulty } = await decideTwice(one);
      assert.ok(faulty === calm || faulty === 'tempfail', `${calm} became ${faulty}`);
    }),
    { numRuns: 300 },
  );
});
