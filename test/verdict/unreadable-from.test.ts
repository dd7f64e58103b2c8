/** What is done with a message whose From names no author, or several: never a way around a policy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import { exampleLookup, makeVerifier } from './make-verifier.ts';

const judge = (from: string, settings: Partial<VerdictSettings> = {}, lookup = exampleLookup) =>
  makeVerifier({ enforce: true, ...settings }, lookup)(Buffer.from(`${from}Subject: x\r\n\r\nx\r\n`), {});

const unreadable = [
  '',
  'From: <x@quiet.example> <alice@brand.example>\r\n',
  'From: alice@brand.example\r\nFrom: x@quiet.example\r\n',
];
for (const from of unreadable) {
  test(`verify refuses ${JSON.stringify(from)} under ENFORCE, with a reply that tells why`, async () => {
    const { disposition, dmarc } = await judge(from);
    assert.equal(dmarc.result, 'permerror');
    assert.equal(disposition.action, 'reject');
    assert.equal(disposition.smtpReply?.code, 550);
    assert.equal(disposition.smtpReply?.enhancedCode, '5.7.1');
  });

  test(`verify follows UNREADABLE_FROM for ${JSON.stringify(from)}`, async () => {
    for (const word of ['accept', 'quarantine'] as const)
      assert.equal((await judge(from, { unreadableFrom: word })).disposition.action, word);
  });
}

test('verify tells without ENFORCE what would be done with an unreadable From', async () => {
  const { disposition } = await judge('', { enforce: false });
  assert.deepEqual([disposition.action, disposition.wouldBe], ['accept', 'reject']);
});

test('verify follows the strictest policy of several author domains, whatever UNREADABLE_FROM says', async () => {
  const from = 'From: x@nothing-published.example, alice@brand.example\r\n';
  assert.equal((await judge(from, { unreadableFrom: 'accept' })).disposition.action, 'reject');
  const nobodyAsks = 'From: x@nothing-published.example, y@neither-here.example\r\n';
  assert.equal((await judge(nobodyAsks)).disposition.action, 'accept');
});

test('verify refuses for now where the policy of one of several author domains is not known', async () => {
  const { disposition } = await judge(
    'From: x@down.example, y@nothing-published.example\r\n',
    {},
    async (question, deadline) =>
      question.name.endsWith('down.example')
        ? { kind: 'failure', failure: 'servfail', source: 'zone' }
        : exampleLookup(question, deadline),
  );
  assert.deepEqual([disposition.action, disposition.smtpReply?.code], ['tempfail', 451]);
});
