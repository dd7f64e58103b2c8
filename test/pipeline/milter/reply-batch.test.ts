/** Replies that go out in one write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyBatch } from '../../../src/pipeline/milter/reply-batch.ts';
import { readReplies } from './mta.ts';

const makeBatch = () => {
  const writes: Buffer[] = [];
  return { batch: new ReplyBatch((octets) => writes.push(octets)), writes };
};

test('ReplyBatch writes all its replies at once, in order, and none twice', () => {
  const { batch, writes } = makeBatch();
  batch.flush();
  batch.add({ kind: 'continue' });
  batch.add({ kind: 'accept' });
  batch.flush();
  batch.flush();
  assert.deepEqual(
    writes.map((octets) => readReplies(octets).map(({ code }) => code)),
    [['c', 'a']],
  );
});

test('ReplyBatch writes 1,000 replies without being asked', () => {
  const { batch, writes } = makeBatch();
  for (let count = 0; count < 1_001; count++) batch.add({ kind: 'continue' });
  batch.flush();
  assert.deepEqual(
    writes.map((octets) => readReplies(octets).length),
    [1_000, 1],
  );
});
