/**
 * From a decision to the replies at the end of a message, checked on what Postfix and Sendmail make
 * of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../../src/pipeline/decision.ts';
import { createForgedFieldFinder } from '../../../src/pipeline/forged-fields.ts';
import { repliesFor } from '../../../src/pipeline/milter/reply.ts';
import { writeReplies } from '../../../src/pipeline/milter/wire.ts';
import { applyEdits, readReplies } from './mta.ts';

const AGREED = { version: 6, actions: 0x131, protocol: 0x140580 };

const decision = (over: Partial<Decision> = {}): Decision => ({
  action: 'accept',
  reason: 'DMARC passes',
  cause: 'verdict',
  wouldBe: 'accept',
  smtpReply: null,
  remove: [],
  add: [{ name: 'Authentication-Results', value: 'mx.rcpt.example;\r\n spf=pass' }],
  verdict: null,
  ...over,
});

const codes = (replies: ReturnType<typeof repliesFor>): string =>
  readReplies(writeReplies(replies))
    .map(({ code }) => code)
    .join('');

test('repliesFor folds with bare LF and writes the space after the colon itself', () => {
  assert.deepEqual(repliesFor(decision(), AGREED, 'header'), [
    { kind: 'insert-header', index: 0, name: 'Authentication-Results', value: ' mx.rcpt.example;\n spf=pass' },
    { kind: 'continue' },
  ]);
});

test('repliesFor leaves the space to the mail server without HDR_LEADSPC', () => {
  const [insert] = repliesFor(decision(), { ...AGREED, protocol: 0 }, 'header');
  assert.equal(insert?.kind === 'insert-header' && insert.value, 'mx.rcpt.example;\n spf=pass');
});

test('repliesFor answers a refusal with one reply code and no edit', () => {
  const refused = decision({
    action: 'reject',
    smtpReply: { code: 550, enhancedCode: '5.7.26', text: '100% no' },
    remove: [{ name: 'Authentication-Results', occurrence: 1 }],
  });
  assert.deepEqual(repliesFor(refused, AGREED, 'header'), [{ kind: 'replycode', line: '550 5.7.26 100? no' }]);
});

for (const [title, actions, setting, expected] of [
  ['holds a quarantined message where that is set', 0x131, 'hold', 'iqc'],
  ['only marks it where that is set', 0x131, 'header', 'ic'],
  ['only marks it where the mail server cannot hold', 0x111, 'hold', 'ic'],
] as const) {
  test(`repliesFor ${title}`, () => {
    assert.equal(codes(repliesFor(decision({ action: 'quarantine' }), { ...AGREED, actions }, setting)), expected);
  });
}

test('repliesFor keeps a quarantine reason to 100 printable octets', () => {
  const replies = repliesFor(decision({ action: 'quarantine', reason: `ü${'x'.repeat(200)}` }), AGREED, 'hold');
  const [, quarantine] = replies;
  assert.equal(quarantine?.kind === 'quarantine' && quarantine.reason, `?${'x'.repeat(99)}`);
});

test('repliesFor sends no removal that was not negotiated', () => {
  const remove = [{ name: 'Authentication-Results', occurrence: 1 }];
  assert.equal(codes(repliesFor(decision({ remove }), { ...AGREED, actions: 0x001 }, 'header')), 'ic');
});

const OURS = ['Authentication-Results', ' mx.rcpt.example; dkim=pass'] as const;
const FOREIGN = ['Authentication-Results', ' mx.other.example; dkim=pass'] as const;
const SUBJECT = ['Subject', ' hi'] as const;

for (const [title, fields] of [
  ['none of ours', [FOREIGN, SUBJECT]],
  ['one of ours', [FOREIGN, OURS, SUBJECT]],
  ['three of ours among foreign ones', [OURS, FOREIGN, OURS, SUBJECT, FOREIGN, OURS]],
  ['three of ours in a row', [OURS, OURS, OURS]],
  [
    'Received-SPF beside them',
    [['Received-SPF', ' pass receiver=mx.rcpt.example'] as const, OURS, ['X-Mailverdict-Quarantine', ' no'] as const],
  ],
] as const) {
  for (const shifting of [true, false]) {
    test(`repliesFor leaves ${shifting ? 'Postfix' : 'Sendmail'} with our field on top and no forged one, given ${title}`, () => {
      const finder = createForgedFieldFinder(['mx.rcpt.example'], 100);
      for (const [name, value] of fields) finder.add({ name, value });
      const replies = readReplies(writeReplies(repliesFor(decision({ remove: finder.found() }), AGREED, 'header')));
      assert.deepEqual(applyEdits(fields, replies, shifting), [
        'Authentication-Results: mx.rcpt.example;\n spf=pass',
        ...fields.filter((field) => field === FOREIGN || field === SUBJECT).map(([name, value]) => `${name}:${value}`),
      ]);
    });
  }
}

test('applyEdits shows what the wrong order would leave, so that the tests above can fail', () => {
  const removal = (index: number) => ({ code: 'm', index, texts: ['Authentication-Results', ''] });
  const ascending = [removal(1), removal(2), removal(3)];
  assert.equal(applyEdits([OURS, OURS, OURS], ascending, true).length, 1);
  assert.equal(applyEdits([OURS, OURS, OURS], ascending, false).length, 0);
  const insertFirst = [{ code: 'i', index: 0, texts: ['Authentication-Results', ' new'] }, removal(1)];
  assert.deepEqual(applyEdits([OURS], insertFirst, true), ['Authentication-Results: mx.rcpt.example; dkim=pass']);
});
