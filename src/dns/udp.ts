/**
 * Questions over UDP: for each server a pool of connected sockets, one picked at random for each try, so that an off-path forger faces the id and the
 * port (RFC 5452). A connected socket takes datagrams of its peer only, and tells at once when the port is closed. Never looks a name up.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from './deadline.ts';
import { type Exchange, type OpenTry, type Receiver, refuse, type Transport } from './exchange.ts';
import { isReplyTo, putId, type Query } from './query.ts';
import type { RandomNumbers } from './random.ts';
import type { Server } from './servers.ts';

/** Size and renewal of the pool of each server. */
export type UdpSettings = {
  readonly sockets: number;
  /** Questions after which a socket gives way. */
  readonly questionsPerSocket: number;
  /** Age at which a socket gives way. */
  readonly socketAgeMs: number;
};

/** A try and its place: a socket and an id on it. */
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
    closeWhenDrained(this.pooled);
  }

  /** A lost datagram speaks against no socket. */
  overdue(): void {}
}

type PooledSocket = {
  readonly socket: Socket;
  readonly pending: Map<number, Pending>;
  /** False until it is connected; what is to go out waits for that. */
  isConnected: boolean;
  /** Datagrams of this turn of the event loop, to go out and come in. */
  outbox: Buffer[];
  inbox: Buffer[];
  /** Hears of each datagram; the port of a server that is down is told here as often as by an event. */
  readonly onSent: (error: Error | null) => void;
  questions: number;
  readonly retiresAtMs: number;
  isRetired: boolean;
};

/** Sockets are made when first picked and do not keep the process alive. */
export const udp = (settings: UdpSettings, clock: Clock, random: RandomNumbers): Transport => {
  const pools = new Map<Server, (PooledSocket | undefined)[]>();
  const post: Post = { send: atEndOfTurn(flush), deliver: atEndOfTurn(deliver) };
  /** A question that fails while the sockets are closed goes to the next server within the same call; a socket made for it would be forgotten. */
  let isClosing = false;

  const exchange: Exchange = (server, query, receiver) => {
    if (isClosing) return refuse(receiver);
    let pool = pools.get(server);
    if (pool === undefined) {
      pool = new Array<PooledSocket | undefined>(settings.sockets);
      pools.set(server, pool);
    }
    const slot = random.below(settings.sockets);
    let pooled = pool[slot];
    if (pooled === undefined || pooled.isRetired || isWornOut(pooled, settings, clock)) {
      if (pooled !== undefined) retire(pooled);
      pooled = openSocket(server, clock() + settings.socketAgeMs, post);
      pool[slot] = pooled;
    }
    return send(pooled, query, receiver, random, post);
  };

  return {
    exchange,
    close: () => {
      isClosing = true;
      for (const pool of pools.values()) for (const pooled of pool) if (pooled !== undefined) failAll(pooled);
      pools.clear();
      isClosing = false;
    },
  };
};

/**
 * Takes sockets with datagrams, whose turn comes at the end of the turn of the event loop. A burst of questions finds the server awake, where datagrams one by
 * one, between the work on replies, wake it each time: half as many questions again a second at 100 in flight. Replies judged one after the other
 * find that work still in the processor's caches, where reading the next socket drives it out: a fifth more at 1,000.
 */
type Post = { readonly send: (pooled: PooledSocket) => void; readonly deliver: (pooled: PooledSocket) => void };

const atEndOfTurn = (work: (pooled: PooledSocket) => void): ((pooled: PooledSocket) => void) => {
  let ready: PooledSocket[] = [];
  const workAll = () => {
    const sockets = ready;
    ready = [];
    for (const pooled of sockets) work(pooled);
  };
  return (pooled) => {
    if (ready.length === 0) setImmediate(workAll);
    ready.push(pooled);
  };
};

/** A socket with nearly all ids taken is worn out too: a free id must stay hard to guess and quick to find. */
const isWornOut = (pooled: PooledSocket, settings: UdpSettings, clock: Clock): boolean =>
  pooled.questions >= settings.questionsPerSocket || pooled.pending.size > 32_768 || clock() >= pooled.retiresAtMs;

const openSocket = (server: Server, retiresAtMs: number, post: Post): PooledSocket => {
  const socket = createSocket({
    type: server.family === 4 ? 'udp4' : 'udp6',
    // Both the server and the wildcard address of bind are literals: node:dns is never asked.
    lookup: (host, _options, callback) => callback(null, host, server.family),
  });
  const pooled: PooledSocket = {
    socket,
    pending: new Map(),
    isConnected: false,
    outbox: [],
    inbox: [],
    onSent: (error) => {
      if (error !== null) failAll(pooled);
    },
    questions: 0,
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

const send = (pooled: PooledSocket, query: Query, receiver: Receiver, random: RandomNumbers, post: Post): OpenTry => {
  let id = random.uint16();
  while (pooled.pending.has(id)) id = random.uint16();
  putId(query, id);
  const pending = new Pending(pooled, id, query, receiver);
  pooled.pending.set(id, pending);
  pooled.questions++;
  if (pooled.outbox.push(query) === 1 && pooled.isConnected) post.send(pooled);
  return pending;
};

const flush = (pooled: PooledSocket): void => {
  const outbox = pooled.outbox;
  pooled.outbox = [];
  if (pooled.isRetired && pooled.pending.size === 0) return;
  // An error that a datagram meets is told at the next call on its socket. So the last one alone needs a callback: either it is told, or what it meets
  // itself comes as an event. A callback for each costs a tick of the process, 0.4 µs.
  const last = outbox.pop();
  for (const bytes of outbox) pooled.socket.send(bytes);
  if (last !== undefined) pooled.socket.send(last, pooled.onSent);
};

const deliver = (pooled: PooledSocket): void => {
  const inbox = pooled.inbox;
  pooled.inbox = [];
  for (const bytes of inbox) receive(pooled, bytes);
};

const receive = (pooled: PooledSocket, bytes: Buffer): void => {
  if (bytes.length < 12) return;
  const id = bytes.readUInt16BE(0);
  const pending = pooled.pending.get(id);
  if (pending === undefined || !isReplyTo(bytes, pending.query)) return;
  pooled.pending.delete(id);
  pending.receiver.onReply(bytes);
  closeWhenDrained(pooled);
};

/** Its questions stay open until they end; only then is the socket closed. */
const retire = (pooled: PooledSocket): void => {
  pooled.isRetired = true;
  closeWhenDrained(pooled);
};

const closeWhenDrained = (pooled: PooledSocket): void => {
  if (pooled.isRetired && pooled.pending.size === 0) closeSocket(pooled);
};

/** An error of a connected socket speaks of its one peer, and so of every question on it. */
const failAll = (pooled: PooledSocket): void => {
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
