/**
 * `node test/long/stalled-supervisor.ts [runs] [clients]`: a service with two workers ends, and its
 * supervisor is stopped (SIGSTOP) until both workers want their listeners closed. Clients that
 * connect meanwhile wait in the kernel; each has to be answered. Ends with 1 when one was not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
/** Much longer than the drain and the silence after which a worker wants its listeners closed. */
const STALL_MS = 1_500;

const ask = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    let heard = '';
    socket.on('data', (piece) => {
      heard += piece;
    });
    socket.on('error', ({ message }) => resolve(message));
    socket.on('close', () => resolve(heard.slice(0, 'HTTP/1.1 200'.length)));
  });

const endStalled = async (clients: number): Promise<string[]> => {
  const service = spawn(process.execPath, ['src/server.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', PORT: '0', WORKERS: '2', DNS_SERVERS: '127.0.0.1:9', DRAIN_MS: '300' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(service, 'exit');
  const lines: { msg: string; addresses?: string[] }[] = [];
  createInterface({ input: service.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  const both = async (start: string) => {
    for (;;) {
      const found = lines.filter(({ msg }) => msg.startsWith(start));
      if (found.length === 2) return found;
      await wait(5);
    }
  };
  const [listening] = await both('listening');
  service.kill('SIGTERM');
  await both('ending');
  service.kill('SIGSTOP');
  const port = Number(new URL(listening?.addresses?.[0] ?? '').port);
  const answers = Array.from({ length: clients }, () => ask(port));
  await wait(STALL_MS);
  service.kill('SIGCONT');
  const answered = await Promise.all(answers);
  await exit;
  return answered;
};

const [runs = 20, clients = 20] = process.argv.slice(2).map(Number);
const answers: string[] = [];
for (let run = 0; run < runs; run++) answers.push(...(await endStalled(clients)));
const broken = answers.filter((answer) => answer !== 'HTTP/1.1 200');
console.log(`${answers.length} clients, ${broken.length} without an answer ${[...new Set(broken)].join(', ')}`);
process.exit(broken.length === 0 ? 0 : 1);
