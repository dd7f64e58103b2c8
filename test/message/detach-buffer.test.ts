import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detachBuffer } from '../../src/message/detach-buffer.ts';

test('detachBuffer empties a buffer that has its memory to itself, and with it every view', () => {
  const bytes = Buffer.alloc(100_000, 'x');
  const view = bytes.subarray(10, 20);
  detachBuffer(bytes);
  assert.deepEqual([bytes.length, view.length], [0, 0]);
  detachBuffer(bytes);
});

const KEPT: readonly { what: string; bytes: Buffer }[] = [
  { what: 'a part of larger memory', bytes: Buffer.alloc(100_000, 'x').subarray(0, 50_000) },
  { what: 'a small piece', bytes: Buffer.from('From: a@brand.example') },
  { what: 'memory that threads share', bytes: Buffer.from(new SharedArrayBuffer(100_000)).fill('x') },
];

for (const { what, bytes } of KEPT)
  test(`detachBuffer leaves ${what} as it is`, () => {
    const before = Buffer.from(bytes);
    detachBuffer(bytes);
    assert.deepEqual(bytes, before);
  });
