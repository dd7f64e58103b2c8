import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLES } from '../../examples/cases.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { Fault } from '../../src/verdict/fault.ts';
import { inGroups } from '../../src/verdict/in-groups.ts';
import { example, makeVerifier } from './make-verifier.ts';

type GroupLimits = Parameters<typeof inGroups>[1];

/** A verifier that only tells in which turn of the event loop each message began. */
const groupsOf = async (limits: GroupLimits, sizes: readonly number[]): Promise<number[][]> => {
  const groups = new Map<number, number[]>();
  let turn = 0;
  const count = (): void => {
    turn++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const verify = inGroups(async (message) => {
    groups.set(turn, [...(groups.get(turn) ?? []), message.length]);
    return {} as Verdict;
  }, limits);
  await Promise.all(sizes.map((size) => verify(Buffer.alloc(size), {})));
  clearImmediate(counting);
  return [...groups.values()];
};

const GROUPS: readonly { what: string; limits: GroupLimits; sizes: number[]; groups: number[][] }[] = [
  {
    what: 'messages of one turn together',
    limits: { verifyGroupSize: 4, maxGroupBytes: 100 },
    sizes: [1, 2, 3],
    groups: [[1, 2, 3]],
  },
  {
    what: 'no more at once than verifyGroupSize, first come, first served',
    limits: { verifyGroupSize: 2, maxGroupBytes: 100 },
    sizes: [1, 2, 3, 4, 5],
    groups: [[1, 2], [3, 4], [5]],
  },
  {
    what: 'no more octets at once than maxGroupBytes',
    limits: { verifyGroupSize: 9, maxGroupBytes: 10 },
    sizes: [6, 4, 1, 10, 2],
    groups: [[6, 4], [1], [10], [2]],
  },
  {
    what: 'a message larger than a group by itself, before those who wait',
    limits: { verifyGroupSize: 9, maxGroupBytes: 10 },
    sizes: [1, 11, 2],
    groups: [[11], [1, 2]],
  },
  {
    what: 'each message by itself where verifyGroupSize is 1',
    limits: { verifyGroupSize: 1, maxGroupBytes: 10 },
    sizes: [1, 2],
    groups: [[1], [2]],
  },
];

for (const { what, limits, sizes, groups } of GROUPS)
  test(`inGroups begins ${what}`, async () => assert.deepEqual(await groupsOf(limits, sizes), groups));

test('inGroups hands on the fault of one message and the verdicts of the others', async () => {
  const fault = new Fault('header-too-large', 'too large');
  const verify = inGroups(
    (message) =>
      message.length === 2 ? Promise.reject(fault) : Promise.resolve({ id: `${message.length}` } as Verdict),
    { verifyGroupSize: 9, maxGroupBytes: 10 },
  );
  const [first, second, third] = await Promise.allSettled([1, 2, 3].map((size) => verify(Buffer.alloc(size), {})));
  assert.deepEqual(first, { status: 'fulfilled', value: { id: '1' } });
  assert.deepEqual(second, { status: 'rejected', reason: fault });
  assert.deepEqual(third, { status: 'fulfilled', value: { id: '3' } });
});

/**
 * What two judgements of one message have in common; only the moments of their DNS questions differ
 * beside these.
 */
const substance = ({ id: _, evaluatedAt: __, elapsedMs: ___, dns: ____, ...rest }: Verdict) => rest;

test('inGroups gives every example the same verdict among all others as by itself', async () => {
  const verify = makeVerifier();
  const together = inGroups(verify, { verifyGroupSize: 64, maxGroupBytes: 1_000_000 });
  const alone = [];
  for (const { file, smtp } of EXAMPLES) alone.push(substance(await verify(example(file), smtp)));
  const among = await Promise.all(EXAMPLES.map(({ file, smtp }) => together(example(file), smtp)));
  assert.deepEqual(among.map(substance), alone);
});
