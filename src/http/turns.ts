/**
 * How much of what clients send is read in one turn of the event loop. Forty large bodies, or a
 * hundred connections that pipeline, could otherwise fill each turn for hundreds of milliseconds,
 * and a client with one small request waits for several turns. Once a turn has had its time, a
 * connection that has a request under way is held: not read from, its octets kept, and it goes on
 * in the order in which it was held. Never holds a connection that has nothing under way, nor the
 * first octets of a body: a small request is read at once.
 */
import type { Socket } from 'node:net';

/** Time for reading in one turn; what waits beside it is served between two of them. */
const TURN_MS = 8;
/**
 * Octets that the parser is given at once. A segment of 64 KiB holds nine hundred small requests,
 * each an object before any limit can see it; this many octets hold seven.
 */
const PARSED_BYTES = 512;
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
export type Turns = (socket: Socket, state: ParserState) => void;

/** Turns for the connections of one server. @param clock milliseconds, as performance.now */
export const createTurns = (clock: () => number = () => performance.now()): Turns => {
  const held: HeldConnection[] = [];
  let turnEndsMs: number | null = null;

  const isSpent = (): boolean => {
    const nowMs = clock();
    if (turnEndsMs === null) {
      turnEndsMs = nowMs + TURN_MS;
      setImmediate(nextTurn);
    }
    return nowMs >= turnEndsMs;
  };
  const nextTurn = (): void => {
    turnEndsMs = null;
    for (let left = held.length; left > 0 && !isSpent(); left--) held.shift()?.goOn();
  };
  return (socket, state) => {
    const [parse] = socket.listeners('data') as ((piece: Buffer) => void)[];
    if (parse === undefined) return;
    socket.off('data', parse);
    const connection = new HeldConnection(socket, state, parse, isSpent, (one) => held.push(one));
    socket.on('data', (segment: Buffer) => connection.read(segment));
  };
};

class HeldConnection {
  private readonly socket: Socket;
  private readonly state: ParserState;
  private readonly parse: (piece: Buffer) => void;
  private readonly isSpent: () => boolean;
  private readonly hold: (connection: HeldConnection) => void;
  private readonly stop: () => void;
  private readonly flow: () => Socket;
  private isHeld = false;
  /** Whether the parser wants more: it pauses the socket while answers wait. */
  private wantsMore = true;

  constructor(
    socket: Socket,
    state: ParserState,
    parse: (piece: Buffer) => void,
    isSpent: () => boolean,
    hold: (connection: HeldConnection) => void,
  ) {
    this.socket = socket;
    this.state = state;
    this.parse = parse;
    this.isSpent = isSpent;
    this.hold = hold;
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
    const { socket, state, parse } = this;
    for (let at = 0; at < segment.length && !socket.destroyed; ) {
      const left = segment.length - at;
      const isBody = state.bodyBytes - state.parsedBytes >= left;
      if (!this.wantsMore || (!this.isFree(isBody) && this.isSpent())) {
        this.keep(segment.subarray(at));
        return;
      }
      const size = isBody ? left : Math.min(left, state.isChunked ? PARSED_CHUNKED_BYTES : PARSED_BYTES);
      parse.call(socket, size === segment.length ? segment : segment.subarray(at, at + size));
      state.parsedBytes += size;
      at += size;
    }
  }

  /** Its turn has come. */
  goOn(): void {
    const { socket } = this;
    this.isHeld = false;
    if (socket.destroyed || !this.wantsMore) return;
    socket.read();
    if (!this.isHeld && this.wantsMore) this.flow();
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
    this.hold(this);
  }
}
