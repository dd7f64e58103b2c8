/** The wait before a replacement starts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRestartDelay } from '../../src/cluster/restart-delay.ts';

test('createRestartDelay doubles after each short life up to 30 s, and starts anew after a long one', () => {
  const delay = createRestartDelay();
  const lives: [lifetimeMs: number, delayMs: number][] = [
    [3_600_000, 0],
    [10_000, 0],
    [9_999, 1_000],
    [0, 2_000],
    [0, 4_000],
    [0, 8_000],
    [0, 16_000],
    [0, 30_000],
    [0, 30_000],
    [60_000, 0],
    [0, 1_000],
  ];
  for (const [lifetimeMs, delayMs] of lives) assert.equal(delay(lifetimeMs), delayMs);
});

test('createRestartDelay counts for each slot by itself', () => {
  const [one, other] = [createRestartDelay(), createRestartDelay()];
  one(0);
  assert.deepEqual([one(0), other(0)], [2_000, 1_000]);
});
