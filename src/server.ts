/** The front door of `npm start`: settings, then the service. The only file with effects on import. */
import { readConfig } from './config.ts';
import { start } from './start.ts';

const outcome = readConfig();
if (outcome.kind === 'mistakes') {
  for (const mistake of outcome.mistakes) console.error(mistake);
  process.exit(78);
}
await start(outcome.config);
