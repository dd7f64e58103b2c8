/**
 * One connected UDP socket of a pool: its tries by id, the datagrams to go out and come in, and the
 * count of those that answer nothing. Closed once it is retired and its last try has ended.
 *
 * LIMITS: {@link MAX_UNEXPECTED}.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isReplyTo, putId, type Query } from '../wire/query.ts';
import type { OpenTry, Receiver } from './exchange.ts';
import type { RandomNumbers } from './random.ts';
import type { Server } from './servers.ts';

/**
 * Unexpected datagrams on a socket with open questions, after which those go to TCP. 20 guesses hit
 * an id once in 3,277 times for a forger who knows the port; a network that now and then doubles a
 * reply stays below it.
 */
const MAX_UNEXPECTED = 20;

/** A try with its socket and its id there. */
class Pending implements OpenTry {
  readonly pooled: PooledSocket;
  readonly id: number;
  readonly query: Query;
  readonly receiver: Receiver;

  constructor(pooled: PooledSocket, id: number, query: Query, receiver: Receiver) {
    this.pooled = pooled;
    this.id = id;
    this.query = query;
    this.receiver = receiver;
  }

  release(): void {
    const { pending } = this.pooled;
    if (pending.get(this.id) !== this) return;
    pending.delete(this.id);
    this.pooled.late++;
    afterLeaving(this.pooled);
  }

  /** A lost datagram speaks against no socket. */
  overdue(): void {}
}

/** A connected socket and the tries that wait on it. */
export type PooledSocket = {
  readonly socket: Socket;
  readonly pending: Map<number, Pending>;
  /** False until it is connected; what is to go out waits for that. */
  isConnected: boolean;
  /** Datagrams of this turn of the event loop, to go out and come in. */
  outbox: Buffer[];
  inbox: Buffer[];
  readonly countUnexpected: () => void;
  /** Hears of each datagram; a closed port is reported here as often as by an event. */
  readonly onSent: (error: Error | null) => void;
  questions: number;
  /** Tries that ended without their reply, which may still come. */
  late: number;
  /** Datagrams that answered no question, since the socket had none open. */
  unexpected: number;
  readonly retiresAtMs: number;
  isRetired: boolean;
};

/**
 * Takes sockets with datagrams, whose turn comes at the end of the turn of the event loop. A burst
 * of questions finds the server awake, where datagrams one by one, between the work on replies,
 * wake it each time: half as many questions again a second at 100 in flight. Replies judged one
 * after the other find that work still in the processor's caches, where reading the next socket
 * drives it out: a fifth more at 1,000.
 */
export type Post = {
  readonly send: (pooled: PooledSocket) => void;
  readonly deliver: (pooled: PooledSocket) => void;
  readonly countUnexpected: () => void;
};

/** Opens a socket that is connected to a server. */
export const openSocket = (server: Server, receiveBytes: number, retiresAtMs: number, post: Post): PooledSocket => {
  const socket = createSocket({
    type: server.family === 4 ? 'udp4' : 'udp6',
    recvBufferSize: receiveBytes,
    // Both the server and the wildcard address of bind are literals: node:dns is never asked.
    lookup: (host, _options, callback) => callback(null, host, server.family),
  });
  const pooled: PooledSocket = {
    socket,
    pending: new Map(),
    isConnected: false,
    outbox: [],
    inbox: [],
    countUnexpected: post.countUnexpected,
    onSent: (error) => {
      if (error !== null) failAll(pooled);
    },
    questions: 0,
    late: 0,
    unexpected: 0,
    retiresAtMs,
    isRetired: false,
  };
  socket.on('message', (bytes) => {
    if (pooled.inbox.push(bytes) === 1) post.deliver(pooled);
  });
  socket.on('error', () => failAll(pooled));
  socket.on('connect', () => {
    pooled.isConnected = true;
    flush(pooled);
  });
  socket.connect(server.port, server.address);
  socket.unref();
  return pooled;
};

/** Gives a query a free id of its socket. */
export const register = (pooled: PooledSocket, query: Query, receiver: Receiver, random: RandomNumbers): Pending => {
  let id = random.uint16();
  while (pooled.pending.has(id)) id = random.uint16();
  putId(query, id);
  const pending = new Pending(pooled, id, query, receiver);
  pooled.pending.set(id, pending);
  pooled.questions++;
  return pending;
};

/** Sends what waits in the outbox. */
export const flush = (pooled: PooledSocket): void => {
  const outbox = pooled.outbox;
  pooled.outbox = [];
  if (pooled.isRetired && pooled.pending.size === 0) return;
  // An error that a datagram meets is reported at the next call on its socket. So the last one
  // alone needs a callback: either it is reported, or what it meets itself comes as an event. A
  // callback for each costs a tick of the process, 0.4 µs.
  const last = outbox.pop();
  for (const bytes of outbox) pooled.socket.send(bytes);
  if (last !== undefined) pooled.socket.send(last, pooled.onSent);
};

/** Gives the datagrams of the inbox to who waits for them. */
export const deliver = (pooled: PooledSocket): void => {
  const inbox = pooled.inbox;
  pooled.inbox = [];
  for (const bytes of inbox) receive(pooled, bytes);
};

const receive = (pooled: PooledSocket, bytes: Buffer): void => {
  if (bytes.length < 12) return;
  const id = bytes.readUInt16BE(0);
  const pending = pooled.pending.get(id);
  if (pending === undefined && pooled.late > 0) pooled.late--;
  else if (pending === undefined || !isReplyTo(bytes, pending.query)) suspect(pooled);
  else {
    pooled.pending.delete(id);
    pending.receiver.onReply(bytes);
    afterLeaving(pooled);
  }
};

/**
 * Counts a datagram that answers nothing. Enough of them on a socket that waits for replies are
 * somebody's guesses.
 */
const suspect = (pooled: PooledSocket): void => {
  pooled.countUnexpected();
  if (pooled.pending.size === 0 || ++pooled.unexpected < MAX_UNEXPECTED) return;
  const pending = [...pooled.pending.values()];
  pooled.pending.clear();
  retire(pooled);
  for (const { receiver } of pending) receiver.onSpoofed();
};

const afterLeaving = (pooled: PooledSocket): void => {
  if (pooled.pending.size > 0) return;
  pooled.unexpected = 0;
  closeWhenDrained(pooled);
};

/** Its questions stay open until they end; only then is the socket closed. */
export const retire = (pooled: PooledSocket): void => {
  pooled.isRetired = true;
  closeWhenDrained(pooled);
};

const closeWhenDrained = (pooled: PooledSocket): void => {
  if (pooled.isRetired && pooled.pending.size === 0) closeSocket(pooled);
};

/** An error of a connected socket speaks of its one peer, and so of every question on it. */
export const failAll = (pooled: PooledSocket): void => {
  // What came before the error is still a reply.
  deliver(pooled);
  const pending = [...pooled.pending.values()];
  pooled.pending.clear();
  pooled.isRetired = true;
  closeSocket(pooled);
  for (const { receiver } of pending) receiver.onUnreachable();
};

const closeSocket = ({ socket }: PooledSocket): void => {
  try {
    socket.close();
  } catch (error) {
    // A second close says so by an exception; every other fault stays one.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_DGRAM_NOT_RUNNING')) throw error;
  }
};
