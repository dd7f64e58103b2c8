/**
 * When a connection may be ended by us: no message or request is in hand, and nothing came on it
 * for some time. A client that was silent for as long is not about to send; one that sends all the
 * time is never cut off between two of its requests. And when a listener may be closed: not while
 * clients wait in its queue, whom that would reset.
 */
import type { Server, Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** Open connections, each with whether nothing is in hand on it. */
type Connections = Iterable<readonly [socket: Socket, isIdle: () => boolean]> & { readonly size: number };

/** Watches connections from now on. */
type SilenceWatch = {
  /** Ends each connection once it was silent for long enough. @returns once none is left */
  endSilent(): Promise<void>;
};

/** How often connections are looked at. */
const LOOK_MS = 25;
/** Nobody connected for so long: more than a worker needs to be handed a connection. */
const QUIET_MS = 150;
/** Clients that connect without end do not keep a listener open for longer. */
const LONGEST_HOLD_MS = 2_000;

/**
 * Starts to watch.
 * @param silenceMs milliseconds without an octet from the peer, and with nothing in hand, after
 * which a connection may be ended
 */
export const watchSilence = (connections: Connections, silenceMs: number): SilenceWatch => {
  const silent = new WeakMap<Socket, { octets: number; sinceMs: number }>();
  let whenEmpty: (() => void) | undefined;
  const look = (): void => {
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
  const timer = setInterval(() => setImmediate(look), LOOK_MS);
  look();
  return {
    endSilent: () =>
      new Promise((resolve) => {
        whenEmpty = resolve;
        setImmediate(look);
      }),
  };
};

/**
 * Tells whoever owns a listener whether clients still come to it here. The owner closes it, which
 * may take a while where several processes share it.
 */
export type TellQuiet = (listener: Server, isQuiet: boolean) => void;

/** Closes a listener that no other process shares. */
const closeQuiet: TellQuiet = (listener, isQuiet) => {
  if (isQuiet) listener.close();
};

/** The end of one listener. */
type ListenerEnd = {
  /**
   * Closes it, at once where nothing is to be waited for.
   * @param tellQuiet closes it in the place of this function @default nobody shares it
   * @returns once it is closed and what waited goes on
   */
  close(isAtOnce: boolean, tellQuiet?: TellQuiet): Promise<void>;
  /**
   * What came in the last moments waits for this before it is served; null: it does not have to.
   */
  held(): Promise<void> | null;
};

/**
 * Ends a listener so that nobody waits in its queue, whom the kernel would reset. What comes in the
 * last moments is accepted and waits: clients that connect anew after each answer then all wait,
 * and none of them comes any more.
 */
export const createListenerEnd = (server: Server): ListenerEnd => {
  let held: Promise<void> | null = null;
  return {
    held: () => held,
    close: async (isAtOnce, tellQuiet = closeQuiet) => {
      if (!server.listening) return;
      if (isAtOnce) {
        server.close();
        return;
      }
      const released = Promise.withResolvers<void>();
      held = released.promise;
      let cameMs = performance.now();
      const note = (): void => {
        cameMs = performance.now();
      };
      server.on('connection', note);
      const untilMs = cameMs + LONGEST_HOLD_MS;
      while (server.listening) {
        const isQuiet = performance.now() >= Math.min(cameMs + QUIET_MS, untilMs);
        tellQuiet(server, isQuiet);
        if (!server.listening) break;
        await wait(LOOK_MS);
        // The turn after the timer takes what has arrived, one connection each.
        await nextTurn();
      }
      server.off('connection', note);
      held = null;
      released.resolve();
    },
  };
};
