/**
 * One worker, seen from the supervisor: a process from its start to its exit, with what it has
 * reported. Decides nothing.
 */
import cluster from 'node:cluster';
import type { FromWorker, ToWorker } from './protocol.ts';
import type { RestartDelay } from './restart-delay.ts';

/** What outlives a process: its number, and how the processes before it went. */
export type Slot = {
  /** From 1. */
  readonly number: number;
  readonly restartDelay: RestartDelay;
  /** Whether a process of this slot has ever listened. */
  hasListened: boolean;
};

/** A process of a slot. */
export type WorkerProcess = {
  readonly id: number;
  readonly slot: Slot;
  isListening: boolean;
  /** Whether it got its settings before the last SIGHUP and did not listen yet. */
  isOutdated: boolean;
  /** Sends, unless the channel has ended. */
  readonly send: (message: ToWorker) => void;
  readonly isConnected: () => boolean;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Closes its listeners; it ends once its connections have. */
  readonly disconnect: () => void;
  readonly wasDisconnected: () => boolean;
};

/** How a process ended. */
export type Exit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lifetimeMs: number;
};

/** Receives what happens to a worker. */
type Events = {
  readonly onMessage: (worker: WorkerProcess, message: FromWorker) => void;
  /** The channel failed. */
  readonly onError: (worker: WorkerProcess, cause: Error) => void;
  readonly onExit: (worker: WorkerProcess, exit: Exit) => void;
};

/** Starts a process. */
export const startWorkerProcess = (slot: Slot, { onMessage, onError, onExit }: Events): WorkerProcess => {
  const forked = cluster.fork();
  const startedMs = performance.now();
  const worker: WorkerProcess = {
    id: forked.id,
    slot,
    isListening: false,
    isOutdated: false,
    send: (message) => void (forked.isConnected() && forked.send(message)),
    isConnected: () => forked.isConnected(),
    kill: (signal) => void forked.process.kill(signal),
    disconnect: () => void forked.disconnect(),
    wasDisconnected: () => forked.exitedAfterDisconnect === true,
  };
  forked.on('message', (message: FromWorker) => onMessage(worker, message));
  // What was sent to one that is ending, such as its role, gets lost with it: its exit follows, and
  // this must not end the others.
  forked.on('error', (cause) => onError(worker, cause));
  forked.once('exit', (code, signal) => onExit(worker, { code, signal, lifetimeMs: performance.now() - startedMs }));
  return worker;
};
