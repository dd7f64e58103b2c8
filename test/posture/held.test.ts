import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Posture } from '../../schemas/posture/posture.ts';
import { createHeldPostures } from '../../src/posture/held.ts';
import { GOOD } from './cases.ts';
import { assessIn } from './world.ts';

const good: Posture = await assessIn(GOOD, 'brand.example');
const size = JSON.stringify(good).length;

test('createHeldPostures lets the least lately used go when there are too many', () => {
  const held = createHeldPostures(2, 1_000_000_000, () => 0);
  held.put('a', good);
  held.put('b', good);
  assert.ok(held.get('a'));
  held.put('c', good);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => held.get(key) !== undefined),
    [true, false, true],
  );
});

test('createHeldPostures keeps to its bytes', () => {
  const held = createHeldPostures(100, size * 2.5, () => 0);
  for (const key of ['a', 'b', 'c', 'd']) held.put(key, good);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => held.get(key) !== undefined),
    [false, false, true, true],
  );
  assert.equal(held.bytes(), size * 2);
  const small = createHeldPostures(100, size - 1, () => 0);
  small.put('a', good);
  assert.equal(small.get('a'), undefined);
});

test('createHeldPostures forgets when the time is over, and never holds what has none', () => {
  let nowMs = 0;
  const held = createHeldPostures(10, 1_000_000_000, () => nowMs);
  held.put('a', { ...good, ttlSeconds: 10 });
  held.put('b', { ...good, ttlSeconds: 0 });
  assert.equal(held.get('b'), undefined);
  nowMs = 9_001;
  assert.equal(held.get('a')?.ttlSeconds, 1);
  nowMs = 10_000;
  assert.equal(held.get('a'), undefined);
  assert.equal(held.bytes(), 0);
});

test('createHeldPostures with no room for entries holds nothing', () => {
  const held = createHeldPostures(0, 1_000_000_000, () => 0);
  held.put('a', good);
  assert.equal(held.get('a'), undefined);
});
