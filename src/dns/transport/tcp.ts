/**
 * Questions over TCP, where a reply does not fit a datagram: one connection to each server, many
 * questions on it at once, closed when idle (RFC 7766 section 6.2). When a connection ends, its
 * unanswered questions go out on a new one, as long as their askers wait: a server may answer one
 * question and close. Never knows why a question is asked, nor its deadline.
 *
 * LIMITS: two connections in a row that the server closed without an answer fail what waits; two
 * questions overdue with no answer between them end a connection that does not end itself.
 */
import { connect, type Socket } from 'node:net';
import { type FrameReader, frameReader } from '../wire/frame-reader.ts';
import { isReplyTo, putId, type Query } from '../wire/query.ts';
import { type Exchange, type OpenTry, type Receiver, refuse, type Transport } from './exchange.ts';
import type { RandomNumbers } from './random.ts';
import type { Server } from './servers.ts';

/**
 * A server that closes twice without an answer does not want the question; one close can be chance.
 */
const MAX_BARREN_CONNECTIONS = 2;
/**
 * One question may be slow in itself; a second one with no answer in between speaks against the
 * connection.
 */
const MAX_OVERDUE = 2;
/** Least number of questions at once on a connection to a server that closes early. */
const MIN_WINDOW = 2;

/** Connections are made when first needed and do not keep the process alive. */
export const tcp = (idleMs: number, random: RandomNumbers): Transport => {
  const channels = new Map<Server, Channel>();
  /**
   * A question that fails while the connections are closed goes to the next server within the same
   * call.
   */
  let isClosing = false;

  const exchange: Exchange = (server, query, receiver) => {
    if (isClosing) return refuse(receiver);
    let channel = channels.get(server);
    if (channel === undefined) {
      channel = new Channel(server, idleMs, random);
      channels.set(server, channel);
    }
    return channel.ask(query, receiver);
  };

  return {
    exchange,
    close: () => {
      isClosing = true;
      for (const channel of channels.values()) channel.close();
      channels.clear();
      isClosing = false;
    },
  };
};

type Connection = {
  readonly socket: Socket;
  readonly pending: Map<number, Pending>;
  isConnected: boolean;
  answers: number;
  /** Questions overdue since the last answer. */
  overdue: number;
};

/** A question from its first connection to its reply. */
class Pending implements OpenTry {
  readonly query: Query;
  readonly receiver: Receiver;
  private readonly channel: Channel;
  /** Null while it waits for a connection. */
  connection: Connection | null = null;
  id = 0;
  isReleased = false;
  /** The connection against which its timeout was counted. */
  countedOn: Connection | null = null;

  constructor(channel: Channel, query: Query, receiver: Receiver) {
    this.channel = channel;
    this.query = query;
    this.receiver = receiver;
  }

  release(isTimeout: boolean): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.channel.released(this, isTimeout);
  }

  overdue(): void {
    if (!this.isReleased) this.channel.overdue(this);
  }
}

/** All questions to one server. */
class Channel {
  private readonly server: Server;
  private readonly idleMs: number;
  private readonly random: RandomNumbers;
  private connection: Connection | null = null;
  private waiting: Pending[] = [];
  /**
   * Questions at once on a connection: twice what the last one answered before the server closed
   * it. Without this a server that answers one question per connection would be sent all others
   * again for each answer.
   */
  private window = Number.POSITIVE_INFINITY;
  /** Connections in a row that the server closed without an answer. */
  private barren = 0;

  constructor(server: Server, idleMs: number, random: RandomNumbers) {
    this.server = server;
    this.idleMs = idleMs;
    this.random = random;
  }

  ask(query: Query, receiver: Receiver): OpenTry {
    const pending = new Pending(this, query, receiver);
    this.waiting.push(pending);
    this.fill();
    return pending;
  }

  /** Its asker no longer waits. */
  released(pending: Pending, isTimeout: boolean): void {
    const { connection } = pending;
    if (connection === null) return;
    connection.pending.delete(pending.id);
    pending.connection = null;
    this.startIdleTime(connection);
    if (isTimeout && pending.countedOn !== connection) this.countOverdue(connection);
    this.fill();
  }

