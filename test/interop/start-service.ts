/**
 * The service as users start it, in a process of its own, for interoperability tests and
 * measurements. Ended by its own handle.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('../../src/server.ts', import.meta.url));

/** A running service. */
export type RunningService = {
  /** Addresses that it tells to listen on: HTTP, then milter, then policy. */
  readonly addresses: readonly string[];
  readonly pid: number;
  /** Its log so far, one object a line. */
  readonly log: readonly Record<string, unknown>[];
  /** Waits for a line of the log that begins so. */
  said(start: string): Promise<void>;
  /** SIGTERM, and waits for the end. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
};

/**
 * Starts it.
 * @param environment settings by their names; PORT is any free one unless given
 * @throws when it ends before it listens
 */
export const startService = async (environment: Record<string, string>): Promise<RunningService> => {
  const child: ChildProcess = spawn(process.execPath, [SERVER], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: '0', DRAIN_MS: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: Record<string, unknown>[] = [];
  const heard = new EventEmitter();
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const addresses = await new Promise<string[]>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the service ended: ${errors} ${JSON.stringify(log.at(-1))}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry: Record<string, unknown> = JSON.parse(line);
      log.push(entry);
      heard.emit('line');
      if (Array.isArray(entry.addresses)) resolve(entry.addresses);
    });
  });
  const ended = once(child, 'exit');
  return {
    addresses,
    pid: child.pid ?? 0,
    log,
    said: async (start) => {
      while (!log.some(({ msg }) => String(msg).startsWith(start))) await once(heard, 'line');
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
