/**
 * Option negotiation with every version that mail servers speak: the answer never asks for more
 * than was offered.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Agreement, expectsReply, negotiate, SMFIF, SMFIP } from '../../../src/pipeline/milter/negotiation.ts';

const agreed = (offer: Agreement) => {
  const outcome = negotiate(offer);
  if (outcome.kind !== 'agreed' || outcome.reply.kind !== 'optneg')
    throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome.reply;
};

const HEADERS = SMFIF.ADDHDRS | SMFIF.CHGHDRS;

for (const [title, offer, expected] of [
  [
    'Postfix and Sendmail',
    { version: 6, actions: 0x1ff, protocol: 0x1fffff },
    { version: 6, actions: 0x131, protocol: 0x140580 },
  ],
  ['Stalwart', { version: 6, actions: 0xff, protocol: 0x42 }, { version: 6, actions: 0x31, protocol: 0 }],
  ['version 4', { version: 4, actions: 0x3f, protocol: 0x37f }, { version: 4, actions: 0x31, protocol: 0x100 }],
  ['version 3', { version: 3, actions: 0x3f, protocol: 0x17f }, { version: 3, actions: 0x31, protocol: 0x100 }],
  ['version 2', { version: 2, actions: 0x3f, protocol: 0x7f }, { version: 2, actions: 0x31, protocol: 0 }],
  ['a silent version 2', { version: 2, actions: 0, protocol: 0 }, { version: 2, actions: 0x01, protocol: 0 }],
  [
    'a later version',
    { version: 9, actions: 0x1ff, protocol: 0xffffffff },
    { version: 6, actions: 0x131, protocol: 0x140580 },
  ],
] as const) {
  test(`negotiate answers the offer of ${title}`, () => {
    const { version, actions, protocol } = agreed(offer);
    assert.deepEqual({ version, actions, protocol }, expected);
  });
}

test('negotiate asks for no bit and no version that was not offered', () => {
  const word = fc.integer({ min: 0, max: 0x7fffffff });
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 12 }), word, word, (version, actions, protocol) => {
      const reply = agreed({ version, actions: actions | HEADERS, protocol });
      assert.equal(reply.actions & ~(actions | HEADERS), 0);
      assert.equal(reply.protocol & ~protocol, 0);
      assert.equal(reply.version <= Math.min(version, 6), true);
    }),
  );
});

test('negotiate never gives up the reply to DATA', () => {
  const NODATA = 0x200;
  const NR_DATA = 0x10000;
  assert.equal(agreed({ version: 6, actions: 0x1ff, protocol: 0x1fffff }).protocol & (NODATA | NR_DATA), 0);
});

test('negotiate asks for macro lists only where SETSYMLIST is offered, and for end-of-header beside end-of-message', () => {
  const stages = agreed({ version: 6, actions: 0x1ff, protocol: 0 }).macroLists.map(([stage]) => stage);
  assert.deepEqual(stages, [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(agreed({ version: 6, actions: 0xff, protocol: 0 }).macroLists, []);
});

test('negotiate refuses version 1 and a peer that lets no field be added', () => {
  assert.deepEqual(negotiate({ version: 1, actions: 0x1ff, protocol: 0 }), {
    kind: 'refused',
    reason: 'version-too-old',
  });
  assert.deepEqual(negotiate({ version: 6, actions: 0x1fe, protocol: 0 }), {
    kind: 'refused',
    reason: 'no-header-changes',
  });
});

test('expectsReply follows the negotiated bits, not the wanted ones', () => {
  const all = { version: 6, actions: 0, protocol: SMFIP.NR_HDR | SMFIP.NR_EOH };
  const none = { version: 6, actions: 0, protocol: 0 };
  assert.deepEqual([expectsReply(all, 'header'), expectsReply(all, 'eoh')], [false, false]);
  assert.deepEqual([expectsReply(none, 'header'), expectsReply(none, 'eoh')], [true, true]);
});