  overdue(pending: Pending): void {
    const { connection } = pending;
    if (connection === null) return;
    pending.countedOn = connection;
    this.countOverdue(connection);
  }

  close(): void {
    const { connection } = this;
    const orphans = connection === null ? [] : this.takePending(connection);
    this.connection = null;
    connection?.socket.destroy();
    this.fail([...orphans, ...this.waiting.splice(0)]);
  }

  private fill(): void {
    while (this.waiting.length > 0) {
      this.connection ??= this.open();
      if (this.connection.pending.size >= this.window) return;
      const next = this.waiting.shift();
      if (next !== undefined && !next.isReleased) this.send(this.connection, next);
    }
  }

  private open(): Connection {
    const { address: host, port, family } = this.server;
    const socket = connect({ host, port, family, noDelay: true });
    const connection: Connection = { socket, pending: new Map(), isConnected: false, answers: 0, overdue: 0 };
    const frames: FrameReader = frameReader((message) => this.deliver(connection, message));
    socket.unref();
    socket.setTimeout(this.idleMs, () => {
      if (connection.pending.size === 0) socket.destroy();
    });
    socket.on('connect', () => {
      connection.isConnected = true;
    });
    socket.on('data', frames);
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.closed(connection));
    return connection;
  }

  private send(connection: Connection, pending: Pending): void {
    let id = this.random.uint16();
    while (connection.pending.has(id)) id = this.random.uint16();
    connection.pending.set(id, pending);
    pending.connection = connection;
    pending.id = id;
    const { query } = pending;
    putId(query, id);
    const framed = Buffer.allocUnsafe(2 + query.length);
    framed.writeUInt16BE(query.length, 0);
    query.copy(framed, 2);
    connection.socket.write(framed);
  }

  private deliver(connection: Connection, message: Buffer): void {
    if (message.length < 12) return;
    const pending = connection.pending.get(message.readUInt16BE(0));
    if (pending === undefined || !isReplyTo(message, pending.query)) return;
    connection.pending.delete(pending.id);
    pending.connection = null;
    pending.isReleased = true;
    connection.answers++;
    connection.overdue = 0;
    this.barren = 0;
    if (connection.answers >= this.window) this.window *= 2;
    this.startIdleTime(connection);
    pending.receiver.onReply(message);
    this.fill();
  }

  private closed(connection: Connection): void {
    if (this.connection === connection) this.connection = null;
    const orphans = this.takePending(connection);
    if (orphans.length > 0) {
      if (connection.answers === 0) this.barren++;
      if (!connection.isConnected || this.barren >= MAX_BARREN_CONNECTIONS) {
        this.barren = 0;
        this.fail([...orphans, ...this.waiting.splice(0)]);
        return;
      }
      this.window = Math.max(MIN_WINDOW, 2 * connection.answers);
      this.waiting = [...orphans, ...this.waiting];
    }
    this.fill();
  }

  private countOverdue(connection: Connection): void {
    connection.overdue++;
    if (connection.overdue < MAX_OVERDUE) return;
    const orphans = this.takePending(connection);
    if (this.connection === connection) this.connection = null;
    connection.socket.destroy();
    this.waiting = [...orphans, ...this.waiting];
    this.fill();
  }

  /** Takes all questions off a connection, so that its end no longer concerns them. */
  private takePending(connection: Connection): Pending[] {
    const taken = [...connection.pending.values()];
    connection.pending.clear();
    for (const pending of taken) pending.connection = null;
    return taken;
  }

  private fail(pendings: readonly Pending[]): void {
    for (const pending of pendings) {
      if (pending.isReleased) continue;
      pending.isReleased = true;
      pending.receiver.onUnreachable();
    }
  }

  private startIdleTime({ socket, pending }: Connection): void {
    if (pending.size === 0 && !socket.destroyed) socket.setTimeout(this.idleMs);
  }
}
