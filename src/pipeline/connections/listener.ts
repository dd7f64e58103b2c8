/**
 * Listening where a setting says: TCP or a unix socket. A unix socket left by a process that is
 * gone is replaced, one that answers is not; mode and group are set before anybody can have
 * connected, and the path is removed at the end. Never listens on TCP for peers outside the
 * networks given.
 */
import { chmod, chown, lstat, readFile, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Networks } from '../../ip/networks.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { createListenerEnd, type TellQuiet } from './listener-end.ts';
import { OpenConnections } from './open-connections.ts';

/** How to listen. */
type ListenOptions = {
  /** Octal digits, for a unix socket. */
  readonly socketMode: string;
  /** Group name or number; empty: unchanged. */
  readonly socketGroup: string;
  /** Peers that may connect over TCP. */
  readonly allowed: Networks;
  readonly maxConnections: number;
  readonly maxPeerConnections: number;
  /** A connection within the limits; the socket has TCP_NODELAY. */
  readonly onConnection: (socket: Socket) => void;
  /** A connection that was closed at once, and why. */
  readonly onRefused: (reason: 'not-allowed' | 'too-many' | 'too-many-of-peer') => void;
};

/** An open listener. */
export type Listener = {
  /** The address as it is: with the port that was chosen where 0 was asked for. */
  readonly address: ListenAddress;
  /**
   * Stops accepting and removes a unix socket's path; open connections stay.
   * @param isAtOnce does not wait until nobody connects
   * @param tellQuiet closes what several processes share, which a unix socket never is
   */
  stop(isAtOnce: boolean, tellQuiet?: TellQuiet): Promise<void>;
};

/**
 * Opens one listener for each address; the limits count the connections of all.
 * @throws when one of them cannot be opened; those opened before are stopped again
 */
export const openListeners = async (addresses: readonly string[], options: ListenOptions): Promise<Listener[]> => {
  const accept = limitConnections(options);
  const listeners: Listener[] = [];
  try {
    for (const address of addresses) listeners.push(await openListener(parseListenAddress(address), options, accept));
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.stop(true)));
    throw error;
  }
  return listeners;
};

const limitConnections = (options: ListenOptions) => {
  const open = new OpenConnections();
  return (socket: Socket): void => {
    // What a closing socket still has to say is of no interest; without a listener it would end the
    // process.
    socket.on('error', () => socket.destroy());
    const peer = socket.remoteAddress ?? null;
    const refusal =
      peer !== null && !options.allowed(peer)
        ? 'not-allowed'
        : open.all >= options.maxConnections
          ? 'too-many'
          : open.of(peer) >= options.maxPeerConnections
            ? 'too-many-of-peer'
            : null;
    if (refusal !== null) {
      socket.destroy();
      options.onRefused(refusal);
      return;
    }
    open.add(socket, peer);
    // Nagle's algorithm would delay a reply until the peer's delayed acknowledgement: 40 ms a
    // message.
    socket.setNoDelay(true);
    options.onConnection(socket);
  };
};

const openListener = async (
  address: ListenAddress,
  options: ListenOptions,
  accept: (socket: Socket) => void,
): Promise<Listener> => {
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    const untilClosed = end.untilClosed();
    if (untilClosed === null) {
      accept(socket);
      return;
    }
    socket.on('error', () => socket.destroy());
    void untilClosed.then(() => socket.destroyed || accept(socket));
  });
  const end = createListenerEnd(server);
  if (address.kind === 'inet') {
    await listening(server, () => server.listen({ host: address.host, port: address.port }));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    return { address: { ...address, port }, stop: end.close };
  }
  await removeStale(address.path);
  // Made by this process alone, also where several share their TCP listeners: mode and stale paths
  // are its own affair. The path is created under this mask, so that there is no moment in which
  // everybody may connect.
  const mask = process.umask(0o177);
  try {
    const opened = listening(server, () => server.listen({ path: address.path, exclusive: true }));
    process.umask(mask);
    await opened;
    if (options.socketGroup !== '') await chown(address.path, -1, await groupNumber(options.socketGroup));
    await chmod(address.path, Number.parseInt(options.socketMode, 8));
  } catch (error) {
    process.umask(mask);
    await end.close(true);
    throw error;
  }
  // Node removes the path when it closes the listening handle, which `close` does at once; its
  // callback waits for open connections.
  return { address, stop: (isAtOnce) => end.close(isAtOnce) };
};

const listening = (server: Server, listen: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });

/**
 * Removes a socket that nobody answers on.
 * @throws when somebody does, or when the path is something else
 */
const removeStale = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`);
  const answered = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (answered) throw new Error(`${path} is in use by another process`);
  await unlink(path);
};

/** Number of a group by name, from the group file; a number is taken as it is. */
const groupNumber = async (group: string): Promise<number> => {
  if (/^\d+$/.test(group)) return Number(group);
  const lines = (await readFile('/etc/group', 'latin1')).split('\n');
  const id = lines.map((line) => line.split(':')).find(([name]) => name === group)?.[2];
  if (id === undefined) throw new Error(`there is no group ${group}`);
  return Number(id);
};
