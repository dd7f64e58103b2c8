/**
 * The front door of `npm start`: settings, then the service. The only file with effects on import.
 * Loads the rest only after it has told that SIGHUP is no reason to end: a service that is still
 * starting reads its settings as they are.
 */
process.on('SIGHUP', () => undefined);
const { readConfig } = await import('./settings/read-settings.ts');
const { start } = await import('./service/run.ts');

await start(() => {
  const outcome = readConfig();
  if (outcome.kind === 'config') return outcome;
  for (const mistake of outcome.mistakes) console.error(mistake);
  return process.exit(78);
});

export {};
