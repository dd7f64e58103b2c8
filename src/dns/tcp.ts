/**
 * Questions over TCP, where a reply does not fit a datagram: one connection to each server, many questions on it at once, closed when idle
 * (RFC 7766 section 6.2). A question on a connection that the server had closed in the meantime goes out once more on a new one.
 */
import { connect, type Socket } from 'node:net';
import type { Exchange, Receiver, Transport } from './exchange.ts';
import { isReplyTo, putId, type Query } from './query.ts';
import type { RandomNumbers } from './random.ts';
import type { Server } from './servers.ts';

type Pending = {
  readonly query: Query;
  readonly receiver: Receiver;
  /** True once it was sent a second time. */
  isResent: boolean;
  /** Takes it off the connection it is on. */
  release: () => void;
};

type Connection = {
  readonly socket: Socket;
  readonly pending: Map<number, Pending>;
  readonly frames: FrameReader;
  /** True once a reply came: a close is then the server's way of ending an idle connection, not its refusal. */
  hasAnswered: boolean;
  isClosed: boolean;
};

/** Connections are made when first needed and do not keep the process alive. */
export const tcp = (idleMs: number, random: RandomNumbers): Transport => {
  const connections = new Map<Server, Connection>();

  const connectionTo = (server: Server): Connection => {
    const held = connections.get(server);
    if (held !== undefined && !held.isClosed) return held;
    const connection = open(server, idleMs, (orphan) => send(connectionTo(server), orphan, idleMs, random));
    connections.set(server, connection);
    return connection;
  };

  const exchange: Exchange = (server, query, receiver) => {
    const pending: Pending = { query, receiver, isResent: false, release: () => {} };
    send(connectionTo(server), pending, idleMs, random);
    return pending;
  };

  return {
    exchange,
    close: () => {
      for (const { socket } of connections.values()) socket.destroy();
      connections.clear();
    },
  };
};

const open = (server: Server, idleMs: number, resend: (orphan: Pending) => void): Connection => {
  const socket = connect({ host: server.address, port: server.port, family: server.family, noDelay: true });
  const connection: Connection = {
    socket,
    pending: new Map(),
    frames: frameReader((message) => deliver(connection, message, idleMs)),
    hasAnswered: false,
    isClosed: false,
  };
  socket.unref();
  socket.setTimeout(idleMs, () => {
    if (connection.pending.size === 0) socket.destroy();
  });
  socket.on('data', (bytes) => connection.frames(bytes));
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.destroy());
  socket.on('close', () => {
    connection.isClosed = true;
    const orphans = [...connection.pending.values()];
    connection.pending.clear();
    for (const orphan of orphans) {
      if (connection.hasAnswered && !orphan.isResent) {
        orphan.isResent = true;
        resend(orphan);
      } else orphan.receiver.onUnreachable();
    }
  });
  return connection;
};

const send = (connection: Connection, pending: Pending, idleMs: number, random: RandomNumbers): void => {
  let id = random.uint16();
  while (connection.pending.has(id)) id = random.uint16();
  connection.pending.set(id, pending);
  pending.release = () => {
    if (connection.pending.get(id) !== pending) return;
    connection.pending.delete(id);
    startIdleTime(connection, idleMs);
  };
  putId(pending.query, id);
  const framed = Buffer.allocUnsafe(2 + pending.query.length);
  framed.writeUInt16BE(pending.query.length, 0);
  pending.query.copy(framed, 2);
  connection.socket.write(framed);
};

const deliver = (connection: Connection, message: Buffer, idleMs: number): void => {
  if (message.length < 12) return;
  const id = message.readUInt16BE(0);
  const pending = connection.pending.get(id);
  if (pending === undefined || !isReplyTo(message, pending.query)) return;
  connection.pending.delete(id);
  connection.hasAnswered = true;
  startIdleTime(connection, idleMs);
  pending.receiver.onReply(message);
};

const startIdleTime = ({ socket, pending }: Connection, idleMs: number): void => {
  if (pending.size === 0 && !socket.destroyed) socket.setTimeout(idleMs);
};

/** Takes the octets of a stream as they come and hands on each message without its two-octet length (RFC 1035 section 4.2.2). */
type FrameReader = (bytes: Buffer) => void;

/** Holds one message at most, 65535 octets, and copies each octet once however small the pieces are. */
const frameReader = (onMessage: (message: Buffer) => void): FrameReader => {
  let frame = Buffer.alloc(2);
  let filled = 0;
  let isLength = true;
  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      const copied = bytes.copy(frame, filled, at);
      at += copied;
      filled += copied;
      if (filled < frame.length) return;
      const done = frame;
      const length = isLength ? done.readUInt16BE(0) : 0;
      if (!isLength) onMessage(done);
      isLength = length === 0;
      frame = Buffer.alloc(isLength ? 2 : length);
      filled = 0;
    }
  };
};
