import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutateReplies } from '../long/dns-replies.ts';

test('judgeReply never throws, keeps its limits and hands on no record of another owner, whatever the reply', () => {
  const { broken, outcomes } = mutateReplies(1, 4000);
  assert.deepEqual(broken, []);
  // The properties are worth something only where every kind of answer is among them.
  for (const kind of ['records', 'nodata', 'nxdomain', 'badresp', 'unproven', 'servfail', 'truncated', 'dropped'])
    assert.ok((outcomes[kind] ?? 0) > 10, `${kind}: ${outcomes[kind]}`);
});
