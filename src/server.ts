/** The front door of `npm start`: settings, service, signals; with several workers, each of them comes in here too. The only file with effects on import. */
import cluster from 'node:cluster';
import { readConfig } from './config.ts';
import { serve } from './serve.ts';
import { takeRole } from './team.ts';
import { superviseWorkers } from './workers.ts';

const outcome = readConfig();
if (outcome.kind === 'mistakes') {
  for (const mistake of outcome.mistakes) console.error(mistake);
  process.exit(78);
}
if (cluster.isWorker) {
  const { config, team } = await takeRole(outcome.config);
  await serve(config, team);
} else if (outcome.config.workers > 1) superviseWorkers(outcome.config);
else await serve(outcome.config);
