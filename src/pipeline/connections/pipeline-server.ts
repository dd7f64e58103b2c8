/**
 * What milter and policy service share: listeners, open connections, and draining. While it drains,
 * new connections are still accepted for a while, then a connection closes once nothing is in
 * progress and nothing came on it for as long; what is left after the grace is disconnected. Knows
 * no protocol.
 */
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Networks } from '../../ip/networks.ts';
import type { PipelineLog } from '../dependencies.ts';
import type { FaceSettings } from '../face-settings.ts';
import type { Observer } from '../observer.ts';
import type { ListenAddress } from './listen-address.ts';
import { type Listener, openListeners } from './listener.ts';
import type { TellQuiet } from './listener-end.ts';
import { watchSilence } from './silence.ts';

/** How a service ends. */
export type Ending = {
  /** Milliseconds for which listeners stay open, and of silence after which a connection closes. */
  readonly drainMs: number;
  /** Milliseconds after that for what is in progress; then it is disconnected. */
  readonly graceMs: number;
  /** Closes the listeners that several processes share. @default nobody shares them */
  readonly tellQuiet?: TellQuiet | undefined;
};

/** A server of this room. */
export type PipelineServer = {
  /**
   * Opens the listeners of the settings.
   * @returns the addresses as they are
   * @throws when one cannot be opened
   */
  listen(): Promise<ListenAddress[]>;
  /**
   * Drains: listeners stay for a while, messages in progress finish, silent connections close.
   */
  close(ending: Ending): Promise<void>;
};

/** What a server depends on. */
type ServerDependencies = {
  readonly face: 'milter' | 'policy';
  /** Addresses to listen on, from the settings. */
  readonly addresses: readonly string[];
  readonly settings: FaceSettings;
  /** Asked for each new connection over TCP. */
  readonly mayConnect: Networks;
  readonly log: PipelineLog;
  readonly observer: Observer;
  /**
   * Speaks the protocol on one connection. Once `isLastCall` answers true it takes no further
   * message on the connection.
   * @returns a function: whether the connection has no message in progress
   */
  readonly serve: (socket: Socket, isLastCall: () => boolean) => () => boolean;
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
}: ServerDependencies): PipelineServer => {
  const connections = new Map<Socket, () => boolean>();
  let listeners: Listener[] = [];
  let lastCall = false;
  const report = (refused: boolean): void => observer.onConnection({ face, open: connections.size, refused });

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
            serve(socket, () => lastCall),
          );
          report(false);
          socket.once('close', () => {
            connections.delete(socket);
            report(false);
          });
        },
        onRefused: (reason) => {
          log.warn({ face, reason }, 'connection refused');
          report(true);
        },
      });
      return listeners.map(({ address }) => address);
    },
    close: async ({ drainMs, graceMs, tellQuiet }) => {
      const silence = watchSilence(connections, drainMs);
      await wait(drainMs);
      await Promise.all(listeners.map((listener) => listener.stop(drainMs === 0, tellQuiet)));
      // A peer that sends without a pause is disconnected between two messages while there is time,
      // not in the middle of one when there is none.
      const lastCallTimer = setTimeout(() => {
        lastCall = true;
      }, graceMs / 2);
      const disconnect = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, graceMs);
      await silence.endSilent();
      clearTimeout(lastCallTimer);
      clearTimeout(disconnect);
    },
  };
};
