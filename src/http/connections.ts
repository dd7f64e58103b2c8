/**
 * What one connection and one address may take of the HTTP face: connections in all and of an
 * address (TLS handshakes included), requests under way on a connection, octets that a client does
 * not read, and the time for which it reads nothing. A connection that passes a limit is closed; no
 * answer could reach a client that does not read.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import type { HttpSettings } from '../../schemas/settings/http.ts';
import { createListenerEnd, type TellQuiet } from '../pipeline/connections/listener-end.ts';
import { watchSilence } from '../pipeline/connections/silence.ts';
import { limitPeers } from './peers.ts';
import { LINGER_MS } from './refusal.ts';
import { createTurns, type ParserState } from './turns.ts';

/** Limits of connections. */
export type ConnectionLimits = Pick<
  HttpSettings,
  'maxConnections' | 'maxPeerConnections' | 'maxPipelinedRequests' | 'writeTimeoutMs' | 'requestTimeoutMs'
>;

/** Octets that wait for a client when it sends another request: it does not read its answers. */
const MAX_UNSENT_BYTES = 1_048_576;
/**
 * How often the times of connections are checked: often enough that a short time is kept, also by
 * node's own check of headers.
 */
export const checkIntervalMs = (timeoutMs: number): number => Math.min(5_000, Math.max(100, Math.floor(timeoutMs / 4)));

/** Connections with what is under way on them. */
type LimitedConnections = {
  /**
   * Whether nothing is on its way to the client that a refusal of its bytes would get mixed up
   * with.
   */
  readonly mayRefuse: (socket: Duplex) => boolean;
  /** What a request waits for before it is served; null: nothing. */
  readonly waitsFor: () => Promise<void> | null;
  /**
   * Whether this is the only request under way on its connection: an answer that ends the
   * connection cuts off nothing then.
   */
  readonly isAlone: (request: IncomingMessage) => boolean;
  /**
   * Ends them: the listener stays for a while, then each connection closes once it has nothing in
   * hand and was silent for as long.
   * @param tellQuiet closes a listener that several processes share
   * @returns once none is left
   */
  readonly drain: (drainMs: number, tellQuiet?: TellQuiet) => Promise<void>;
};

type Unsent = ParserState & {
  octets: number;
  sinceMs: number;
  /** The request that came last, and its answer. */
  last?: { request: IncomingMessage; response: ServerResponse };
};

/**
 * Puts the limits on a server that does not listen yet.
 * @param proxies TRUST_PROXY: many clients come from one of their addresses, so only the limit of
 * all counts for them
 */
export const limitConnections = (
  server: Server,
  limits: ConnectionLimits,
  proxies: readonly string[],
): LimitedConnections => {
  limitPeers(server, limits, proxies);
  const watched = watchUnsent(server, limits.writeTimeoutMs);
  const end = createListenerEnd(server);
  const idleness = {
    get size() {
      return watched.size;
    },
    *[Symbol.iterator]() {
      for (const [socket, { requests }] of watched) yield [socket, () => requests === 0] as const;
    },
  };
  limitRequests(server, watched, limits);
  return {
    mayRefuse: (socket) => {
      const connection = watched.get(socket as Socket);
      if (connection === undefined || connection.requests === 0) return true;
      // The bytes belong to the body of the one request that is not whole yet.
      const { last } = connection;
      return connection.requests === 1 && last?.request.complete === false && !last.response.headersSent;
    },
    waitsFor: end.untilClosed,
    isAlone: ({ socket }) => (watched.get(socket)?.requests ?? 1) <= 1,
    drain: async (drainMs, tellQuiet) => {
      if (!server.listening) return;
      const silence = watchSilence(idleness, drainMs);
      // Node's own close ends what it takes for idle at once, a request that is on its way or not.
      server.closeIdleConnections = () => undefined;
      await wait(drainMs);
      await end.close(drainMs === 0, tellQuiet);
      await silence.endSilent();
    },
  };
};

/** Puts the limits of one connection before the handlers that a server already has. */
const limitRequests = (
  server: Server,
  watched: ReadonlyMap<Socket, Unsent>,
  { maxPipelinedRequests }: ConnectionLimits,
): void => {
  const handlers = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    // Closed for what it sent: a thousand requests that came in the same segment must cost nothing
    // more.
    if (socket.destroyed) return;
    const connection = watched.get(socket);
    if (connection !== undefined) {
      connection.requests += 1;
      connection.last = { request, response };
      connection.bodyBytes = Number(request.headers['content-length'] ?? 0) || 0;
      connection.parsedBytes = 0;
    }
    if ((connection?.requests ?? 0) > maxPipelinedRequests || socket.writableLength > MAX_UNSENT_BYTES) {
      socket.destroy();
      return;
    }
    response.once('close', () => {
      if (connection !== undefined) connection.requests -= 1;
    });
    response.once('finish', () => lingerFor(request));
    for (const handle of handlers) handle.call(server, request, response);
  });
};

/** After the answer the rest of a request may still come, for a while. */
const lingerFor = (request: IncomingMessage): void => {
  if (request.complete) return;
  const { socket } = request;
  const linger = setTimeout(() => {
    if (!request.complete) socket.destroy();
  }, LINGER_MS);
  const end = (): void => {
    clearTimeout(linger);
    socket.off('close', end);
    request.off('end', end);
  };
  // A connection that is kept must not gather a listener for each answer that came before the end
  // of its request.
  socket.once('close', end);
  request.once('end', end);
};

/**
 * A connection that ends with an answer while the body of its request still comes is closed for
 * writing first, and what comes is dropped: closing it at once would reset it, and the client might
 * never read the answer (RFC 9112 section 9.6).
 */
const closeInStages = (socket: Socket, state: Unsent): void => {
  const close = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    const request = state.last?.request;
    if (request === undefined || request.complete) return close();
    socket.end();
    request.once('end', close).resume();
  };
};

/** Closes connections on which nothing that waits was sent for some time. */
const watchUnsent = (server: Server, timeoutMs: number): Map<Socket, Unsent> => {
  const watched = new Map<Socket, Unsent>();
  const takeTurns = createTurns();
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return;
    const state: Unsent = { requests: 0, octets: 0, sinceMs: 0, bodyBytes: 0, parsedBytes: 0 };
    takeTurns(socket, state);
    closeInStages(socket, state);
    watched.set(socket, state);
    socket.once('close', () => watched.delete(socket));
  });
  const check = (): void => {
    const nowMs = performance.now();
    for (const [socket, unsent] of watched) {
      const { writableLength } = socket;
      // An answer is one write, which counts as unsent until its last octet is; more that is
      // written behind it is no progress.
      if (writableLength === 0 || writableLength < unsent.octets || unsent.octets === 0) unsent.sinceMs = nowMs;
      else if (nowMs - unsent.sinceMs >= timeoutMs) socket.destroy();
      unsent.octets = writableLength;
    }
  };
  const timer = setInterval(check, checkIntervalMs(timeoutMs)).unref();
  server.once('close', () => clearInterval(timer));
  return watched;
};
