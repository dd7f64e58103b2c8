/**
 * Several workers of one service: they share the listener, add up their gauges, forget together,
 * and one that ends is replaced, also when its replacement fails.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Health } from '../../schemas/health.ts';
import { version } from '../../src/version.ts';
import type { ScriptedServer } from '../dns/scripted-server.ts';
import { serveLookup } from '../dns/wire-server.ts';
import { example } from '../verdict/make-verifier.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUERY = 'clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example';
const VERDICTS = 12;
const folder = mkdtempSync(join(tmpdir(), 'mailverdict-'));
/** While it exists, a worker that starts is killed before it listens. */
const END_WORKERS = join(folder, 'end-workers');

const run = (environment: Record<string, string>): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, ['--import', './test/service/end-workers.ts', 'src/server.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      DRAIN_MS: '0',
      DNS_SERVERS: '127.0.0.1:9',
      WORKERS: '2',
      END_WORKERS,
      ...environment,
    },
    stdio: 'pipe',
  });

type Line = { msg: string; addresses?: string[]; clientIp?: string; listened?: boolean; listening?: number };
const lines: Line[] = [];
let service: ChildProcessWithoutNullStreams;
let exited: Promise<unknown[]>;
let logEnded: Promise<unknown[]>;
let log: Interface;
let address = '';
let names: ScriptedServer;

/** Waits for the nth line of a kind. */
const line = async (msg: string, count: number): Promise<(typeof lines)[number]> => {
  for (;;) {
    const found = lines.filter((one) => one.msg === msg)[count - 1];
    if (found !== undefined) return found;
    await Promise.race([once(log, 'line'), exited]);
    assert.equal(service.exitCode ?? service.signalCode, null, 'the service runs');
  }
};

before(async () => {
  names = await serveLookup(async () => ({
    kind: 'records',
    records: [['v=spf1 -all']],
    ttlSeconds: 300,
    authenticated: false,
    source: 'network',
  }));
  service = run({ DNS_SERVERS: names.literal });
  exited = once(service, 'exit');
  log = createInterface({ input: service.stdout }).on('line', (text) => lines.push(JSON.parse(text)));
  logEnded = once(log, 'close');
  address = (await line('listening', 1)).addresses?.[0] ?? '';
  await line('listening', 2);
});

after(async () => {
  await names.close();
  rmSync(folder, { recursive: true });
  service.kill('SIGTERM');
  await exited;
});

/** One connection for each request, so that the workers take turns. */
const ask = (path: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`${address}${path}`, { ...options, headers: { connection: 'close' } });
const judge = (): Promise<Response> =>
  ask(`/v1/verify?${QUERY}`, { method: 'POST', body: new Uint8Array(example('aligned.eml')) });
const metric = async (name: string): Promise<number> => {
  const text = await (await ask('/metrics')).text();
  return Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${name} `))
      ?.split(' ')[1],
  );
};
const workerPids = (): number[] =>
  readdirSync(`/proc/${service.pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${service.pid}/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '')
    .map(Number);

test('workers listen on one port, hash addresses alike, and add up their gauges', async () => {
  assert.equal(new Set(lines.flatMap(({ addresses }) => addresses ?? [])).size, 1);
  for (let sent = 0; sent < VERDICTS; sent++) assert.equal((await judge()).status, 200);
  assert.equal(await metric('mailverdict_verdicts_total{method="dmarc",result="pass"}'), VERDICTS);
  assert.equal(await metric(`mailverdict_build_info{version="${version}"}`), 1);
  assert.equal(new Set(lines.filter(({ msg }) => msg === 'verdict').map(({ clientIp }) => clientIp)).size, 1);
});

test('workers all forget what one is told to forget', async () => {
  const held = () => metric('mailverdict_dns_cache_entries{store="records"}');
  const stranger = '/v1/verify?clientIp=192.0.2.10&mailFrom=a@sender.test';
  for (let sent = 0; sent < 4; sent++) await ask(stranger, { method: 'POST', body: 'From: a@sender.test\r\n\r\n' });
  assert.ok((await held()) >= 2, 'each worker holds the SPF record');
  assert.equal((await ask('/v1/dns/cache', { method: 'DELETE' })).status, 200);
  // The word to forget goes the same way as the question that follows it, so it arrives first.
  assert.equal(await held(), 0);
});

test('workers that crash are replaced, and the service answers meanwhile and afterwards', async () => {
  const [victim = 0] = workerPids();
  process.kill(victim, 'SIGKILL');
  await line('a worker ended: another takes its place', 1);
  await line('listening', 3);
  assert.equal((await judge()).status, 200);
  assert.equal(workerPids().length, 2);
  assert.ok(!workerPids().includes(victim));
});

test('a replacement that is killed before it listens is tried again, and /readyz tells meanwhile', async () => {
  const readiness = async (): Promise<Health> => Health.parse(await (await ask('/readyz')).json());
  const listened = lines.filter(({ msg }) => msg === 'listening').length;
  const [victim = 0] = workerPids();
  writeFileSync(END_WORKERS, '');
  process.kill(victim, 'SIGKILL');
  const third = await line('a worker ended: another takes its place', 3);
  assert.deepEqual([third.listened, third.listening], [false, 1]);
  assert.deepEqual((await readiness()).workers, { listening: 1, configured: 2 });
  assert.equal((await judge()).status, 200);
  rmSync(END_WORKERS);
  await line('listening', listened + 1);
  // Workers hear of each other a moment after the log does.
  while ((await readiness()).workers?.listening !== 2);
  assert.equal((await judge()).status, 200);
});

test('workers drain on SIGTERM, and the service ends with 0', async () => {
  assert.equal(service.exitCode, null, 'the service runs');
  service.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  await logEnded;
  assert.equal(lines.filter(({ msg }) => msg === 'ended').length, 2);
});

test('workers that cannot listen end the service with the code of wrong settings', async () => {
  const child = run({ HOST: '192.0.2.1' });
  child.stdout.resume();
  assert.deepEqual(await once(child, 'exit'), [78, null]);
});
