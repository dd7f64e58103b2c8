/** From an SPF verdict to the answer to Postfix at RCPT time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpfCheck, SpfResult, SpfVerdict } from '../../../schemas/spf.ts';
import { NO_OPINION, policyAction, prependAnswer, refuseAnswer } from '../../../src/pipeline/policy/action.ts';
import { makeSpf } from '../make-verdict.ts';

const STRICT = { policySpfFail: 'reject', policySpfPermerror: 'reject', policySpfTemperror: 'defer' } as const;
const LENIENT = { policySpfFail: 'prepend', policySpfPermerror: 'prepend', policySpfTemperror: 'prepend' } as const;

const spf = (mailFrom: SpfResult | null, helo: SpfResult | null): SpfVerdict => {
  const check = makeSpf().mailFrom as SpfCheck;
  return makeSpf('none', {
    mailFrom: mailFrom === null ? null : { ...check, result: mailFrom },
    helo: helo === null ? null : { ...check, identity: 'helo', domain: 'mail.sender.example', result: helo },
  });
};

for (const [mailFrom, helo, strict, identity] of [
  ['pass', 'pass', 'prepend', 'mailfrom'],
  ['pass', 'fail', 'prepend', 'mailfrom'],
  ['fail', 'pass', '550 5.7.23', 'mailfrom'],
  ['none', 'fail', '550 5.7.23', 'helo'],
  [null, 'fail', '550 5.7.23', 'helo'],
  [null, 'pass', 'prepend', 'helo'],
  ['softfail', 'none', 'prepend', 'mailfrom'],
  ['neutral', null, 'prepend', 'mailfrom'],
  ['permerror', 'pass', '550 5.7.24', 'mailfrom'],
  ['temperror', 'pass', '451 4.7.24', 'mailfrom'],
] as const) {
  test(`policyAction answers MAIL FROM ${mailFrom} and HELO ${helo} with ${strict}, and never refuses where nothing is set to`, () => {
    const action = policyAction(spf(mailFrom, helo), STRICT);
    const said = action.kind === 'refuse' ? `${action.reply.code} ${action.reply.enhancedCode}` : action.kind;
    assert.equal(said, strict);
    const lenient = policyAction(spf(mailFrom, helo), LENIENT);
    assert.equal(lenient.kind === 'prepend' && lenient.check?.identity, identity);
  });
}

test('policyAction has no opinion where nothing could be checked', () => {
  assert.deepEqual(policyAction(spf(null, null), STRICT), { kind: 'prepend', check: null });
});

test('prependAnswer writes a folded field as one line, and nothing that would not fit', () => {
  assert.equal(
    prependAnswer('Received-SPF: pass (x)\r\n client-ip=192.0.2.1'),
    'action=PREPEND Received-SPF: pass (x) client-ip=192.0.2.1\n\n',
  );
  assert.equal(prependAnswer(null), NO_OPINION);
  assert.equal(prependAnswer(`Received-SPF: ${'x'.repeat(1000)}`), NO_OPINION);
});

test('refuseAnswer lets no line end into the answer', () => {
  assert.equal(
    refuseAnswer({ code: 550, enhancedCode: '5.7.23', text: 'a\n\naction=OK' }),
    'action=550 5.7.23 a action=OK\n\n',
  );
});
