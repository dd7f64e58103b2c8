/**
 * Several processes of one service (`WORKERS`), which share their TCP listeners: the process that
 * supervises them. It judges nothing and serves no client: it starts the workers, replaces one that
 * ended, passes signals on, and forwards what the workers send each other. A unix socket belongs to
 * the first worker alone, since its mode is set by the process that makes it. Only a first start
 * that fails ends the service; every later one is tried again.
 */
import { randomBytes } from 'node:crypto';
import type { Settings } from '../settings/read-settings.ts';
import { rereadConfig, takeOver } from '../settings/reload.ts';
import type { Log } from '../telemetry/log.ts';
import { createGaugeGathering } from './gauge-gathering.ts';
import { createListenerClosing } from './listener-closing.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { createRestartDelay } from './restart-delay.ts';
import { type Exit, type Slot, startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/**
 * Starts the workers and stays until they have ended; then ends this process, with 0 after a
 * signal.
 */
export const superviseWorkers = (settings: Settings, log: Log): void => {
  const supervisor = new Supervisor(settings, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => supervisor.end(signal, 0));
  process.on('SIGHUP', () => supervisor.reload());
  for (let number = 1; number <= settings.config.workers; number++)
    supervisor.start({ number, restartDelay: createRestartDelay(), hasListened: false });
};

class Supervisor {
  private readonly log: Log;
  private readonly workers = new Set<WorkerProcess>();
  private readonly gauges = createGaugeGathering();
  private readonly listeners = createListenerClosing(this.workers, () => this.exitCode !== null);
  /** One for all, or the same address would have as many hashes as there are workers. */
  private readonly randomHashKey = randomBytes(32).toString('hex');
  /**
   * What a worker starts with, also a replacement: the settings of the service, not what a file
   * says just then.
   */
  private settings: Settings;
  /** null: the service goes on. */
  private exitCode: number | null = null;

  constructor(settings: Settings, log: Log) {
    this.settings = settings;
    this.log = log;
  }

  start(slot: Slot): void {
    const worker = startWorkerProcess(slot, {
      onMessage: (from, message) => this.receive(from, message),
      onError: (_, err) => this.log.warn({ err, worker: slot.number }, 'a worker cannot be reached'),
      onExit: (ended, exit) => this.onExit(ended, exit),
    });
    this.workers.add(worker);
    const role = { number: slot.number, randomHashKey: this.randomHashKey };
    worker.send({ kind: 'role', role, settings: this.settings });
  }

  end(signal: NodeJS.Signals, code: number): void {
    this.exitCode ??= code;
    for (const worker of this.workers) worker.kill(signal);
    if (this.workers.size === 0) process.exit(this.exitCode);
  }

  reload(): void {
    const outcome = rereadConfig(this.settings);
    if (outcome.kind === 'config') this.settings = takeOver(this.settings, outcome);
    for (const worker of this.workers) {
      // One that does not listen yet might not know the signal yet.
      if (worker.isListening) worker.kill('SIGHUP');
      else worker.isOutdated = true;
    }
  }

  private onExit(worker: WorkerProcess, { code, signal, lifetimeMs }: Exit): void {
    const { slot, isListening: listened } = worker;
    this.workers.delete(worker);
    if (this.exitCode !== null) {
      if (this.workers.size === 0) process.exit(this.exitCode);
      this.listeners.settle();
    } else if (!slot.hasListened) {
      // What keeps one from listening keeps all: wrong settings, a port in use. The worker has
      // logged it.
      this.end('SIGTERM', code ?? 1);
    } else {
      this.reportListening();
      const waitMs = slot.restartDelay(lifetimeMs);
      this.log.error(
        { worker: slot.number, code, signal, listened, waitMs, listening: this.countListening() },
        'a worker ended: another takes its place',
      );
      setTimeout(() => this.exitCode === null && this.start(slot), waitMs);
    }
  }

  private receive(worker: WorkerProcess, message: FromWorker): void {
    switch (message.kind) {
      case 'listening':
        if (!this.workers.has(worker)) return;
        worker.slot.hasListened = true;
        worker.isListening = true;
        if (worker.isOutdated) worker.kill('SIGHUP');
        worker.isOutdated = false;
        this.reportListening();
        return;
      case 'quiet':
        this.listeners.request(worker, message.isQuiet);
        return;
      case 'gather-gauges':
        this.gauges.begin(worker, [...this.workers]);
        return;
      case 'gauges':
        this.gauges.add(message.id, worker, message.values);
        return;
      case 'flush':
        for (const other of this.workers) if (other !== worker) other.send(message);
        return;
      default:
        message satisfies never;
    }
  }

  private countListening(): number {
    return [...this.workers].filter(({ isListening }) => isListening).length;
  }

  private reportListening(): void {
    const { workers: configured } = this.settings.config;
    const message: ToWorker = { kind: 'listening', listening: this.countListening(), configured };
    for (const worker of this.workers) worker.send(message);
  }
}
