import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Posture } from '../../schemas/posture/posture.ts';
import { createPostureCache } from '../../src/posture/cache.ts';
import { GOOD } from './cases.ts';
import { assessIn } from './world.ts';

const good: Posture = await assessIn(GOOD, 'brand.example');
const ROOM = 1_000_000_000;
const size = JSON.stringify(good).length;

test('createPostureCache evicts the least recently used when there are too many', () => {
  const cache = createPostureCache({ maxEntries: 2, maxBytes: ROOM }, () => 0);
  cache.set('a', good);
  cache.set('b', good);
  assert.ok(cache.get('a'));
  cache.set('c', good);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key) !== undefined),
    [true, false, true],
  );
});

test('createPostureCache keeps to its bytes', () => {
  const cache = createPostureCache({ maxEntries: 100, maxBytes: size * 2 + 100 }, () => 0);
  for (const key of ['a', 'b', 'c', 'd']) cache.set(key, good);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined),
    [false, false, true, true],
  );
  const small = createPostureCache({ maxEntries: 100, maxBytes: size - 1 }, () => 0);
  small.set('a', good);
  assert.equal(small.get('a'), undefined);
});

test('createPostureCache forgets when the time is over, and never holds what has none', () => {
  let nowMs = 0;
  const cache = createPostureCache({ maxEntries: 10, maxBytes: ROOM }, () => nowMs);
  cache.set('a', { ...good, ttlSeconds: 10 });
  cache.set('b', { ...good, ttlSeconds: 0 });
  assert.equal(cache.get('b'), undefined);
  nowMs = 9_001;
  assert.equal(cache.get('a')?.ttlSeconds, 1);
  nowMs = 10_000;
  assert.equal(cache.get('a'), undefined);
});

test('createPostureCache with no room for entries holds nothing', () => {
  const cache = createPostureCache({ maxEntries: 0, maxBytes: ROOM }, () => 0);
  cache.set('a', good);
  assert.equal(cache.get('a'), undefined);
});
