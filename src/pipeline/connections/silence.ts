/**
 * When the service may end a connection at its own end: no message or request is in progress, and
 * the peer sent nothing for some time. A client that was silent for as long is not about to send;
 * one that sends all the time is never disconnected between two of its requests. Closes no
 * listener.
 */
import type { Socket } from 'node:net';

/** Open connections, each with whether nothing is in progress on it. */
type Connections = Iterable<readonly [socket: Socket, isIdle: () => boolean]> & { readonly size: number };

/** Watches connections from now on. */
type SilenceWatch = {
  /** Ends each connection once it was silent for long enough. @returns once none is left */
  endSilent(): Promise<void>;
};

/** How often connections are checked. */
const CHECK_MS = 25;

/**
 * Starts to watch.
 * @param silenceMs milliseconds without an octet from the peer, and with nothing in progress,
 * after which a connection may be ended
 */
export const watchSilence = (connections: Connections, silenceMs: number): SilenceWatch => {
  const silent = new WeakMap<Socket, { octets: number; sinceMs: number }>();
  let whenEmpty: (() => void) | undefined;
  const check = (): void => {
    const nowMs = performance.now();
    for (const [socket, isIdle] of connections) {
      const octets = socket.bytesRead;
      const before = silent.get(socket);
      if (before?.octets !== octets || !isIdle()) silent.set(socket, { octets, sinceMs: nowMs });
      else if (whenEmpty !== undefined && nowMs - before.sinceMs >= silenceMs) socket.destroySoon();
    }
    if (whenEmpty === undefined || connections.size > 0) return;
    clearInterval(timer);
    whenEmpty();
  };
  // After the turn's reading: what has arrived counts.
  const timer = setInterval(() => setImmediate(check), CHECK_MS);
  check();
  return {
    endSilent: () =>
      new Promise((resolve) => {
        whenEmpty = resolve;
        setImmediate(check);
      }),
  };
};
