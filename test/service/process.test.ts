/**
 * The service as a process: it starts, judges offline, refuses wrong settings, and drains on
 * SIGTERM without losing what runs.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Verdict } from '../../schemas/verdict.ts';
import { SINGLE_PROCESS } from '../../src/cluster/single-process.ts';
import { createService } from '../../src/service/service.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { NO_TRACES } from '../../src/telemetry/no-traces.ts';
import { example } from '../verdict/make-verifier.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUERY = 'clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example';

type Service = ChildProcessWithoutNullStreams & { readonly exited: Promise<unknown[]> };
/** Starts the service; its end is listened for from the start, since it may come at any moment. */
const start = (environment: Record<string, string>): Service => {
  const child = spawn(process.execPath, ['src/server.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', PORT: '0', DRAIN_MS: '0', DNS_SERVERS: '127.0.0.1:9', ...environment },
    stdio: 'pipe',
  });
  return Object.assign(child, { exited: once(child, 'exit') });
};

/** Whether a process has come to the line that takes SIGHUP, as the kernel tells it. */
const catchesHangUp = (pid: number | undefined): boolean =>
  (Number.parseInt(/^SigCgt:\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.slice(-1) ?? '', 16) &
    1) ===
  1;

/** Waits for the line that tells the address. */
const listening = async (child: ChildProcessWithoutNullStreams): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, addresses } = JSON.parse(line) as { msg: string; addresses?: string[] };
    if (msg === 'listening' && addresses?.[0] !== undefined) return addresses[0];
  }
  throw new Error('the service ended before it listened');
};

const answers = (address: string): Promise<boolean> =>
  fetch(`${address}/healthz`).then(
    () => true,
    () => false,
  );

const verify = (address: string, file: string): Promise<Response> =>
  fetch(`${address}/v1/verify?${QUERY}`, { method: 'POST', body: new Uint8Array(example(file)) });

test('the service judges an example without any DNS server, and a production start loads no zone', async () => {
  for (const [environment, result] of [
    [{}, 'pass'],
    [{ NODE_ENV: 'production' }, 'temperror'],
  ] as const) {
    const child = start(environment);
    try {
      const answer = await verify(await listening(child), 'aligned.eml');
      assert.equal(((await answer.json()) as Verdict).dmarc.result, result);
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await child.exited, [0, null]);
  }
});

test('HOST=localhost listens on one of its addresses, where the limits of connections and the drain apply', async (t) => {
  const outcome = readConfig({ HOST: 'localhost', PORT: '0', DRAIN_MS: '0', DNS_SERVERS: '127.0.0.1:9' });
  if (outcome.kind !== 'config') throw new Error(outcome.mistakes.join());
  // As on a machine whose localhost has two addresses, without the need for IPv6.
  const { lookup } = dns;
  t.after(() => {
    dns.lookup = lookup;
  });
  const both = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  dns.lookup = ((host: string, options: dns.LookupOptions, done: (...found: unknown[]) => void) =>
    host === 'localhost' && options.all === true ? done(null, both) : lookup(host, options, done)) as typeof lookup;
  const service = await createService({
    config: outcome.config,
    log: createLog('silent'),
    group: SINGLE_PROCESS,
    traces: NO_TRACES,
  });
  const [address = ''] = await service.listen();
  t.after(() => service.close({ drainMs: 0, graceMs: 0 }));
  assert.equal(await answers(address), true);
  const other = connect({ host: '127.0.0.2', port: Number(new URL(address).port) });
  t.after(() => other.destroy());
  const came = await once(other, 'connect').then(
    () => 'connected',
    ({ code }) => code,
  );
  assert.equal(came, 'ECONNREFUSED');
});

test('SIGTERM stops listening, lets a running verification finish, and exits with 0', async () => {
  // A name server that answers nothing until it is told to: the verification runs for as long as
  // the test wants.
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const child = start({
    DNS_SERVERS: `127.0.0.1:${server.address().port}`,
    DNS_QUESTION_TIMEOUT_MS: '30000',
    DNS_FIRST_TRY_MS: '10000',
  });
  try {
    const address = await listening(child);
    const asked = once(server, 'message');
    const running = fetch(`${address}/v1/verify?clientIp=192.0.2.10&helo=a.slow.test&mailFrom=a@slow.test`, {
      method: 'POST',
      body: 'From: a@slow.test\r\n\r\n',
    });
    const held: [Buffer, { port: number; address: string }][] = [
      (await asked) as [Buffer, { port: number; address: string }],
    ];
    server.on('message', (query, from) => {
      held.push([query, from]);
      if (refusing) refuse(query, from);
    });
    let refusing = false;
    const refuse = (query: Buffer, from: { port: number; address: string }): void => {
      const reply = Buffer.from(query);
      reply.writeUInt16BE(0x8183, 2);
      server.send(reply, from.port, from.address);
    };
    child.kill('SIGTERM');
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ending')) break;
    // DRAIN_MS is 0: nothing new is taken.
    while (await answers(address)) await turn();
    refusing = true;
    for (const [query, from] of held) refuse(query, from);
    const verdict = (await (await running).json()) as Verdict;
    assert.equal(verdict.spf.result, 'none');
    assert.deepEqual(await child.exited, [0, null]);
  } finally {
    server.close();
    child.kill('SIGKILL');
  }
});

test('a start with wrong settings tells every one of them and exits with 78', async () => {
  const child = start({ PORT: '99999', MAX_MESSAGE_BYTES: 'many', ENFORCE: 'perhaps', CLOCK_SKEW_SECONDS: '-1' });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (told += text));
  assert.deepEqual(await child.exited, [78, null]);
  for (const name of ['PORT', 'MAX_MESSAGE_BYTES', 'ENFORCE', 'CLOCK_SKEW_SECONDS'])
    assert.match(told, new RegExp(`^${name}: `, 'm'));
});

test('SIGHUP before the service listens does not end it, with one process and with workers', async () => {
  for (const workers of ['1', '2']) {
    const child = start({ WORKERS: workers });
    const hangUps = setInterval(() => catchesHangUp(child.pid) && child.kill('SIGHUP'), 10);
    const address = await listening(child);
    clearInterval(hangUps);
    assert.equal((await verify(address, 'aligned.eml')).status, 200);
    child.kill('SIGTERM');
    assert.deepEqual(await child.exited, [0, null]);
  }
});

test('the service starts and warns once of a variable that nearly has the name of a setting', async () => {
  for (const environment of [{}, { WORKERS: '2' }]) {
    const child = start({ DNS_SERVER: '192.0.2.1', ...environment });
    const lines: { level: string; variable?: string; nearest?: string; msg: string }[] = [];
    const log = createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
    while (!lines.some(({ msg }) => msg === 'listening')) await once(log, 'line');
    child.kill('SIGTERM');
    assert.deepEqual(await child.exited, [0, null]);
    assert.deepEqual(
      lines
        .filter(({ variable }) => variable !== undefined)
        .map(({ level, variable, nearest }) => [level, variable, nearest]),
      [['warn', 'DNS_SERVER', 'DNS_SERVERS']],
    );
  }
});
