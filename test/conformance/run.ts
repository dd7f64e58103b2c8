/**
 * Runs the public conformance suites: `npm run test:conformance -- --suites <folder>`; with
 * `--wire` the SPF suites through the resolver and real sockets. Fails when a case that is not
 * listed differs, and when a listed one agrees. The suites are data outside this repository;
 * without them the command says so and exits with 69.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Deviation } from './deviation.ts';
import { judgeCase } from './judge-case.ts';
import type { SuiteCase } from './suite-case.ts';
import { readSuite } from './suite-case.ts';
import { suiteLookup } from './suite-zone.ts';
import { overTheWire } from './wire.ts';

const SUITES = [
  'spf-rfc7208',
  'spf-pyspf-corner-cases',
  'dkim-dkimpy',
  'dkim-chasquid',
  'arc-validation',
  'dmarc-rfc9989',
];
/** What asks the most of a resolver. */
const WIRE_SUITES = ['spf-rfc7208', 'spf-pyspf-corner-cases'];
const EX_UNAVAILABLE = 69;

const { values } = parseArgs({ options: { suites: { type: 'string' }, wire: { type: 'boolean' } } });
const folder = values.suites;
if (folder === undefined || !existsSync(folder)) {
  console.error(
    `Give the folder that holds the suites: npm run test:conformance -- --suites <folder>${folder === undefined ? '' : ` (${folder} does not exist)`}`,
  );
  process.exit(EX_UNAVAILABLE);
}

const judge = (suiteCase: SuiteCase): Promise<string[]> =>
  values.wire
    ? overTheWire(suiteCase.zone, (lookup) => judgeCase(suiteCase, lookup))
    : judgeCase(suiteCase, suiteLookup(suiteCase.zone));

let failures = 0;
let passed = 0;
for (const suite of values.wire ? WIRE_SUITES : SUITES) {
  const { deviations } = (await import(`./${suite}/deviations.ts`)) as { deviations: readonly Deviation[] };
  const listed = new Map(deviations.map(({ id, reason }) => [id, reason]));
  const cases = readSuite(join(folder, `${suite}.jsonl`));
  let agree = 0;
  for (const suiteCase of cases) {
    const missed = await judge(suiteCase);
    const isListed = listed.delete(suiteCase.id);
    if (missed.length === 0) agree++;
    if (missed.length > 0 !== isListed) {
      failures++;
      console.error(
        `${suite} / ${suiteCase.id}: ${isListed ? 'is listed as a deviation but agrees' : missed.join('; ')}`,
      );
    } else passed++;
  }
  for (const id of listed.keys()) {
    failures++;
    console.error(`${suite} / ${id}: is listed as a deviation but is no case of the suite`);
  }
  console.log(`${suite}: ${agree} of ${cases.length} agree, ${deviations.length} listed deviations`);
}
console.log(`${passed} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
