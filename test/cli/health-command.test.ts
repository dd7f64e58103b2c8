/** `mailverdict health`, against a server that answers as the service does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../free-port.ts';
import { runCli } from './run-cli.ts';

test('health exits with 0 while the service takes work, with 1 while it does not or is not there', async () => {
  let status = 200;
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const environment = { PORT: String((server.address() as AddressInfo).port) };
  assert.equal((await runCli(['health'], undefined, environment)).code, 0);
  status = 503;
  const draining = await runCli(['health'], undefined, environment);
  assert.equal(draining.code, 1);
  assert.match(draining.err, /answers 503/);
  server.close();
  await once(server, 'close');
  const gone = await runCli(['health'], undefined, { PORT: String(await freePort()) });
  assert.equal(gone.code, 1);
  assert.match(gone.err, /does not answer: /);
  assert.deepEqual(asked, ['/readyz', '/readyz']);
  assert.equal((await runCli(['health'], undefined, { PORT: 'eighty' })).code, 78);
});
