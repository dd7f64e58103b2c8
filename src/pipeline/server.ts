/**
 * What milter and policy service have in common: listeners, the connections that are open, and the end. At the end nothing new is accepted, idle connections close
 * at once, the others when their message is done, and what is left after the grace is cut off. Knows no protocol.
 */
import type { Socket } from 'node:net';
import type { EvaluationSettings } from './evaluation.ts';
import { type ListenAddress, type Listener, openListeners } from './listener.ts';
import type { Networks } from './networks.ts';
import type { Observer, PipelineLog } from './parts.ts';

/** A server of this room. */
export type PipelineServer = {
  /** Opens the listeners of the settings. @returns the addresses as they are @throws when one cannot be opened */
  listen(): Promise<ListenAddress[]>;
  /**
   * Stops accepting, lets messages in hand finish, closes idle connections at once.
   * @param graceMs milliseconds after which what is left is cut off
   */
  close(graceMs: number): Promise<void>;
};

/** What a server is made of. */
export type ServerParts = {
  readonly face: 'milter' | 'policy';
  /** Addresses to listen on, from the settings. */
  readonly addresses: readonly string[];
  readonly settings: EvaluationSettings;
  /** Asked for each new connection over TCP. */
  readonly mayConnect: Networks;
  readonly log: PipelineLog;
  readonly observer?: Observer | undefined;
  /**
   * Speaks the protocol on one connection. Once `isClosing` answers true it ends the connection itself after the message in hand.
   * @returns whether the connection has no message in hand
   */
  readonly serve: (socket: Socket, isClosing: () => boolean) => () => boolean;
};

/** Makes a server; nothing listens yet. */
export const createPipelineServer = ({
  face,
  addresses,
  settings,
  mayConnect,
  log,
  observer,
  serve,
}: ServerParts): PipelineServer => {
  const connections = new Map<Socket, () => boolean>();
  let listeners: Listener[] = [];
  let closing = false;
  let whenEmpty: (() => void) | undefined;
  const tell = (refused: boolean): void => observer?.onConnection?.({ face, open: connections.size, refused });

  return {
    listen: async () => {
      listeners = await openListeners(addresses, {
        socketMode: settings.socketMode,
        socketGroup: settings.socketGroup,
        allowed: mayConnect,
        maxConnections: settings.pipelineMaxConnections,
        maxPeerConnections: settings.pipelineMaxPeerConnections,
        onConnection: (socket) => {
          connections.set(
            socket,
            serve(socket, () => closing),
          );
          tell(false);
          socket.once('close', () => {
            connections.delete(socket);
            tell(false);
            if (connections.size === 0) whenEmpty?.();
          });
        },
        onRefused: (reason) => {
          log.warn({ face, reason }, 'connection refused');
          tell(true);
        },
      });
      return listeners.map(({ address }) => address);
    },
    close: async (graceMs) => {
      closing = true;
      await Promise.all(listeners.map((listener) => listener.stop()));
      for (const [socket, isIdle] of connections) if (isIdle()) socket.end();
      if (connections.size === 0) return;
      const cutOff = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, graceMs);
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      clearTimeout(cutOff);
    },
  };
};
