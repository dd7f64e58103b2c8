/**
 * `node test/long/drain.ts [runs]`: 20 runs (or as many as are asked for) of each way to end a
 * service under load: alone, with two workers, and one of two workers. Prints what was answered and
 * what was broken in each, and ends with 1 when anything was.
 */
import { drainUnderLoad } from '../service/drain-load.ts';

const runs = Number(process.argv[2] ?? 20);
let broken = 0;
for (const [workers, target] of [
  [1, 'service'],
  [2, 'service'],
  [2, 'worker'],
] as const)
  for (let run = 1; run <= runs; run++) {
    const drained = await drainUnderLoad(workers, target);
    const wrong = [
      ...drained.broken,
      ...(drained.exitCode === 0 ? [] : [`the service ended with ${drained.exitCode}`]),
      ...(drained.readiness === (target === 'service' ? 503 : 200) ? [] : [`/readyz said ${drained.readiness}`]),
    ];
    broken += wrong.length;
    const { http, milter, policy } = drained.answered;
    console.log(
      `${workers} process(es), SIGTERM to the ${target}, run ${run}: answered ${http} HTTP, ${milter} milter, ${policy} policy; broken ${wrong.length}${wrong.map((what) => `\n  ${what}`).join('')}`,
    );
  }
console.log(`broken in all: ${broken}`);
process.exit(broken === 0 ? 0 : 1);
