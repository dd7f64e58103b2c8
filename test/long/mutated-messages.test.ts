/** The first cases of the long run, so that it cannot rot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMutations } from './mutated-messages.ts';

test('verify makes no pass of a mutated message', async () => {
  const { count, pass, violations } = await runMutations(300, 20_261_127);
  assert.deepEqual(violations, []);
  assert.ok(pass > 0 && pass < count, `${pass} of ${count} pass`);
});
