/**
 * Questions over UDP: for each server a pool of connected sockets, one picked at random for each
 * try, so that an off-path forger faces the id and the port (RFC 5452 section 9.2). A connected
 * socket takes datagrams of its peer only, and reports a closed port at once. Never looks
 * a name up.
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
 * LIMITS: MAX_UNEXPECTED of pooled-socket.ts; the settings of {@link UdpSettings}.
 */
import type { Clock } from '../deadline.ts';
import { type Exchange, refuse, type Transport } from './exchange.ts';
import {
  deliver,
  failAll,
  flush,
  openSocket,
  type PooledSocket,
  type Post,
  register,
  retire,
} from './pooled-socket.ts';
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
