/**
 * When a listener may be closed at the end of the service: not while clients wait in its queue, for
 * closing it would reset them. Touches no connection that was accepted.
 */
import type { Server } from 'node:net';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** How often the listener is checked. */
const CHECK_MS = 25;
/** Nobody connected for so long: more than a worker needs to be handed a connection. */
const QUIET_MS = 150;
/** Clients that connect without end do not keep a listener open for longer. */
const LONGEST_CLOSE_MS = 2_000;

/**
 * Reports to the owner of a listener whether clients still connect to it in this process. The owner
 * closes it, which may take a while where several processes share it.
 */
export type TellQuiet = (listener: Server, isQuiet: boolean) => void;

/** Closes a listener that no other process shares. */
const closeQuiet: TellQuiet = (listener, isQuiet) => {
  if (isQuiet) listener.close();
};

/** The end of one listener. */
type ListenerEnd = {
  /**
   * Closes it. @param isAtOnce does not wait for an empty queue
   * @param tellQuiet closes it in place of this function @default no other process shares it
   * @returns once it is closed and connections that waited go on
   */
  close(isAtOnce: boolean, tellQuiet?: TellQuiet): Promise<void>;
  /** A connection accepted while it closes waits for this before it is served; null: it is open. */
  untilClosed(): Promise<void> | null;
};

/**
 * Closes a listener once its queue is empty: the kernel would reset whoever waits there. A
 * connection that comes meanwhile is accepted and waits, so that clients that connect anew after
 * each answer all wait in the end and none connects any more.
 */
export const createListenerEnd = (server: Server): ListenerEnd => {
  let closed: Promise<void> | null = null;
  return {
    untilClosed: () => closed,
    close: async (isAtOnce, tellQuiet = closeQuiet) => {
      if (!server.listening) return;
      if (isAtOnce) {
        server.close();
        return;
      }
      const closing = Promise.withResolvers<void>();
      closed = closing.promise;
      let cameMs = performance.now();
      const note = (): void => {
        cameMs = performance.now();
      };
      server.on('connection', note);
      const untilMs = cameMs + LONGEST_CLOSE_MS;
      while (server.listening) {
        const isQuiet = performance.now() >= Math.min(cameMs + QUIET_MS, untilMs);
        tellQuiet(server, isQuiet);
        if (!server.listening) break;
        await wait(CHECK_MS);
        // The turn after the timer takes what has arrived, one connection each.
        await nextTurn();
      }
      server.off('connection', note);
      closed = null;
      closing.resolve();
    },
  };
};
