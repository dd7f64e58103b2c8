/** `mailverdict serve`: the service as `npm start` runs it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli } from './run-cli.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

test('serve listens in as many workers as WORKERS says, until SIGTERM', async (t) => {
  const child = spawn(process.execPath, [CLI, 'serve'], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', DRAIN_MS: '0', WORKERS: '2', DNS_SERVERS: '127.0.0.1:9' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const addresses: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, addresses: listened } = JSON.parse(line);
    if (msg === 'listening') addresses.push(...listened);
    if (addresses.length === 2) break;
  }
  assert.equal(addresses[0], addresses[1], 'they share one listener');
  assert.equal((await fetch(`${addresses[0]}/readyz`)).status, 200);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('serve tells every mistake in the settings and starts nothing', async () => {
  const { code, err } = await runCli(['serve'], undefined, { PORT: 'eighty', STRICT: 'perhaps' });
  assert.equal(code, 78);
  assert.match(err, /PORT: must be .*\nSTRICT: must be yes or no/);
  assert.equal((await runCli(['serve', 'more'])).code, 64);
});
