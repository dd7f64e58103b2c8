/** The front door of `npm start`: settings, service, signals. The only file with effects on import. */
import { readConfig } from './config.ts';
import { serve } from './serve.ts';

const outcome = readConfig();
if (outcome.kind === 'mistakes') {
  for (const mistake of outcome.mistakes) console.error(mistake);
  process.exit(78);
}
await serve(outcome.config);
