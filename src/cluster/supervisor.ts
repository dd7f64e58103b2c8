/**
 * Several processes of one service (`WORKERS`), which share their TCP listeners: the side of the
 * process that keeps them. It judges nothing and answers nobody: it starts the workers, puts
 * another in the place of one that ended, hands signals on, and carries what the workers say to
 * each other. A unix socket belongs to the first worker alone, since its mode is set by the process
 * that makes it. Only a first start that fails ends the service; every later one is tried again.
 */
import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { Settings } from '../settings/read-settings.ts';
import { rereadConfig, takeOver } from '../settings/reload.ts';
import { createLog } from '../telemetry/log.ts';
import type { FromWorker, Role, ToWorker } from './worker.ts';

/**
 * A worker that ends sooner after its start is replaced after a wait that doubles each time:
 * nothing is gained by crashing faster.
 */
const SHORT_LIFE_MS = 10_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Time for the workers to tell their gauges; what came by then is what is told. */
const GATHER_MS = 2000;

/**
 * No worker has changed its mind for so long: those who were in the kernel's queue when all were
 * quiet have been handed to a worker, and it has said that somebody came.
 */
const SETTLE_MS = 100;

/** The place of one worker: who has it now, and how the starts before went. */
type Place = { readonly role: Role; hasListened: boolean; shortLives: number };

type Gathering = { asker: Worker; values: unknown[]; missing: Set<number>; timer: NodeJS.Timeout };

/**
 * Starts the workers and stays until they have ended; then ends this process, with 0 after a
 * signal.
 */
export const superviseWorkers = (settings: Settings): void => {
  const { config } = settings;
  // What a worker starts with, also one that takes another's place: the settings of the service,
  // not what a file says just then.
  let inUse = settings;
  const log = createLog(config.logLevel, config);
  // One key for all, or the same address would have as many hashes as there are workers.
  const logHashKey = config.logHashKey || randomBytes(32).toString('hex');
  const places = new Map<Worker, Place>();
  const listening = new Set<Worker>();
  /** Those that got their settings before the last SIGHUP and did not listen yet. */
  const outdated = new Set<Worker>();
  /** Those that want their listeners closed, with whether clients no longer come to them. */
  const closing = new Map<Worker, boolean>();
  let exitCode: number | null = null;

  const tellListening = (): void => {
    const message: ToWorker = { kind: 'listening', listening: listening.size, configured: config.workers };
    for (const worker of places.keys()) if (worker.isConnected()) worker.send(message);
  };

  const startWorker = (place: Place): void => {
    const worker = cluster.fork();
    const startedMs = performance.now();
    places.set(worker, place);
    worker.send({ kind: 'role', role: place.role, settings: inUse } satisfies ToWorker);
    worker.on('message', (message: FromWorker) => receive(worker, message));
    // What was sent to one that is ending, such as its role, gets lost with it: its exit tells, and
    // this must not end the others.
    worker.on('error', (err) => log.warn({ err, worker: place.role.number }, 'a worker cannot be reached'));
    worker.once('exit', (code, signal) => {
      places.delete(worker);
      outdated.delete(worker);
      closing.delete(worker);
      const listened = listening.delete(worker);
      if (exitCode !== null) {
        if (places.size === 0) process.exit(exitCode);
        settleListeners();
        return;
      }
      if (!place.hasListened) {
        // What keeps one from listening keeps all: wrong settings, a port in use. The worker has
        // told.
        end('SIGTERM', code ?? 1);
        return;
      }
      tellListening();
      place.shortLives = performance.now() - startedMs < SHORT_LIFE_MS ? place.shortLives + 1 : 0;
      const waitMs =
        place.shortLives === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (place.shortLives - 1), LONGEST_WAIT_MS);
      log.error(
        { worker: place.role.number, code, signal, listened, waitMs, listening: listening.size },
        'a worker ended: another takes its place',
      );
      setTimeout(() => exitCode === null && startWorker(place), waitMs);
    });
  };

  const end = (signal: NodeJS.Signals, code: number): void => {
    exitCode ??= code;
    for (const worker of places.keys()) worker.process.kill(signal);
    if (places.size === 0) process.exit(exitCode);
  };

  /**
   * Closes the listeners of workers that end: at once where others go on, and those of all
   * together when nobody comes any more. Not done in the worker, whose message would cross with a
   * connection on its way there: node sends that one to another worker, and loses it when there is
   * none. From here the connection arrives before the end.
   */
  const closeListeners = (): void => {
    const areLast = exitCode !== null || [...listening].every((worker) => closing.has(worker));
    if (areLast && [...listening].some((worker) => closing.get(worker) !== true)) return;
    for (const worker of closing.keys()) {
      if (worker.exitedAfterDisconnect) continue;
      closing.set(worker, true);
      worker.disconnect();
    }
  };

  let settling: NodeJS.Timeout | undefined;
  const settleListeners = (): void => {
    clearTimeout(settling);
    // An immediate: the turn after the timer accepts what waits in the kernel.
    settling = setTimeout(() => setImmediate(closeListeners), SETTLE_MS);
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
      case 'listening': {
        const place = places.get(worker);
        if (place === undefined) return;
        place.hasListened = true;
        listening.add(worker);
        if (outdated.delete(worker)) worker.process.kill('SIGHUP');
        tellListening();
        return;
      }
      case 'quiet':
        // What is still said after the end changes nothing.
        if (worker.exitedAfterDisconnect || !places.has(worker)) return;
        closing.set(worker, message.isQuiet);
        settleListeners();
        return;
      case 'gather': {
        const id = gathered++;
        const asked = [...places.keys()].filter((one) => one.isConnected());
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
        for (const other of places.keys()) if (other !== worker && other.isConnected()) other.send(message);
        return;
      default:
        message satisfies never;
    }
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal, 0));
  process.on('SIGHUP', () => {
    const outcome = rereadConfig(inUse);
    if (outcome.kind === 'config') inUse = takeOver(inUse, outcome);
    // One that does not listen yet might not know the signal yet.
    for (const worker of places.keys()) {
      if (listening.has(worker)) worker.process.kill('SIGHUP');
      else outdated.add(worker);
    }
  });
  for (let number = 1; number <= config.workers; number++)
    startWorker({ role: { number, logHashKey }, hasListened: false, shortLives: 0 });
};
