/**
 * Questions over UDP: for each server a pool of connected sockets, one picked at random for each
 * try, so that an off-path forger faces the id and the port (RFC 5452 section 9.2). A connected
 * socket takes datagrams of its peer only, and tells at once when the port is closed. Never looks a
 * name up.
 *
 * What was weighed against forgers, and what large recursive servers do:
 * - A port for each question: no. The pool changes ports with use and age; a socket of its own
 *   costs 50 µs and more (measured on loopback), all else about a question 12 µs.
 * - Random upper case in the QNAME (0x20): no. A server that does not copy it would fail every
 *   question, and TCP is the stronger answer once somebody is guessing.
 * - Guesses are counted: after MAX_UNEXPECTED of them on a socket its questions go to TCP, as
 *   PowerDNS does with near misses.
 * - A large receive buffer: the usual 208 KiB hold about 270 short datagrams, so that 300 forged
 *   ones made the kernel drop the honest reply behind them.
 *
 * LIMITS: {@link MAX_UNEXPECTED}; the settings of {@link UdpSettings}.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from '../deadline.ts';
import { isReplyTo, putId, type Query } from '../wire/query.ts';
import { type Exchange, type OpenTry, type Receiver, refuse, type Transport } from './exchange.ts';
import type { RandomNumbers } from './random.ts';
import type { Server } from './servers.ts';

/** Size and renewal of the pool of each server. */
type UdpSettings = {
  readonly sockets: number;
  /** Questions after which a socket gives way. */
  readonly questionsPerSocket: number;
  /** Age at which a socket gives way. */
  readonly socketAgeMs: number;
  /** Receive buffer of a socket, in bytes; the kernel may cap it. */
  readonly receiveBytes: number;
};

/** UDP with its count of datagrams that answered nothing. */
type UdpTransport = Transport & {
  /** Since the start; replies that came after their try had ended are not among them. */
  readonly unexpected: () => number;
};

/**
 * Unexpected datagrams on a socket with open questions, after which those go to TCP. 20 guesses hit
 * an id once in 3,277 times for a forger who knows the port; a network that now and then doubles a
 * reply stays below it.
 */
const MAX_UNEXPECTED = 20;

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
    this.pooled.late++;
    afterLeaving(this.pooled);
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

/** Sockets are made when first picked and do not keep the process alive. */
export const udp = (settings: UdpSettings, clock: Clock, random: RandomNumbers): UdpTransport => {
  const pools = new Map<Server, (PooledSocket | undefined)[]>();
  let unexpected = 0;
  const post: Post = {
    send: atEndOfTurn(flush),
    deliver: atEndOfTurn(deliver),
    countUnexpected: () => unexpected++,
  };
  /**
   * A question that fails while the sockets are closed goes to the next server within the same
   * call; a socket made for it would be forgotten.
   */
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
      pooled = openSocket(server, settings.receiveBytes, clock() + settings.socketAgeMs, post);
      pool[slot] = pooled;
    }
    const pending = register(pooled, query, receiver, random);
    if (pooled.outbox.push(query) === 1 && pooled.isConnected) post.send(pooled);
    return pending;
  };

  return {
    exchange,
    unexpected: () => unexpected,
    close: () => {
      isClosing = true;
      for (const pool of pools.values()) for (const pooled of pool) if (pooled !== undefined) failAll(pooled);
      pools.clear();
      isClosing = false;
    },
  };
};

/**
 * Takes sockets with datagrams, whose turn comes at the end of the turn of the event loop. A burst
 * of questions finds the server awake, where datagrams one by one, between the work on replies,
 * wake it each time: half as many questions again a second at 100 in flight. Replies judged one
 * after the other find that work still in the processor's caches, where reading the next socket
 * drives it out: a fifth more at 1,000.
 */
type Post = {
  readonly send: (pooled: PooledSocket) => void;
  readonly deliver: (pooled: PooledSocket) => void;
  readonly countUnexpected: () => void;
};

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

/**
 * A socket with nearly all ids taken is worn out too: a free id must stay hard to guess and quick
 * to find.
 */
const isWornOut = (pooled: PooledSocket, settings: UdpSettings, clock: Clock): boolean =>
  pooled.questions >= settings.questionsPerSocket || pooled.pending.size > 32_768 || clock() >= pooled.retiresAtMs;

const openSocket = (server: Server, receiveBytes: number, retiresAtMs: number, post: Post): PooledSocket => {
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
const register = (pooled: PooledSocket, query: Query, receiver: Receiver, random: RandomNumbers): Pending => {
  let id = random.uint16();
  while (pooled.pending.has(id)) id = random.uint16();
  putId(query, id);
  const pending = new Pending(pooled, id, query, receiver);
  pooled.pending.set(id, pending);
  pooled.questions++;
  return pending;
};

const flush = (pooled: PooledSocket): void => {
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

const deliver = (pooled: PooledSocket): void => {
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
