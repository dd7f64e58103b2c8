/**
 * Bodies and connections that are sent to end the service, against the shipped limits: each has to
 * end in an answer or a closed connection, the process has to live within the memory of
 * docker-compose.yml, and another client has to be served meanwhile. The kernel enforces the memory
 * where control groups can be written, which takes root; elsewhere the highest resident memory is
 * compared. Linux only.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { DnsServer } from './dns-server.ts';
import { ATTACK_NAMES, runAttack } from './hostile-attack.ts';
import { askOnce } from './load.ts';
import { startOurs } from './ours.ts';
import { makeMessage } from './world.ts';

/** One attack. */
export type HostileRow = {
  readonly attack: string;
  /**
   * How each connection ended: a status or `closed`, with how many ended so; `open` for those that
   * did not.
   */
  readonly ended: string;
  readonly holds: boolean;
  readonly peakMiB: number;
  /** True when the kernel kept the process within the memory. */
  readonly enforced: boolean;
  /** Slowest answer to the ordinary client, in milliseconds. */
  readonly slowestMs: number;
  /** Longest standstill of the event loop in milliseconds. */
  readonly blockedMs: number;
};

const MIB = 1_048_576;
/** `mem_limit` of docker-compose.yml. */
export const HOSTILE_MIB = 1024;
/** The heap that node would give itself there. */
const HEAP_MIB = 768;

/** Runs every attack against a service of its own. */
export const measureHostile = async (dns: DnsServer): Promise<HostileRow[]> => {
  const rows: HostileRow[] = [];
  const message = await makeMessage(3_000);
  for (const attack of ATTACK_NAMES) {
    const ours = await startOurs(dns.port, { env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` } });
    const group = confine(ours.pid, HOSTILE_MIB * MIB);
    let attacking = true;
    let slowestMs = 0;
    let alive = true;
    const ordinary = async (): Promise<void> => {
      while (attacking) {
        const startMs = performance.now();
        await askOnce(ours.request(message)).catch(() => {
          alive = false;
        });
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
        await wait(20);
      }
    };
    try {
      await askOnce(ours.request(message));
      await ours.longestStandstillMs();
      const asking = ordinary();
      const ends = await runAttack(attack, ours.port);
      attacking = false;
      await asking;
      const peak = peakBytes(ours.pid);
      const counts = Map.groupBy(ends, (end) => end);
      rows.push({
        attack,
        ended: [...counts].map(([end, same]) => `${end}: ${same.length}`).join(', '),
        holds: alive && peak > 0 && !counts.has('open') && !counts.has('500'),
        peakMiB: peak / MIB,
        enforced: group !== null,
        slowestMs,
        blockedMs: await ours.longestStandstillMs().catch(() => Number.NaN),
      });
    } finally {
      await ours.stop();
      if (group !== null) rmdirSync(group);
    }
  }
  return rows;
};

const GROUPS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
];

/**
 * Puts a process into a control group with a limit of memory.
 * @returns its folder, or null where that cannot be done
 */
const confine = (pid: number, bytes: number): string | null => {
  for (const { root, limit } of GROUPS) {
    const folder = `${root}/mailverdict-bench-${pid}`;
    try {
      if (!existsSync(`${root}/cgroup.procs`)) continue;
      mkdirSync(folder);
      writeFileSync(`${folder}/${limit}`, String(bytes));
      writeFileSync(`${folder}/cgroup.procs`, String(pid));
      return folder;
    } catch {
      if (existsSync(folder)) rmdirSync(folder);
    }
  }
  return null;
};

/** Highest resident memory of a process, or 0 when it is gone. */
const peakBytes = (pid: number): number => {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};
