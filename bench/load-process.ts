/**
 * A load generator as a process of its own, held to one core: so that there can be as many of them
 * as cores, each beside the worker that it keeps busy. Started by startLoad alone, with a channel
 * to it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Load, load } from './load.ts';

/** What a load process is asked for. */
type Task = {
  readonly port: number;
  readonly bytes: string;
  readonly connections: number;
  readonly durationMs: number;
};
type Told = (Load & { readonly cpuMs: number }) | { readonly complaint: string };

/** A load process. */
export type LoadProcess = {
  /**
   * Sends a request again and again, and tells what it took.
   * @throws Error for any answer but 200
   */
  readonly run: (task: {
    readonly port: number;
    readonly bytes: Buffer;
    readonly connections: number;
    readonly durationMs: number;
  }) => Promise<Load & { readonly cpuMs: number }>;
  readonly stop: () => void;
};

/** Starts one. @param core the core that it is held to */
export const startLoad = (core: number): LoadProcess => {
  const child = spawn('taskset', ['-c', String(core), process.execPath, fileURLToPath(import.meta.url)], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    run: async ({ bytes, ...rest }) => {
      child.send({ ...rest, bytes: bytes.toString('base64') } satisfies Task);
      const [told] = (await once(child, 'message')) as [Told];
      if ('complaint' in told) throw new Error(told.complaint);
      return told;
    },
    stop: () => void child.kill(),
  };
};

if (import.meta.main) {
  process.on('message', async ({ port, bytes, connections, durationMs }: Task) => {
    const before = process.cpuUsage();
    const told = await load({ port, bytes: Buffer.from(bytes, 'base64') }, connections, durationMs).then(
      (taken): Told => {
        const { user, system } = process.cpuUsage(before);
        return { ...taken, cpuMs: (user + system) / 1000 };
      },
      (cause): Told => ({ complaint: String(cause) }),
    );
    process.send?.(told);
  });
}
