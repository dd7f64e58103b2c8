/**
 * A mail server that sends and never reads. Over a unix socket, whose buffers are small and do not
 * grow.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A path for a socket, removed after the test. */
export const socketPath = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'socket');
};

/** Octets after which the other side is said to take everything. */
const ENDLESS_BYTES = 64_000_000;

/**
 * Sends the same octets again and again until it is cut off.
 * @returns octets that the other side took
 * @throws when there is no end to it
 */
export const sendWithoutReading = (path: string, first: Buffer, again: Buffer): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const socket = connect({ path });
  socket.pause();
  const send = (): void => {
    while (!socket.destroyed && socket.bytesWritten < ENDLESS_BYTES) if (!socket.write(again)) return;
    socket.destroy();
    reject(new Error('everything was taken'));
  };
  socket.on('error', () => undefined);
  socket.on('drain', send);
  socket.once('close', () => resolve(socket.bytesWritten));
  socket.once('connect', () => {
    socket.write(first);
    send();
  });
  return promise;
};
