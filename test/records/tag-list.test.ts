/** Tag lists of records: what a list of nothing but faults costs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_TOLD, parseTagList } from '../../src/records/tag-list.ts';

test('parseTagList tells a bounded number of faults and repeated tags', () => {
  assert.equal(parseTagList(';'.repeat(65_535)).faults.length, MAX_TOLD);
  const { tags, repeated } = parseTagList('a=b;'.repeat(1000));
  assert.deepEqual([tags.length, repeated.length], [1000, MAX_TOLD]);
});
