/**
 * A real authoritative server (NSD) behind a real recursive one (Unbound), in a temporary folder
 * and on free ports of the loopback, for interoperability tests and measurements. Ended by their
 * handles; nothing of the system's own services is used.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import packet from 'dns-packet';
import { freePort } from '../free-port.ts';

/** A zone by its apex; signed ones get a key, and Unbound its trust anchor. */
export type DaemonZone = { readonly apex: string; readonly text: string; readonly isSigned?: boolean };

export type DnsDaemons = {
  /** Of Unbound, as the setting `dnsServers` takes it. */
  readonly literal: string;
  readonly folder: string;
  readonly stop: (which: 'nsd' | 'unbound') => Promise<void>;
  readonly start: (which: 'nsd' | 'unbound') => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Starts both and waits until they answer.
 * @param threads of Unbound
 * @throws Error with the tail of a daemon's log when it ends before it answers
 */
export const startDnsDaemons = async (zones: readonly DaemonZone[], threads = 1): Promise<DnsDaemons> => {
  const folder = await mkdtemp(join(tmpdir(), 'mailverdict-dns-'));
  const ports = { nsd: await freePort(), unbound: await freePort() };
  const anchors: string[] = [];
  for (const zone of zones) {
    const file = join(folder, `${zone.apex}.zone`);
    await writeFile(file, zone.text);
    if (zone.isSigned) anchors.push(signZone(folder, zone.apex, file));
  }
  await writeFile(join(folder, 'nsd.conf'), nsdConfig(folder, ports.nsd, zones));
  await writeFile(join(folder, 'unbound.conf'), unboundConfig(folder, ports, zones, anchors, threads));

  const running = new Map<'nsd' | 'unbound', ChildProcess>();
  const logs = { nsd: '', unbound: '' };

  const start = async (which: 'nsd' | 'unbound') => {
    const child = spawn(`/usr/sbin/${which}`, ['-d', '-c', join(folder, `${which}.conf`)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (bytes: Buffer) => {
      logs[which] = (logs[which] + bytes).slice(-4000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    running.set(which, child);
    while (child.exitCode === null && child.signalCode === null) {
      if (await answers(ports[which], zones[0]?.apex ?? '')) return;
      await wait(100);
    }
    throw new Error(`${which} does not answer:\n${logs[which]}`);
  };

  const stop = async (which: 'nsd' | 'unbound') => {
    const child = running.get(which);
    running.delete(which);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // NSD ends its own children on SIGTERM; Unbound is cut off in mid-work.
    child.kill(which === 'nsd' ? 'SIGTERM' : 'SIGKILL');
    await ended;
  };

  const close = async () => {
    await stop('unbound');
    await stop('nsd');
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start('nsd');
    await start('unbound');
  } catch (error) {
    await close();
    throw error;
  }
  return { literal: `127.0.0.1:${ports.unbound}`, folder, start, stop, close };
};

const answers = async (port: number, name: string): Promise<boolean> => {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  const heard = once(socket, 'message', { signal: AbortSignal.timeout(1000) });
  socket.send(
    packet.encode({ type: 'query', id: 1, flags: packet.RECURSION_DESIRED, questions: [{ type: 'SOA', name }] }),
    port,
    '127.0.0.1',
  );
  try {
    const [bytes] = (await heard) as [Buffer];
    return ((bytes[3] ?? 0xf) & 0xf) === 0;
  } catch {
    return false;
  } finally {
    socket.close();
  }
};

/** @returns the DS record, which is the trust anchor */
const signZone = (folder: string, apex: string, file: string): string => {
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8' }).trim();
  const key = run('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', apex);
  run('ldns-signzone', '-o', apex, '-f', file, file, key);
  return run('ldns-key2ds', '-n', '-2', `${key}.key`);
};

const nsdConfig = (folder: string, port: number, zones: readonly DaemonZone[]): string => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
${zones.map(({ apex }) => `zone:\n  name: "${apex}"\n  zonefile: "${apex}.zone"`).join('\n')}
`;

const unboundConfig = (
  folder: string,
  ports: { nsd: number; unbound: number },
  zones: readonly DaemonZone[],
  anchors: readonly string[],
  threads: number,
): string => `
server:
  interface: 127.0.0.1@${ports.unbound}
  num-threads: ${threads}
  so-reuseport: yes
  so-rcvbuf: 4m
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  num-queries-per-thread: 4096
  outgoing-range: 8192
  msg-cache-size: 64m
  rrset-cache-size: 128m
  edns-buffer-size: 1232
  infra-host-ttl: 1
  module-config: "validator iterator"
${anchors.map((anchor) => `  trust-anchor: "${anchor.replaceAll('\t', ' ')}"`).join('\n')}
remote-control:
  control-enable: no
${zones.map(({ apex }) => `stub-zone:\n  name: "${apex}"\n  stub-addr: 127.0.0.1@${ports.nsd}`).join('\n')}
`;
