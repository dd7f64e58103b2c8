/**
 * A short run of the differential check; `node test/dmarc/agreement.ts --cases 20000` is the long
 * one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareSeed } from './agreement.ts';

test('beginDmarc agrees with mailauth in strict mode on 3,000 generated cases', async () => {
  const differences: string[] = [];
  for (let seed = 1; seed <= 3000; seed++) {
    const difference = await compareSeed(seed);
    if (difference !== null) differences.push(difference);
  }
  assert.deepEqual(differences, []);
});
