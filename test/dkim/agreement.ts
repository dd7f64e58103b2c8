/**
 * Compares our verifier with mailauth's strict mode on mutated messages: `node
 * test/dkim/agreement.ts --cases 50000 [--seed n]`. Prints how often each listed difference was
 * met, and every case that none explains with the seed that makes it again; exits 1 when there is
 * one.
 */
import { parseArgs } from 'node:util';
import { compare, type Parting } from './compare.ts';
import { createRandom, makeBases, mutate } from './mutate.ts';

/** What a run came to. */
export type Agreement = {
  readonly cases: number;
  /**
   * How often each of our words came, ARC's as "arc pass": a run in which nothing verifies any more
   * would compare failures only.
   */
  readonly words: ReadonlyMap<string, number>;
  /** How often each listed difference was met. */
  readonly met: ReadonlyMap<string, number>;
  readonly unexplained: readonly {
    readonly seed: number;
    readonly text: string;
    readonly partings: readonly Parting[];
  }[];
};

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

/** Compares `cases` messages; the case with seed n is the same in every run. */
export const runAgreement = async (cases: number, firstSeed: number): Promise<Agreement> => {
  const bases = await makeBases();
  const met = new Map<string, number>();
  const words = new Map<string, number>();
  const unexplained: { seed: number; text: string; partings: readonly Parting[] }[] = [];
  for (let seed = firstSeed; seed < firstSeed + cases; seed++) {
    const { text, zone } = mutate(bases, createRandom(seed));
    const { words: ours, partings } = await compare(text, zone);
    for (const word of ours) count(words, word);
    for (const { rule } of partings) if (rule !== null) count(met, rule);
    if (partings.some(({ rule }) => rule === null)) unexplained.push({ seed, text, partings });
  }
  return { cases, words, met, unexplained };
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '50000' },
      seed: { type: 'string', default: '1' },
      show: { type: 'string', default: '20' },
    },
  });
  const { cases, words, met, unexplained } = await runAgreement(Number(values.cases), Number(values.seed));
  const tell = (counts: ReadonlyMap<string, number>) => {
    for (const [name, times] of [...counts].toSorted()) console.log(`${String(times).padStart(7)}  ${name}`);
  };
  console.log('our words:');
  tell(words);
  console.log('listed differences:');
  tell(met);
  for (const { seed, text, partings } of unexplained.slice(0, Number(values.show))) {
    console.log(`seed ${seed}: ${JSON.stringify(partings.filter(({ rule }) => rule === null))}`);
    if (Number(values.show) === 1) console.log(text);
  }
  console.log(`${cases} messages, ${unexplained.length} with a difference that no rule explains`);
  if (unexplained.length > 0) process.exitCode = 1;
}
