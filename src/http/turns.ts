/**
 * How much of what clients send is read in one turn of the event loop. Forty large bodies, or a
 * hundred connections that pipeline, could otherwise fill each turn for hundreds of milliseconds,
 * and a client with one small request waits for several turns. Once a turn has had its time, a
 * connection that has a request under way is paused: its octets are kept, and it goes on in the
 * order in which it was paused. Never pauses a connection that has nothing under way, nor the
 * first octets of a body: a small request is read at once.
 */
import type { IncomingMessage } from 'node:http';
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
 * Turns in a row that paused connections leave to new ones: each turn accepts one connection, and a
 * hundred that came at once would otherwise stand in its way for as many turns of reading.
 */
export const TURNS_FOR_NEW = 16;
/**
 * Octets that the parser gets at once where a request may begin: fewer where an empty line comes
 * before, which ends the head of every request. So a piece begins one request, or two when an empty
 * line is cut in two; a segment of 64 KiB holds nine hundred, each an object before any limit sees
 * it.
 */
const PIECE_BYTES = 4_096;
const EMPTY_LINE = '\r\n\r\n';
/** Octets of a body that are read at once: it is an ordinary message, with no need to wait. */
const SMALL_BODY_BYTES = 65_536;

/** What the parser is in the middle of, on one connection. */
export type ParserState = {
  /** Requests under way. */
  requests: number;
  /** Content-Length of the newest request, 0 without one. */
  bodyBytes: number;
  /** Octets parsed since the piece in which that request began, that piece included. */
  parsedBytes: number;
  /** The newest request; `complete` once its body is whole. */
  last?: { readonly request: Pick<IncomingMessage, 'complete'> };
};

/** Gives a connection its turns. */
type Turns = (socket: Socket, state: ParserState) => void;

/** Turns for the connections of one server. @param clock milliseconds, as performance.now */
export const createTurns = (clock: () => number = () => performance.now()): Turns => {
  const waiting: PacedConnection[] = [];
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
    defer: (connection) => waiting.push(connection),
  };
  const next = (): void => {
    if (hasNew && waiting.length > 0 && turnsForNew < TURNS_FOR_NEW) {
      hasNew = false;
      turnsForNew += 1;
      setImmediate(next);
      return;
    }
    turnsForNew = 0;
    endsMs = null;
    for (let left = waiting.length; left > 0 && !turn.isSpent(); left--) waiting.shift()?.goOn();
  };
  return (socket, state) => {
    const [parse] = socket.listeners('data') as ((piece: Buffer) => void)[];
    if (parse === undefined) return;
    socket.off('data', parse);
    hasNew = true;
    const connection = new PacedConnection(socket, state, parse, turn);
    socket.on('data', (segment: Buffer) => connection.read(segment));
  };
};

/** The turn of the event loop that is under way. */
type Turn = {
  readonly isSpent: () => boolean;
  /** So many requests began behind others of their connection. */
  readonly began: (requests: number) => void;
  /** The connection goes on in a later turn. */
  readonly defer: (connection: PacedConnection) => void;
};

class PacedConnection {
  private readonly socket: Socket;
  private readonly state: ParserState;
  private readonly parse: (piece: Buffer) => void;
  private readonly turn: Turn;
  private readonly stop: () => void;
  private readonly flow: () => Socket;
  private isWaiting = false;
  /** Whether the parser wants more: it pauses the socket while answers wait. */
  private wantsMore = true;

  constructor(socket: Socket, state: ParserState, parse: (piece: Buffer) => void, turn: Turn) {
    this.socket = socket;
    this.state = state;
    this.parse = parse;
    this.turn = turn;
    this.stop = socket.pause.bind(socket);
    this.flow = socket.resume.bind(socket);
    // The parser resumes the socket whenever a piece of a body was taken: not while it waits for
    // its turn.
    socket.pause = () => {
      this.wantsMore = false;
      this.stop();
      return socket;
    };
    socket.resume = () => {
      this.wantsMore = true;
      return this.isWaiting ? socket : this.flow();
    };
  }

  read(segment: Buffer): void {
    const { socket, state, parse, turn } = this;
    for (let at = 0; at < segment.length && !socket.destroyed; ) {
      if (!this.wantsMore || (!this.isFree() && turn.isSpent())) {
        this.keep(segment.subarray(at));
        return;
      }
      const piece = this.pieceOf(segment, at);
      const before = state.requests;
      parse.call(socket, piece);
      if (before > 0 && state.requests > before) turn.began(state.requests - before);
      state.parsedBytes += piece.length;
      at += piece.length;
    }
  }

  /**
   * What the parser gets next: the octets of a declared body whole, others as far as a head goes.
   */
  private pieceOf(segment: Buffer, at: number): Buffer {
    const inBody = this.bytesInBody();
    if (inBody > 0) return segment.subarray(at, at + inBody);
    const piece = segment.subarray(at, at + PIECE_BYTES);
    const end = piece.indexOf(EMPTY_LINE, 0, 'latin1');
    return end === -1 ? piece : piece.subarray(0, end + EMPTY_LINE.length);
  }

  /** Its turn has come. */
  goOn(): void {
    const { socket } = this;
    this.isWaiting = false;
    // In pieces: what is read whole and put back for the most part would be copied each time.
    while (!this.isWaiting && this.wantsMore && !socket.destroyed && socket.readableLength > 0)
      socket.read(Math.min(socket.readableLength, this.bytesInBody() > 0 ? SMALL_BODY_BYTES : PIECE_BYTES));
    if (!this.isWaiting && this.wantsMore && !socket.destroyed) this.flow();
  }

  /** Octets to come that are surely inside the declared body of the newest request, or below 1. */
  private bytesInBody(): number {
    return this.state.bodyBytes - this.state.parsedBytes;
  }

  private isFree(): boolean {
    const { requests, bodyBytes, parsedBytes, last } = this.state;
    const isInSmallBody = bodyBytes > 0 && parsedBytes < SMALL_BODY_BYTES && last?.request.complete === false;
    return requests === 0 || (requests === 1 && isInSmallBody);
  }

  /**
   * Octets that are not parsed now go back into the socket, which ends only behind them. They come
   * again in a later turn, or when the parser goes on.
   */
  private keep(rest: Buffer): void {
    this.stop();
    this.socket.unshift(rest);
    if (!this.wantsMore) return;
    this.isWaiting = true;
    this.turn.defer(this);
  }
}
