/**
 * Ports for servers of others, which want to be told a number. They are taken below the range that
 * the system gives to outgoing connections and to servers that ask for any port, so that no
 * connection of another test can take one between the look and the use; and test files that run
 * side by side look in different hundreds.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 10_000;
const HUNDREDS = 200;

let tried = 0;

/**
 * A port of the loopback that is free over TCP and UDP, never the same one twice in a process.
 * @throws Error when a process asked for more than there are
 */
export const freePort = async (): Promise<number> => {
  while (tried < 100) {
    const port = FIRST + (process.pid % HUNDREDS) * 100 + tried++;
    if (await isFree(port)) return port;
  }
  throw new Error('no free port is left in the hundred of this process');
};

/** Whether both protocols can be bound: NSD, Unbound and dnsdist want the same number for both. */
const isFree = async (port: number): Promise<boolean> => {
  const stream = createServer();
  const datagram = createSocket('udp4');
  try {
    stream.listen(port, '127.0.0.1');
    await once(stream, 'listening');
    datagram.bind(port, '127.0.0.1');
    await once(datagram, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all([closed(stream), closed(datagram)]);
  }
};

const closed = (server: { close(done: () => void): unknown }): Promise<void> =>
  new Promise((done) => server.close(() => done()));
