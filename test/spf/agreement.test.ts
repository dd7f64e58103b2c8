import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SpfTraceRecord } from '../../schemas/spf.ts';
import { difference, ours, runAgreement, theirs } from './agreement.ts';
import { classOf, DISAGREEMENTS } from './disagreements.ts';
import { generateCase } from './generated-case.ts';

describe('checkHost agrees with mailauth in strict mode', () => {
  it('on 2,000 generated cases, but for the listed classes', async () => {
    const { agreed, unexplained } = await runAgreement(2000, 1);
    assert.deepEqual(unexplained, []);
    assert.ok(agreed >= 1900, `${agreed} agree`);
  });

  for (const { name, what, example, ours: expected, theirs: other } of DISAGREEMENTS) {
    it(`still differs where ${what} (${name})`, async () => {
      const [one, two] = await Promise.all([ours(example), theirs(example)]);
      assert.deepEqual([one.result, one.lookups.used, one.voids.used], expected);
      assert.deepEqual([two.result, two.lookups, two.voids], other);
      assert.notEqual(difference(one, two), null);
      assert.equal(classOf(example, one), name);
    });
  }
});

describe('generateCase', () => {
  it('reaches every mechanism, outcome and limit within 2,000 cases', async () => {
    const seen = new Set<string>();
    const walk = (record: SpfTraceRecord): void => {
      for (const term of record.terms) {
        seen.add(`${term.name} ${term.outcome}`);
        if (term.limit !== undefined) seen.add(`limit ${term.limit}`);
        if (term.loop) seen.add('loop');
        if (term.record !== undefined) walk(term.record);
      }
    };
    for (let seed = 1; seed <= 2000; seed += 1) {
      const checked = await ours(generateCase(seed));
      seen.add(checked.result);
      if (checked.explanation !== null) seen.add('explanation');
      walk(checked.trace);
    }
    const wanted = [
      ...['none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror', 'explanation', 'loop'],
      ...['a', 'mx', 'include', 'exists', 'ptr', 'ip4', 'ip6'].flatMap((name) => [`${name} match`, `${name} no-match`]),
      ...['all match', 'redirect match', 'redirect skipped', 'redirect error', 'include error', 'exp noted'],
      ...['limit lookups', 'limit voids', 'limit mx', 'limit ptr', 'limit time'],
    ];
    assert.deepEqual(
      wanted.filter((word) => !seen.has(word)),
      [],
    );
  });

  it('makes the same case of the same seed', () => {
    assert.deepEqual(generateCase(7), generateCase(7));
    assert.notDeepEqual(generateCase(7), generateCase(8));
  });
});
