/**
 * Bodies and connections that are sent to end the service, against the shipped limits: each has to end in an answer or a closed connection, the process has to live within
 * the memory of docker-compose.yml, and another client has to be served meanwhile. The attacker has an address of its own (127.0.0.2). Linux only.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { DnsServer } from './dns-server.ts';
import { askOnce } from './load.ts';
import { startOurs } from './ours.ts';
import { makeMessage } from './world.ts';

/** One attack. */
export type HostileRow = {
  readonly attack: string;
  /** How each connection ended: a status or `closed`, with how many ended so; `open` for those that did not. */
  readonly ended: string;
  readonly holds: boolean;
  readonly peakMiB: number;
  /** Slowest answer to the ordinary client, in milliseconds. */
  readonly slowestMs: number;
};

const MIB = 1_048_576;
const PATIENCE_MS = 90_000;
const ATTACKER = '127.0.0.2';
/** `mem_limit: 1g`: the heap that node would give itself there. */
const HEAP_MIB = 768;

type Attack = {
  readonly name: string;
  readonly connections: number;
  readonly head: string;
  readonly body: () => Generator<Buffer>;
};

function* repeated(piece: Buffer, bytes: number): Generator<Buffer> {
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece.subarray(0, Math.min(piece.length, bytes - sent));
}
function* keys(bytes: number): Generator<Buffer> {
  yield Buffer.from('{"a":1');
  for (let sent = 0, key = 0; sent < bytes; ) {
    let text = '';
    while (text.length < 65_000) text += `,"k${key++}":1`;
    sent += text.length;
    yield Buffer.from(text);
  }
  yield Buffer.from('}');
}
const post = (path: string, type: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n';
function* chunked(pieces: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of pieces)
    yield Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
  yield Buffer.from('0\r\n\r\n');
}
const manyKeys = (path: string): Attack => ({
  name: `78 MB of JSON keys to ${path}`,
  connections: 1,
  head: `${post(path, 'application/json')}${CHUNKED}`,
  body: () => chunked(keys(78_000_000)),
});

const ATTACKS: readonly Attack[] = [
  {
    name: '48 MB of line ends as an mbox',
    connections: 1,
    head: `${post('/v1/verify/batch', 'application/mbox')}${CHUNKED}`,
    body: () => chunked(repeated(Buffer.alloc(65_536, '\n'), 48_000_000)),
  },
  {
    name: '60 MB of chunks of one octet',
    connections: 1,
    head: `${post('/v1/verify', 'message/rfc822')}${CHUNKED}`,
    body: () => repeated(Buffer.from('1\r\nx\r\n'.repeat(10_000)), 60_000_000),
  },
  manyKeys('/v1/verify'),
  manyKeys('/v1/replay'),
  manyKeys('/v1/domains'),
  {
    name: '40 bodies of 50 MB at once',
    connections: 40,
    head: `${post('/v1/verify', 'message/rfc822')}Content-Length: 50000000\r\n\r\n`,
    body: () => repeated(Buffer.alloc(65_536, 'x'), 50_000_000),
  },
  {
    name: '120 connections that pipeline and never read',
    connections: 120,
    head: '',
    body: () =>
      repeated(
        Buffer.from('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(500)),
        20_000_000,
      ),
  },
];

/** Sends one attack on one connection. @returns how it ended */
const attackOnce = (port: number, { head, body }: Attack): Promise<string> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', localAddress: ATTACKER });
    let status: string | undefined;
    const patience = setTimeout(() => {
      resolve(status ?? 'open');
      socket.destroy();
    }, PATIENCE_MS);
    socket.on('error', () => undefined);
    if (head !== '')
      socket.on('data', (piece: Buffer) => {
        status ??= piece.toString('latin1', 9, 12);
      });
    socket.once('close', () => {
      clearTimeout(patience);
      resolve(status ?? 'closed');
    });
    const pieces = body();
    const more = (): void => {
      for (let free = true; free && !socket.destroyed && status === undefined; ) {
        const { value, done } = pieces.next();
        if (done === true) return;
        free = socket.write(value);
      }
    };
    socket.on('drain', more).once('connect', () => {
      socket.write(head);
      more();
    });
  });

/** Runs every attack against a service of its own. */
export const measureHostile = async (dns: DnsServer): Promise<HostileRow[]> => {
  const rows: HostileRow[] = [];
  const message = await makeMessage(3_000);
  for (const attack of ATTACKS) {
    const ours = await startOurs(dns.port, { env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` } });
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
      const asking = ordinary();
      const ends = await Promise.all(Array.from({ length: attack.connections }, () => attackOnce(ours.port, attack)));
      attacking = false;
      await asking;
      const peak = peakBytes(ours.pid);
      const counts = Map.groupBy(ends, (end) => end);
      rows.push({
        attack: attack.name,
        ended: [...counts].map(([end, same]) => `${end}: ${same.length}`).join(', '),
        holds: alive && peak > 0 && !counts.has('open') && !counts.has('500'),
        peakMiB: peak / MIB,
        slowestMs,
      });
    } finally {
      await ours.stop();
    }
  }
  return rows;
};

/** Highest resident memory of a process, or 0 when it is gone. */
const peakBytes = (pid: number): number => {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};
