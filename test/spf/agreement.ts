/**
 * Holds check_host() against mailauth in its strict mode on generated cases: `node
 * test/spf/agreement.ts --cases 20000 [--seed 1]`. Every difference must belong to a class of
 * `disagreements.ts`; others are printed with their seed, and the run ends with status 1.
 */
import { spf } from 'mailauth/lib/spf/index.js';
import { type CheckHostResult, checkHost } from '../../src/spf/check-host.ts';
import { classOf, type Theirs } from './disagreements.ts';
import { type GeneratedCase, generateCase } from './generated-case.ts';
import { memoryLookup, memoryResolver } from './memory-zone.ts';

type Question = Pick<GeneratedCase, 'input' | 'zone'>;

/** check_host() on a case; `whole` also completes the tree. */
export const ours = ({ input, zone }: Question, whole = false): Promise<CheckHostResult> =>
  checkHost(input, {
    lookup: memoryLookup(zone),
    deadlineMs: Number.POSITIVE_INFINITY,
    epochSeconds: 0,
    whole,
  });

/** mailauth on the same case. */
export const theirs = async ({ input, zone }: Question): Promise<Theirs> => {
  const { status, explanation, lookups } = await spf({
    sender: input.sender,
    ip: input.ip,
    helo: input.helo,
    mta: input.receiver,
    resolver: memoryResolver(zone) as never,
    strict: true,
  });
  return {
    result: status.result,
    explanation: explanation ?? null,
    lookups: lookups?.count ?? 0,
    voids: lookups?.void ?? 0,
  };
};

const DECISIONS = new Set(['pass', 'fail', 'softfail', 'neutral']);

/**
 * What differs, in words; null where both agree. Counts are compared where both decided: an error
 * ends the two at different places.
 */
export const difference = (one: CheckHostResult, other: Theirs): string | null => {
  if (one.result !== other.result) return `${one.result} (${one.reason}), mailauth says ${other.result}`;
  if (one.explanation !== other.explanation)
    return `explains ${JSON.stringify(one.explanation)}, mailauth ${JSON.stringify(other.explanation)}`;
  if (!DECISIONS.has(one.result)) return null;
  if (one.lookups.used !== other.lookups) return `counts ${one.lookups.used} lookups, mailauth ${other.lookups}`;
  if (one.voids.used !== other.voids) return `counts ${one.voids.used} voids, mailauth ${other.voids}`;
  return null;
};

/** What a run came to. */
export type Agreement = {
  readonly agreed: number;
  readonly results: ReadonlyMap<string, number>;
  readonly classes: ReadonlyMap<string, number>;
  readonly unexplained: readonly string[];
};

/**
 * Runs the cases of `count` seeds from `first` on. The evaluation of the whole tree must give the
 * same result and counts each time.
 */
export const runAgreement = async (count: number, first: number): Promise<Agreement> => {
  let agreed = 0;
  const results = new Map<string, number>();
  const classes = new Map<string, number>();
  const unexplained: string[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const generated = generateCase(seed);
    const [one, withTree, other] = await Promise.all([ours(generated), ours(generated, true), theirs(generated)]);
    results.set(one.result, (results.get(one.result) ?? 0) + 1);
    const decision = ({ result, reason, lookups, voids, explanation, matched }: CheckHostResult) =>
      JSON.stringify({ result, reason, lookups, voids, explanation, matched });
    if (decision(one) !== decision(withTree)) unexplained.push(`seed ${seed}: the whole tree changes the result`);
    const different = difference(one, other);
    if (different === null) {
      agreed += 1;
      continue;
    }
    const named = classOf(generated, one);
    if (named === null) unexplained.push(`seed ${seed}: ${different}`);
    else classes.set(named, (classes.get(named) ?? 0) + 1);
  }
  return { agreed, results, classes, unexplained };
};

if (import.meta.main) {
  const option = (name: string, otherwise: number) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? otherwise : Number(process.argv[at + 1]);
  };
  const count = option('--cases', 2000);
  const { agreed, results, classes, unexplained } = await runAgreement(count, option('--seed', 1));
  console.log(`${agreed} of ${count} agree`, Object.fromEntries(results), Object.fromEntries(classes));
  for (const line of unexplained.slice(0, 50)) console.log(line);
  console.log(`${unexplained.length} unexplained`);
  process.exitCode = unexplained.length === 0 ? 0 : 1;
}
