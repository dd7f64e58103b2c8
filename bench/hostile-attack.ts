/**
 * The attacks of the hostile part, as a process of its own: what it costs to send them must not
 * hold up the ordinary client that is measured beside it, on the same core. Started by runAttack
 * alone; the attacker has an address of its own (127.0.0.2).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LOAD_CORE } from './processes.ts';

const PATIENCE_MS = 90_000;
const ATTACKER = '127.0.0.2';

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

/** What is sent, in order. */
export const ATTACK_NAMES: readonly string[] = ATTACKS.map(({ name }) => name);

/**
 * Runs one attack.
 * @returns how each of its connections ended: a status, `closed`, or `open` for one that did not
 * end
 */
export const runAttack = async (name: string, port: number): Promise<string[]> => {
  const child = spawn(
    'nice',
    [
      '-n',
      '19',
      'taskset',
      '-c',
      String(LOAD_CORE),
      process.execPath,
      fileURLToPath(import.meta.url),
      name,
      String(port),
    ],
    { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [ends] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(ends);
};

if (import.meta.main) {
  const [, , name, port] = process.argv;
  const attack = ATTACKS.find((one) => one.name === name);
  if (attack === undefined) throw new Error(`no such attack: ${name}`);
  const ends = await Promise.all(Array.from({ length: attack.connections }, () => attackOnce(Number(port), attack)));
  console.log(JSON.stringify(ends));
}
