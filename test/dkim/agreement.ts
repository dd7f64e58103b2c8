/**
 * Compares our verifier with mailauth's strict mode on mutated messages: `node test/dkim/agreement.ts --cases 50000 [--seed n]`. Prints how often each
 * listed difference was met, and every case that none explains with the seed that makes it again; exits 1 when there is one.
 */
import { parseArgs } from 'node:util';
import { compare, type Parting } from './compare.ts';
import { createRandom, makeBases, mutate } from './mutate.ts';

/** What a run came to. */
export type Agreement = {
  readonly cases: number;
  /** Cases in which the base message's signature, or another, was still good: a run without them would compare failures only. */
  readonly met: ReadonlyMap<string, number>;
  readonly unexplained: readonly {
    readonly seed: number;
    readonly text: string;
    readonly partings: readonly Parting[];
  }[];
};

/** Compares `cases` messages; the case with seed n is the same in every run. */
export const runAgreement = async (cases: number, firstSeed: number): Promise<Agreement> => {
  const bases = await makeBases();
  const met = new Map<string, number>();
  const unexplained: { seed: number; text: string; partings: Parting[] }[] = [];
  for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
    const { text, zone } = mutate(bases, createRandom(seed));
    const partings = await compare(text, zone);
    for (const { rule } of partings) if (rule !== null) met.set(rule, (met.get(rule) ?? 0) + 1);
    if (partings.some(({ rule }) => rule === null)) unexplained.push({ seed, text, partings });
  }
  return { cases, met, unexplained };
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '50000' },
      seed: { type: 'string', default: '1' },
      show: { type: 'string', default: '20' },
    },
  });
  const { cases, met, unexplained } = await runAgreement(Number(values.cases), Number(values.seed));
  for (const [rule, count] of [...met].toSorted()) console.log(`${String(count).padStart(7)}  ${rule}`);
  for (const { seed, text, partings } of unexplained.slice(0, Number(values.show))) {
    console.log(`seed ${seed}: ${JSON.stringify(partings.filter(({ rule }) => rule === null))}`);
    if (Number(values.show) === 1) console.log(text);
  }
  console.log(`${cases} messages, ${unexplained.length} with a difference that no rule explains`);
  if (unexplained.length > 0) process.exitCode = 1;
}
