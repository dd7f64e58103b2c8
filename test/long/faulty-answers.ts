/**
 * Decides many random cases with and without DNS failures and compares
 * (test/pipeline/faulty-answers.ts). Exit code 1 with the smallest case when a failure changed a
 * decision.
 *
 * node test/long/faulty-answers.ts [runs, 10000] [seed]
 */
import fc from 'fast-check';
import { decideTwice, faultyCase } from '../pipeline/faulty-answers.ts';

const runs = Number(process.argv[2] ?? 10_000);
const seed = process.argv[3] === undefined ? undefined : Number(process.argv[3]);
const counts = new Map<string, number>();

const details = await fc.check(
  fc.asyncProperty(faultyCase, async (one) => {
    const { calm, faulty } = await decideTwice(one);
    const change = `${calm} -> ${faulty}`;
    counts.set(change, (counts.get(change) ?? 0) + 1);
    return faulty === calm || faulty === 'tempfail';
  }),
  { numRuns: runs, ...(seed !== undefined && { seed }) },
);

console.log(`${details.numRuns} cases, seed ${details.seed}`);
for (const [change, count] of [...counts].sort()) console.log(`${String(count).padStart(7)}  ${change}`);
if (details.failed) {
  console.log(fc.defaultReportMessage(details));
  process.exitCode = 1;
}
