/**
 * Disposition and reasons over every combination of what a verdict can say and what a face can do
 * with it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DmarcPolicy } from '../../../schemas/dmarc.ts';
import type { Disposition, Override } from '../../../schemas/verdict.ts';
import { ONE_LEVEL_LOWER } from '../../../src/dmarc/policy.ts';
import { toCounted } from '../../../src/reports/outgoing/count.ts';
import { COUNT_SETTINGS, FACTS, makeDecision, makeReported } from './make-decision.ts';

const ACTIONS = ['accept', 'quarantine', 'reject', 'tempfail'] as const;
const POLICIES = ['none', 'quarantine', 'reject'] as const;
const OVERRIDE: Override = { type: 'trusted_forwarder', comment: 'the trusted forwarder lists.example handed it on' };

type Case = {
  readonly result: 'pass' | 'fail';
  readonly published: DmarcPolicy;
  readonly testing: boolean;
  readonly disposition: Disposition;
  readonly action: Disposition['action'];
};

const CASES: readonly Case[] = (['pass', 'fail'] as const).flatMap((result) =>
  POLICIES.flatMap((published) =>
    [false, true].flatMap((testing) =>
      (['dmarc', 'relay', 'header', 'author'] as const).flatMap((cause) =>
        ACTIONS.flatMap((wouldBe) =>
          ACTIONS.flatMap((asVerdict) =>
            ACTIONS.flatMap((action) =>
              [undefined, OVERRIDE].map((override) => ({
                result,
                published,
                testing,
                disposition: { action: asVerdict, wouldBe, cause, reason: '', ...(override && { override }) },
                action,
              })),
            ),
          ),
        ),
      ),
    ),
  ),
);

const rowOf = ({ result, published, testing, disposition, action }: Case) => {
  const applies = testing ? ONE_LEVEL_LOWER[published] : published;
  const verdict = makeReported({ result, published, testing, applies }, { disposition });
  return toCounted(makeDecision(verdict, { action }), FACTS, COUNT_SETTINGS)?.row ?? null;
};

test('toOutcome says what was done, and never differs from the published policy without a reason', () => {
  for (const one of CASES) {
    const row = rowOf(one);
    const said = JSON.stringify({ one, row });
    if (one.action === 'tempfail') {
      assert.equal(row, null, said);
      continue;
    }
    assert.ok(row !== null, said);
    const done = row.disposition === 'pass' ? 'none' : row.disposition;
    assert.equal(done, one.action === 'accept' ? 'none' : one.action, said);
    assert.equal(row.disposition === 'pass' && one.result === 'fail', false, said);
    const asked = one.result === 'pass' ? 'none' : one.published;
    if (done !== asked) assert.notEqual(row.reasons.length, 0, said);
    else if (one.action === 'accept') assert.deepEqual(row.reasons, [], said);
    for (const { comment } of row.reasons) assert.match(comment, /^[\x20-\x7e]{10,200}$/, said);
  }
});

const fail = (over: Partial<Case>): Case => ({
  result: 'fail',
  published: 'reject',
  testing: false,
  disposition: { action: 'reject', wouldBe: 'reject', cause: 'dmarc', reason: '' },
  action: 'reject',
  ...over,
});
const ACCEPTED = { action: 'accept', wouldBe: 'accept', cause: 'dmarc', reason: '' } as const;

const TABLE: readonly (readonly [what: string, given: Case, disposition: string, types: readonly string[]])[] = [
  ['the policy is followed', fail({}), 'reject', []],
  ['the policy asks for nothing', fail({ published: 'none', action: 'accept', disposition: ACCEPTED }), 'none', []],
  [
    'it passes under p=none',
    fail({ result: 'pass', published: 'none', action: 'accept', disposition: ACCEPTED }),
    'none',
    [],
  ],
  ['it passes under p=reject', fail({ result: 'pass', action: 'accept', disposition: ACCEPTED }), 'pass', []],
  [
    'it passes under p=quarantine with t=y, which asks for nothing',
    fail({ result: 'pass', published: 'quarantine', testing: true, action: 'accept', disposition: ACCEPTED }),
    'none',
    [],
  ],
  [
    't=y makes quarantine of reject',
    fail({
      testing: true,
      action: 'quarantine',
      disposition: { action: 'quarantine', wouldBe: 'quarantine', cause: 'dmarc', reason: '' },
    }),
    'quarantine',
    ['policy_test_mode'],
  ],
  [
    't=y makes nothing of quarantine',
    fail({ published: 'quarantine', testing: true, action: 'accept', disposition: ACCEPTED }),
    'none',
    ['policy_test_mode'],
  ],
  [
    'an override lets it through',
    fail({ action: 'accept', disposition: { ...ACCEPTED, override: OVERRIDE } }),
    'none',
    ['trusted_forwarder'],
  ],
  [
    'an override lets it through under t=y',
    fail({ testing: true, action: 'accept', disposition: { ...ACCEPTED, override: OVERRIDE } }),
    'none',
    ['policy_test_mode', 'trusted_forwarder'],
  ],
  [
    'policies are not enforced',
    fail({ action: 'accept', disposition: { action: 'accept', wouldBe: 'reject', cause: 'dmarc', reason: '' } }),
    'none',
    ['local_policy'],
  ],
  ['a recipient is not under the policy', fail({ action: 'accept' }), 'none', ['local_policy']],
  [
    'a relay is refused under p=none',
    fail({ published: 'none', disposition: { action: 'reject', wouldBe: 'reject', cause: 'relay', reason: '' } }),
    'reject',
    ['local_policy'],
  ],
];

for (const [what, given, disposition, types] of TABLE) {
  test(`toOutcome: ${what}`, () => {
    const row = rowOf(given);
    assert.equal(row?.disposition, disposition);
    assert.deepEqual(
      row?.reasons.map(({ type }) => type),
      types,
    );
  });
}

test('toOutcome tells ENFORCE off from a recipient of its own mind', () => {
  const off = rowOf(
    fail({ action: 'accept', disposition: { action: 'accept', wouldBe: 'reject', cause: 'dmarc', reason: '' } }),
  );
  const recipient = rowOf(fail({ action: 'accept' }));
  assert.match(off?.reasons[0]?.comment ?? '', /does not enforce the policies of senders$/);
  assert.match(recipient?.reasons[0]?.comment ?? '', /for all of its recipients$/);
});
