/**
 * Runs the browser tests: `npm run test:browser -- [--screenshots <folder>]`. Needs Debian's
 * Chromium; where it is missing, says so and exits with 69, so that nobody takes an unrun test for
 * a passed one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHROMIUM, SCREENSHOTS } from './browser.ts';

/** sysexits.h: a service that is needed is not there. */
const EX_UNAVAILABLE = 69;

const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });
if (!existsSync(CHROMIUM)) {
  console.error(`the browser tests need ${CHROMIUM}: apt-get install -y chromium`);
  process.exit(EX_UNAVAILABLE);
}
const environment = { ...process.env };
if (values.screenshots !== undefined) {
  const folder = resolve(values.screenshots);
  mkdirSync(folder, { recursive: true });
  environment[SCREENSHOTS] = folder;
}
const files = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.browser.ts'))
  .map((name) => resolve(import.meta.dirname, name));
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', ...files], {
  stdio: 'inherit',
  env: environment,
});
process.exit(status ?? 1);
