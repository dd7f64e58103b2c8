/** Cells and spreads: plain numbers under words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTo, createCells, createSpread } from '../../src/telemetry/counters.ts';

test('createCells gives one cell for the same words, and keeps words in other places apart', () => {
  const cells = createCells(() => ({ count: 0 }));
  cells.at('spf', 'pass').count += 2;
  cells.at('pass', 'spf').count += 1;
  cells.at('spf', 'pass').count += 1;
  cells.at().count += 5;
  assert.deepEqual(cells.all(), [
    [['spf', 'pass', ''], { count: 3 }],
    [['pass', 'spf', ''], { count: 1 }],
    [['', '', ''], { count: 5 }],
  ]);
});

test('addTo puts a value on a bound below it, and what passes all bounds into the last bucket', () => {
  const bounds = [1, 2.5, 10];
  const spread = createSpread(bounds);
  for (const value of [0, 1, 1.5, 10, 10.5, 100]) addTo(spread, bounds, value);
  assert.deepEqual(spread, { counts: [2, 1, 1, 2], sum: 123 });
});
