/**
 * Reads generated and changed From bodies with mailauth, Python's `email`, Perl's Mail::Address and
 * our own reader, and reports by class where they differ:
 * `node test/long/from-differential.ts [--count 100000] [--seed 1]`. Fails when another reader sees
 * another domain and our pass is unremarked, and when a class is not listed. Without python3 or
 * libmailtools-perl it says so and ends with 69.
 */
import { parseArgs } from 'node:util';
import { bodiesFrom, randomFrom } from './from-differential/bodies.ts';
import { type Difference, differences } from './from-differential/compare.ts';
import { LISTED } from './from-differential/listed.ts';
import { mailauthReader, perlReader, pythonReader, runs } from './from-differential/readers.ts';

const EX_UNAVAILABLE = 69;
/** Bodies that are under way at once. */
const BATCH = 500;
/** Examples printed of what fails. */
const MAX_EXAMPLES = 5;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!runs('python3', '--version') || !runs('perl', '-MMail::Address', '-e', '1')) {
  console.error('This needs python3 and Mail::Address of Perl: apt-get install python3 libmailtools-perl');
  process.exit(EX_UNAVAILABLE);
}

const make = bodiesFrom(randomFrom(seed));
const readers = [mailauthReader(), pythonReader(), perlReader()];
const figures = new Map<string, Map<string, number>>();
const failing: Difference[] = [];
const listed = new Set(LISTED.map(({ relation, ground }) => `${relation} ${ground}`));
let differing = 0;
for (let done = 0; done < count; done += BATCH) {
  const bodies = Array.from({ length: Math.min(BATCH, count - done) }, make);
  const found = await differences(bodies, readers);
  differing += new Set(found.map(({ body }) => body)).size;
  for (const difference of found) {
    const name = `${difference.relation} ${difference.ground}`;
    const byReader = figures.get(name) ?? new Map<string, number>();
    byReader.set(difference.reader, (byReader.get(difference.reader) ?? 0) + 1);
    figures.set(name, byReader);
    if (difference.isUnremarked || !listed.has(name)) failing.push(difference);
  }
}
for (const reader of readers) reader.close();

console.log(`${count} bodies of seed ${seed}; the readers differ from ours over ${differing}`);
for (const { relation, ground, section, reason } of LISTED) {
  const byReader = figures.get(`${relation} ${ground}`);
  if (byReader === undefined) continue;
  const shares = [...byReader].map(([reader, number]) => `${reader} ${number}`).join(', ');
  console.log(`\n${relation} / ${ground}: ${shares}\n  ${section}: ${reason}`);
}
const unremarked = failing.filter(({ isUnremarked }) => isUnremarked).length;
console.log(`\n${unremarked} unremarked, ${failing.length - unremarked} of a class that is not listed`);
for (const { relation, ground, reader, body, ours, seen } of failing.slice(0, MAX_EXAMPLES))
  console.log(`  ${relation} / ${ground}: ${reader} sees ${seen.join(', ')}, we see ${ours}: ${body}`);
process.exitCode = failing.length === 0 ? 0 : 1;
