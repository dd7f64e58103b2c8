/**
 * Several processes of one service (`WORKERS`), which share their TCP listeners: the side of the process that keeps them. It judges nothing and answers nobody: it
 * starts the workers, puts another in the place of one that crashed, hands signals on, and carries what the workers say to each other. A unix socket belongs to the
 * first worker alone, since its mode is set by the process that makes it.
 */
import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { Config } from '../schemas/config.ts';
import { createLog } from './log.ts';
import type { FromWorker, Role, ToWorker } from './team.ts';

/** A worker that ended sooner after its start, in milliseconds, is replaced only after this time: nothing is gained by crashing faster. */
const SHORT_LIFE_MS = 1000;
/** Time for the workers to tell their gauges; what came by then is what is told. */
const GATHER_MS = 2000;

type Gathering = { asker: Worker; values: unknown[]; missing: Set<number>; timer: NodeJS.Timeout };

/** Starts the workers and stays until they have ended; then ends this process, with 0 after a signal. */
export const superviseWorkers = (config: Config): void => {
  const log = createLog(config.logLevel, config);
  // One key for all, or the same address would have as many hashes as there are workers.
  const logHashKey = config.logHashKey || randomBytes(32).toString('hex');
  const roles = new Map<Worker, Role>();
  const listening = new Set<Worker>();
  let exitCode: number | null = null;

  const startWorker = (role: Role): void => {
    const worker = cluster.fork();
    const startedMs = performance.now();
    roles.set(worker, role);
    worker.send({ kind: 'role', role } satisfies ToWorker);
    worker.on('message', (message: FromWorker) => receive(worker, message));
    worker.once('listening', () => listening.add(worker));
    worker.once('exit', (code, signal) => {
      roles.delete(worker);
      if (exitCode !== null) {
        if (roles.size === 0) process.exit(exitCode);
        return;
      }
      if (!listening.delete(worker)) {
        // What keeps one from listening keeps all: wrong settings, a port in use. The worker has told.
        end('SIGTERM', code ?? 1);
        return;
      }
      log.error({ worker: role.number, code, signal }, 'a worker ended: another takes its place');
      setTimeout(
        () => exitCode === null && startWorker(role),
        performance.now() - startedMs < SHORT_LIFE_MS ? SHORT_LIFE_MS : 0,
      );
    });
  };

  const end = (signal: NodeJS.Signals, code: number): void => {
    exitCode ??= code;
    for (const worker of roles.keys()) worker.process.kill(signal);
    if (roles.size === 0) process.exit(exitCode);
  };

  const gatherings = new Map<number, Gathering>();
  let gathered = 0;
  const finish = (id: number): void => {
    const gathering = gatherings.get(id);
    if (gathering === undefined) return;
    gatherings.delete(id);
    clearTimeout(gathering.timer);
    if (gathering.asker.isConnected())
      gathering.asker.send({ kind: 'gathered', values: gathering.values } satisfies ToWorker);
  };

  const receive = (worker: Worker, message: FromWorker): void => {
    switch (message.kind) {
      case 'gather': {
        const id = gathered++;
        const asked = [...roles.keys()].filter((one) => one.isConnected());
        const timer = setTimeout(() => finish(id), GATHER_MS);
        gatherings.set(id, { asker: worker, values: [], missing: new Set(asked.map((one) => one.id)), timer });
        for (const one of asked) one.send({ kind: 'tell', id } satisfies ToWorker);
        return;
      }
      case 'told': {
        const gathering = gatherings.get(message.id);
        if (gathering === undefined || !gathering.missing.delete(worker.id)) return;
        gathering.values.push(message.values);
        if (gathering.missing.size === 0) finish(message.id);
        return;
      }
      case 'forget':
        for (const other of roles.keys()) if (other !== worker && other.isConnected()) other.send(message);
        return;
      default:
        message satisfies never;
    }
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end('SIGTERM', 0));
  process.on('SIGHUP', () => {
    for (const worker of roles.keys()) worker.process.kill('SIGHUP');
  });
  for (let number = 1; number <= config.workers; number++) startWorker({ number, logHashKey });
};
