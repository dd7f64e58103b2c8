/**
 * Servers under measurement: each a process of its own, held to given cores, with the CPU time and
 * the memory that it and its children took. Linux only. Everything is ended by its own handle.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** A process under measurement. */
export type Subject = {
  readonly pid: number;
  /** CPU time in milliseconds of this process, its threads and its children since their start. */
  readonly cpuMs: () => number;
  /** Resident memory in bytes of this process and its children. */
  readonly residentBytes: () => number;
  readonly stop: () => Promise<void>;
};

/** How a process is started. */
export type StartOptions = {
  /** @default all cores, whatever this process is held to */
  readonly cores?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
};

/**
 * The core that subjects are held to, all cores, and the one left to the load, where there are two.
 */
export const SUBJECT_CORE = 0;
export const CORES = Array.from(cpus(), (_, core) => core);
export const LOAD_CORE = Math.min(1, CORES.length - 1);

/**
 * Starts a program and waits until `isReady` says so.
 * @throws Error when it ends first or is not ready within 20 s
 */
export const start = async (
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  { cores = CORES, env = {} }: StartOptions = {},
): Promise<Subject> => {
  const child = spawn('taskset', ['-c', cores.join(','), program, ...args], {
    env: { PATH: process.env.PATH, DRAIN_MS: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr?.on('data', (piece: Buffer) => {
    if (complaint.length < 4000) complaint += piece.toString();
  });
  const untilMs = performance.now() + 20_000;
  while (!(await isReady())) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program} ended: ${complaint}`);
    if (performance.now() > untilMs) {
      await end(child);
      throw new Error(`${program} does not answer: ${complaint}`);
    }
    await wait(50);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} has no process`);
  return {
    pid,
    cpuMs: () => family(pid).reduce((sum, member) => sum + cpuMsOf(member), 0),
    residentBytes: () => family(pid).reduce((sum, member) => sum + residentBytesOf(member), 0),
    stop: () => end(child),
  };
};

/** True when a URL is answered with 200. */
export const answers = (url: string) => async (): Promise<boolean> => {
  try {
    const { ok, body } = await fetch(url);
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 12_000);
  await ended;
  clearTimeout(patience);
};

/**
 * Milliseconds that some cores were busy since the machine started, whoever kept them busy, the
 * host of a virtual machine included. The kernel counts in hundredths of a second.
 */
export const busyMsOf = (cores: readonly number[]): number => {
  const lines = readText('/proc/stat').split('\n');
  return cores.reduce((sum, core) => {
    const ticks =
      lines
        .find((line) => line.startsWith(`cpu${core} `))
        ?.split(' ')
        .slice(1, 9)
        .map(Number) ?? [];
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
    return sum + (user + nice + system + irq + softirq + steal) * 10;
  }, 0);
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process or thread has just ended.
    return '';
  }
};

const entries = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** A process and all its descendants. */
const family = (pid: number): number[] => [
  pid,
  ...entries(`/proc/${pid}/task`).flatMap((thread) =>
    readText(`/proc/${pid}/task/${thread}/children`)
      .split(' ')
      .filter((child) => child !== '')
      .flatMap((child) => family(Number(child))),
  ),
];

/** The scheduler counts nanoseconds, where /proc/pid/stat counts hundredths of a second. */
const cpuMsOf = (pid: number): number =>
  entries(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(readText(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0) / 1e6,
    0,
  );

const residentBytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
