/**
 * Writes to a peer that may not read. Whoever writes asks first whether the peer has read what was
 * written before; one that reads nothing for the time allowed, and one that does not close after
 * the end, is cut off. So no more waits for a peer than the answers to one read of its octets.
 */
import type { Socket } from 'node:net';

/** The writing side of one connection. */
type Sender = {
  /** True while the peer has to read before more is written. */
  readonly isBlocked: boolean;
  write(octets: Buffer | string): void;
  /** Settles once the peer has read, or the connection is closed. */
  unblocked(): Promise<void>;
  /** Ends the connection after what was written, and after these octets. */
  end(octets?: string): void;
};

/**
 * Makes it.
 * @param timeoutMs milliseconds in which a peer must have read what waits for it
 * @param onStuck called before a peer is disconnected
 */
export const createSender = (socket: Socket, timeoutMs: number, onStuck: () => void): Sender => {
  let timer: NodeJS.Timeout | undefined;
  const unwatch = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const watch = (): void => {
    timer ??= setTimeout(() => {
      onStuck();
      socket.destroy();
    }, timeoutMs);
  };
  socket.on('drain', unwatch);
  socket.once('close', unwatch);
  return {
    get isBlocked() {
      return socket.writableNeedDrain;
    },
    write: (octets) => {
      if (!socket.writable) return;
      if (!socket.write(octets)) watch();
    },
    unblocked: async () => {
      if (!socket.writableNeedDrain || socket.closed) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once('drain', resolve);
      socket.once('close', resolve);
      await promise;
      socket.off('drain', resolve);
      socket.off('close', resolve);
    },
    end: (octets = '') => {
      socket.end(octets);
      if (!socket.closed) watch();
    },
  };
};
