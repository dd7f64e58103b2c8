import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letGo } from '../../src/message/let-go.ts';

test('letGo empties a buffer that has its memory to itself, and with it every view', () => {
  const bytes = Buffer.alloc(100_000, 'x');
  const view = bytes.subarray(10, 20);
  letGo(bytes);
  assert.deepEqual([bytes.length, view.length], [0, 0]);
  letGo(bytes);
});

const KEPT: readonly { what: string; bytes: Buffer }[] = [
  { what: 'a part of larger memory', bytes: Buffer.alloc(100_000, 'x').subarray(0, 50_000) },
  { what: 'a small piece', bytes: Buffer.from('From: a@brand.example') },
  { what: 'memory that threads share', bytes: Buffer.from(new SharedArrayBuffer(100_000)).fill('x') },
];

for (const { what, bytes } of KEPT)
  test(`letGo leaves ${what} as it is`, () => {
    const before = Buffer.from(bytes);
    letGo(bytes);
    assert.deepEqual(bytes, before);
  });
