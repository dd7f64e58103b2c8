/**
 * What is done with a message whose From names no author, or several: never a way around a policy.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerdictSettings } from '../../../schemas/verdict.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { exampleLookup, makeVerifier } from '../make-verifier.ts';

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

test('verify takes the strictest of the policies that several author domains publish (RFC 9989 section 11.5)', async () => {
  const lookup: Lookup = async (question, deadline) => {
    const [, policy] = /^_dmarc\.(none|quarantine|reject)\.example$/.exec(question.name) ?? [];
    if (policy === undefined) return exampleLookup(question, deadline);
    const records = [[`v=DMARC1; p=${policy}`]];
    return { kind: 'records', records, ttlSeconds: 60, authenticated: false, source: 'zone' };
  };
  const cases: [from: string, action: string][] = [
    ['a@none.example, b@nothing-published.example', 'accept'],
    ['a@none.example, b@quarantine.example', 'quarantine'],
    ['a@quarantine.example, b@none.example', 'quarantine'],
    ['a@quarantine.example, b@reject.example, c@none.example', 'reject'],
    ['G: a@none.example;, b@reject.example', 'reject'],
  ];
  for (const [from, action] of cases)
    assert.equal((await judge(`From: ${from}\r\n`, {}, lookup)).disposition.action, action, from);
});

test('verify counts 10 author domains, and leaves a From of 11 to UNREADABLE_FROM', async () => {
  const from = (count: number) =>
    `From: ${Array.from({ length: count }, (_, at) => `a@d${at}.nothing-published.example`).join(', ')}\r\n`;
  assert.equal((await judge(from(10), { unreadableFrom: 'reject' })).disposition.action, 'accept');
  assert.equal((await judge(from(11), { unreadableFrom: 'reject' })).disposition.action, 'reject');
});

test('verify asks nothing of an author domain that passes, and all of one beside it that does not', async () => {
  const open: Lookup = async ({ name, type }, deadline) => {
    const text = new Map([
      ['one.example', 'v=spf1 +all'],
      ['_dmarc.one.example', 'v=DMARC1; p=reject'],
      ['_dmarc.two.example', 'v=DMARC1; p=reject'],
    ]).get(name);
    if (type !== 'TXT' || text === undefined) return exampleLookup({ name, type }, deadline);
    return { kind: 'records', records: [[text]], ttlSeconds: 60, authenticated: false, source: 'zone' };
  };
  const send = (from: string) =>
    makeVerifier({ enforce: true }, open)(Buffer.from(`From: ${from}\r\n\r\nx\r\n`), {
      clientIp: '192.0.2.25',
      mailFrom: 'a@one.example',
    });
  assert.equal((await send('a@one.example, b@mail.one.example')).disposition.action, 'accept');
  assert.equal((await send('a@one.example, b@two.example')).disposition.action, 'reject');
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
