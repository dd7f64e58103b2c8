/** From a verdict to an action and header edits: one table for every face. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Disposition, Verdict } from '../../schemas/verdict.ts';
import { decide, decideWithoutVerdict, fieldValue, stampAuthenticated } from '../../src/pipeline/decision.ts';
import type { Enforcement } from '../../src/pipeline/enforcement.ts';
import { makeDisposition, makeSignature, makeVerdict } from './make-verdict.ts';

type FailureSettings = Parameters<typeof decideWithoutVerdict>[2];
type VerdictGrounds = Parameters<typeof decide>[1];

const FORGED = [
  { name: 'Authentication-Results', occurrence: 3 },
  { name: 'Authentication-Results', occurrence: 1 },
];

const grounds = (over: Partial<VerdictGrounds> = {}): VerdictGrounds => ({
  forged: FORGED,
  restored: [],
  authservId: 'mx.rcpt.example',
  exactness: 'exact',
  enforcements: ['as-verdict'],
  addReceivedSpf: false,
  ...over,
});

const verdictThat = (wouldBe: Disposition['wouldBe'], enforced = true): Verdict =>
  makeVerdict({ disposition: makeDisposition(wouldBe, enforced) });

const ACTIONS: [
  wouldBe: Disposition['action'],
  enforced: boolean,
  enforcements: Enforcement[],
  expected: Disposition['action'],
][] = [
  ['reject', true, ['as-verdict'], 'reject'],
  ['reject', false, ['as-verdict'], 'accept'],
  ['reject', false, ['on'], 'reject'],
  ['reject', true, ['off'], 'accept'],
  ['reject', true, ['dry-run'], 'accept'],
  ['reject', true, ['on', 'off'], 'accept'],
  ['reject', true, ['on', 'dry-run'], 'accept'],
  ['reject', false, ['on', 'as-verdict'], 'accept'],
  ['quarantine', true, ['on'], 'quarantine'],
  ['tempfail', true, ['as-verdict'], 'tempfail'],
  ['tempfail', false, ['on'], 'tempfail'],
  ['accept', true, ['on'], 'accept'],
];

for (const [wouldBe, enforced, enforcements, expected] of ACTIONS) {
  const title = `a verdict of ${wouldBe}${enforced ? '' : ' that is not enforced'} under ${enforcements.join(' and ')}`;
  test(`decide answers ${title} with ${expected}`, () => {
    const decision = decide(verdictThat(wouldBe, enforced), grounds({ enforcements }));
    assert.equal(decision.action, expected);
    assert.equal(decision.wouldBe, wouldBe);
    const code = decision.smtpReply?.code;
    assert.equal(code, expected === 'reject' ? 550 : expected === 'tempfail' ? 451 : undefined);
    assert.equal(decision.smtpReply?.enhancedCode, { reject: '5.7.26', tempfail: '4.7.0' }[expected as string]);
  });
}

test('decide removes forged fields and puts ours on top', () => {
  const decision = decide(verdictThat('accept'), grounds());
  assert.deepEqual(decision.remove, FORGED);
  assert.deepEqual(decision.add, [
    {
      name: 'Authentication-Results',
      value: 'mx.rcpt.example;\r\n spf=pass smtp.mailfrom=sender.example;\r\n dkim=pass header.d=sender.example',
    },
  ]);
});

test('decide adds Received-SPF below Authentication-Results where it is asked for', () => {
  const names = decide(verdictThat('accept'), grounds({ addReceivedSpf: true })).add.map(({ name }) => name);
  assert.deepEqual(names, ['Received-SPF', 'Authentication-Results']);
});

test('decide marks a quarantined message with a field of its own', () => {
  const [mark] = decide(verdictThat('quarantine'), grounds()).add;
  assert.deepEqual(mark, {
    name: 'X-Mailverdict-Quarantine',
    value: 'yes; reason="DMARC fails and the policy is quarantine"',
  });
});

test('decide changes nothing in a dry run, and only then', () => {
  const dry = decide(verdictThat('reject'), grounds({ enforcements: ['dry-run'] }));
  assert.deepEqual([dry.action, dry.wouldBe, dry.remove, dry.add], ['accept', 'reject', [], []]);
  const mixed = decide(verdictThat('reject'), grounds({ enforcements: ['dry-run', 'off'] }));
  assert.equal(mixed.add.length, 1);
});

test('decide writes a safe reply of its own where a recipient enforces and the service does not', () => {
  const verdict = verdictThat('reject', false);
  const reply = decide(
    { ...verdict, dmarc: { ...verdict.dmarc, authorDomain: 'bücher%.example' } },
    grounds({ enforcements: ['on'] }),
  ).smtpReply;
  assert.deepEqual(reply, {
    code: 550,
    enhancedCode: '5.7.26',
    text: 'Message fails DMARC of b?cher?.example, whose policy is reject',
  });
});

for (const [cause, enhancedCode] of [
  ['dmarc', '5.7.26'],
  ['author', '5.7.1'],
  ['header', '5.6.0'],
  ['relay', '5.7.1'],
] as const)
  test(`decide writes a reply of its own that fits the cause: ${cause}`, () => {
    const disposition = { ...makeDisposition('reject', false), cause };
    const reply = decide(makeVerdict({ disposition }), grounds({ enforcements: ['on'] })).smtpReply;
    assert.deepEqual([reply?.code, reply?.enhancedCode], [550, enhancedCode]);
    assert.equal(/DMARC/.test(reply?.text ?? ''), cause === 'dmarc');
  });

const simple = makeSignature({ result: 'fail', canonicalization: { header: 'simple', body: 'simple' } });
const relaxed = makeSignature({ result: 'fail', canonicalization: { header: 'relaxed', body: 'simple' } });

for (const [title, exactness, dkim, action, results] of [
  ['a simple signature that may fail by lost white space', 'white-space-unknown', [simple], 'accept', ['neutral']],
  ['a relaxed signature that fails anyway', 'white-space-unknown', [relaxed], 'reject', ['fail']],
  ['an unsigned message', 'white-space-unknown', [], 'reject', []],
  ['any signature over a body that lost octets', 'body-lossy', [relaxed], 'accept', ['neutral']],
  ['a signature that failed although the octets are exact', 'exact', [simple], 'reject', ['fail']],
] as const) {
  test(`decide answers ${title} with ${action}`, () => {
    const decision = decide({ ...verdictThat('reject'), dkim: [...dkim] }, grounds({ exactness }));
    assert.equal(decision.action, action);
    assert.deepEqual(
      decision.verdict?.dkim.map(({ result }) => result),
      results,
    );
    assert.equal(decision.verdict?.disposition.override?.type, action === 'accept' ? 'other' : undefined);
    assert.equal(
      decision.verdict?.findings.some(({ code }) => code === 'message-not-exact'),
      exactness !== 'exact',
    );
  });
}

test('decide writes the field anew when a signature cannot be judged', () => {
  const decision = decide({ ...verdictThat('reject'), dkim: [simple] }, grounds({ exactness: 'white-space-unknown' }));
  const field = `Authentication-Results: ${decision.add.at(-1)?.value}`;
  assert.match(
    field,
    /^Authentication-Results: mx\.rcpt\.example;\r\n spf=pass [\s\S]+;\r\n dkim=neutral \(cannot be judged: /,
  );
  assert.equal(decision.verdict?.headers.authenticationResults, field);
});

test('decide leaves a temporary failure a temporary failure, exact or not', () => {
  const decision = decide(
    { ...verdictThat('tempfail'), dkim: [simple] },
    grounds({ exactness: 'white-space-unknown' }),
  );
  assert.equal(decision.action, 'tempfail');
});

const FAILURE: FailureSettings = {
  failureMode: 'tempfail',
  oversizedMessages: 'accept',
  dryRun: false,
  forgedIncomplete: false,
};

for (const [why, settings, action, code] of [
  ['fault', {}, 'tempfail', '451 4.7.1'],
  ['too-slow', {}, 'tempfail', '451 4.4.3'],
  ['service-full', {}, 'tempfail', '451 4.3.2'],
  ['fault', { failureMode: 'accept' }, 'accept', null],
  ['over-size', {}, 'accept', null],
  ['over-size', { oversizedMessages: 'reject' }, 'reject', '552 5.3.4'],
  ['over-size', { oversizedMessages: 'tempfail' }, 'tempfail', '452 4.3.4'],
  ['over-size', { forgedIncomplete: true }, 'reject', '552 5.3.4'],
  ['fault', { dryRun: true }, 'accept', null],
] as const) {
  test(`decideWithoutVerdict answers ${why} with ${JSON.stringify(settings)} by ${action}`, () => {
    const decision = decideWithoutVerdict(why, grounds(), { ...FAILURE, ...settings });
    assert.equal(decision.action, action);
    const reply = decision.smtpReply;
    assert.equal(reply === null ? null : `${reply.code} ${reply.enhancedCode}`, code);
  });
}

test('decideWithoutVerdict still removes forged fields and says that nothing was checked', () => {
  const decision = decideWithoutVerdict('over-size', grounds(), FAILURE);
  assert.deepEqual(decision.remove, FORGED);
  assert.deepEqual(decision.add, [
    { name: 'Authentication-Results', value: 'mx.rcpt.example; none (not evaluated because it is too large)' },
  ]);
});

for (const [identity, mechanism, expected] of [
  ['bob', 'PLAIN', 'mx.rcpt.example; auth=pass (PLAIN) smtp.auth=bob'],
  ['bob@rcpt.example', undefined, 'mx.rcpt.example; auth=pass smtp.auth=bob@rcpt.example'],
  ['bob; spf=pass (x"', 'PL)AIN', 'mx.rcpt.example; auth=pass (PLAIN) smtp.auth="bob; spf=pass (x\\""'],
  ['bücher', undefined, 'mx.rcpt.example; auth=pass'],
] as const) {
  test(`stampAuthenticated tells the identity ${identity} so that it cannot break out`, () => {
    const decision = stampAuthenticated(grounds(), { auth: { identity, ...(mechanism && { mechanism }) } });
    assert.deepEqual(decision.add, [{ name: 'Authentication-Results', value: expected }]);
    assert.deepEqual(decision.remove, FORGED);
  });
}

test('stampAuthenticated tells an identity beyond ASCII where the message may hold UTF-8, and a client whose name is unknown', () => {
  const stamp = (facts: SmtpFacts) => stampAuthenticated(grounds(), facts).add[0]?.value;
  const auth = { identity: 'bücher@münchen.example' };
  assert.equal(stamp({ auth }), 'mx.rcpt.example; auth=pass');
  assert.equal(
    stamp({ auth, protocol: 'UTF8SMTPSA' }),
    'mx.rcpt.example; auth=pass smtp.auth="bücher@münchen.example"',
  );
  assert.equal(
    stamp({ auth: { identity: 'bob@münchen.example' } }),
    'mx.rcpt.example; auth=pass smtp.auth=bob@xn--mnchen-3ya.example',
  );
  assert.equal(stamp({ auth: { mechanism: 'PLAIN' } }), 'mx.rcpt.example; auth=pass (PLAIN)');
});

test('fieldValue gives text without control characters whose every fold goes on with white space, whatever comes in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const lines = fieldValue(`x${text}`).split('\r\n');
      for (const line of lines) assert.match(line, /^[^\0-\x1f\x7f-\x9f]*$/);
      for (const line of lines.slice(1)) assert.match(line, /^ +[^ ]/);
    }),
  );
  assert.equal(fieldValue(' a\r\n\r\nb\r\n\tc'), 'a\r\n b\r\n c');
});

test('decide refuses a relay also where octets were lost that DKIM would need', () => {
  const dkim = [makeSignature({ result: 'fail' })];
  for (const [cause, action] of [
    ['relay', 'reject'],
    ['dmarc', 'accept'],
  ] as const) {
    const verdict = makeVerdict({ dkim, disposition: { ...makeDisposition('reject'), cause } });
    assert.equal(decide(verdict, grounds({ exactness: 'body-lossy' })).action, action);
  }
});
