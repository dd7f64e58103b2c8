import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAgreement } from './agreement.ts';
import { MAILAUTH_THROWS } from './compare.ts';
import { DIFFERENCES } from './differences.ts';

test('verifyMessage gives the words of mailauth on 1,500 changed messages, listed differences aside', async () => {
  const { met, unexplained, words } = await runAgreement(1500, 1);
  assert.deepEqual(unexplained, []);
  const listed = [...DIFFERENCES.map(({ name }) => name), MAILAUTH_THROWS];
  for (const rule of met.keys()) assert.ok(listed.includes(rule), rule);
  // A run in which nothing verified any more, or everything did, would compare nothing.
  for (const word of ['pass', 'fail', 'neutral', 'policy', 'temperror', 'arc pass', 'arc fail', 'arc none']) {
    assert.ok((words.get(word) ?? 0) >= 20, `${word}: ${words.get(word) ?? 0}`);
  }
});
