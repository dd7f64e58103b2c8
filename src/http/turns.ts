/**
 * How much of what clients send is read in one turn of the event loop. Forty large bodies, or a
 * hundred connections that pipeline, could otherwise fill each turn for hundreds of milliseconds,
 * and a client with one small request waits for several turns. Once a turn has had its time, a
 * connection that has a request under way is held: not read from, its octets kept, and it goes on
 * in the order in which it was held. Never holds a connection that has nothing under way, nor the
 * first octets of a body: a small request is read at once.
 */
import type { Socket } from 'node:net';

/**
 * Time for reading in one turn; what waits beside it is served between two of them. Short, since a
 * turn accepts one new connection: the hundredth of a hundred waits for as many turns.
 */
export const TURN_MS = 1;
/**
 * Requests begun in one turn on connections that have others under way. Most of their work comes
 * after they were read, in which the time of the turn does not count it.
 */
export const TURN_REQUESTS = 1;
/**
 * Turns in a row that held connections leave to new ones: each turn accepts one connection, and a
 * hundred that came at once would otherwise stand in its way for as many turns of reading.
 */
export const TURNS_FOR_NEW = 16;
/**
 * Octets that the parser is given at once. A segment of 64 KiB holds nine hundred small requests,
 * each an object before any limit can see it; this many octets hold one or two.
 */
const PARSED_BYTES = 64;
/** The same while a chunked body may still go on: nobody knows its end before the parser. */
const PARSED_CHUNKED_BYTES = 4_096;
/** Octets of a body that are read at once: it is an ordinary message, with no need to wait. */
const SMALL_BODY_BYTES = 65_536;

/** What the parser is in the middle of, on one connection. */
export type ParserState = {
  /** Requests under way. */
  requests: number;
  /** Content-Length of the newest request, 0 without one. */
  bodyBytes: number;
  /** Whether the newest request has a body in chunks. */
  isChunked: boolean;
  /** Octets parsed since the piece in which that request began, that piece included. */
  parsedBytes: number;
};

/** Gives a connection its turns. */
type Turns = (socket: Socket, state: ParserState) => void;

/** Turns for the connections of one server. @param clock milliseconds, as performance.now */
export const createTurns = (clock: () => number = () => performance.now()): Turns => {
  const held: HeldConnection[] = [];
  let endsMs: number | null = null;
  let requests = 0;
  let hasNew = false;
  let turnsForNew = 0;

  const turn: Turn = {
    isSpent: () => {
      const nowMs = clock();
      if (endsMs === null) {
        endsMs = nowMs + TURN_MS;
        requests = 0;
        setImmediate(next);
      }
      return nowMs >= endsMs || requests >= TURN_REQUESTS;
    },
    began: (count) => {
      requests += count;
    },
    hold: (connection) => held.push(connection),
  };
  const next = (): void => {
    if (hasNew && held.length > 0 && turnsForNew < TURNS_FOR_NEW) {
      hasNew = false;
      turnsForNew += 1;
      setImmediate(next);
      return;
    }
    turnsForNew = 0;
    endsMs = null;
    for (let left = held.length; left > 0 && !turn.isSpent(); left--) held.shift()?.goOn();
  };
  return (socket, state) => {
    const [parse] = socket.listeners('data') as ((piece: Buffer) => void)[];
    if (parse === undefined) return;
    socket.off('data', parse);
    hasNew = true;
    const connection = new HeldConnection(socket, state, parse, turn);
    socket.on('data', (segment: Buffer) => connection.read(segment));
  };
};

/** The turn of the event loop that is under way. */
type Turn = {
  readonly isSpent: () => boolean;
  /** So many requests began behind others of their connection. */
  readonly began: (requests: number) => void;
  /** The connection goes on in a later turn. */
  readonly hold: (connection: HeldConnection) => void;
};

class HeldConnection {
  private readonly socket: Socket;
  private readonly state: ParserState;
  private readonly parse: (piece: Buffer) => void;
  private readonly turn: Turn;
  private readonly stop: () => void;
  private readonly flow: () => Socket;
  private isHeld = false;
  /** Whether the parser wants more: it pauses the socket while answers wait. */
  private wantsMore = true;

  constructor(socket: Socket, state: ParserState, parse: (piece: Buffer) => void, turn: Turn) {
    this.socket = socket;
    this.state = state;
    this.parse = parse;
    this.turn = turn;
    this.stop = socket.pause.bind(socket);
    this.flow = socket.resume.bind(socket);
    // The parser resumes the socket whenever a piece of a body was taken: not while it is held.
    socket.pause = () => {
      this.wantsMore = false;
      this.stop();
      return socket;
    };
    socket.resume = () => {
      this.wantsMore = true;
      return this.isHeld ? socket : this.flow();
    };
  }

  read(segment: Buffer): void {
    const { socket, state, parse, turn } = this;
    for (let at = 0; at < segment.length && !socket.destroyed; ) {
      const left = segment.length - at;
      const isBody = state.bodyBytes - state.parsedBytes >= left;
      if (!this.wantsMore || (!this.isFree(isBody) && turn.isSpent())) {
        this.keep(segment.subarray(at));
        return;
      }
      const size = isBody ? left : Math.min(left, state.isChunked ? PARSED_CHUNKED_BYTES : PARSED_BYTES);
      const before = state.requests;
      parse.call(socket, size === segment.length ? segment : segment.subarray(at, at + size));
      if (before > 0 && state.requests > before) turn.began(state.requests - before);
      state.parsedBytes += size;
      at += size;
    }
  }

  /** Its turn has come. */
  goOn(): void {
    const { socket } = this;
    this.isHeld = false;
    // In pieces: what is read whole and put back for the most part would be copied each time.
    while (!this.isHeld && this.wantsMore && !socket.destroyed && socket.readableLength > 0)
      socket.read(Math.min(socket.readableLength, this.isInBody() ? SMALL_BODY_BYTES : PARSED_CHUNKED_BYTES));
    if (!this.isHeld && this.wantsMore && !socket.destroyed) this.flow();
  }

  private isInBody(): boolean {
    return this.state.bodyBytes - this.state.parsedBytes >= SMALL_BODY_BYTES;
  }

  private isFree(isBody: boolean): boolean {
    const { requests, parsedBytes } = this.state;
    return requests === 0 || (requests === 1 && isBody && parsedBytes < SMALL_BODY_BYTES);
  }

  /**
   * Octets that are not parsed now go back into the socket, which ends only behind them. They come
   * again in a later turn, or when the parser goes on.
   */
  private keep(rest: Buffer): void {
    this.stop();
    this.socket.unshift(rest);
    if (!this.wantsMore) return;
    this.isHeld = true;
    this.turn.hold(this);
  }
}
