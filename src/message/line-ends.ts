/**
 * One pass over the octets of a message: its line ends, its longest line, and where its white space
 * is uneven. RFC 5321 section 2.3.8: only CRLF ends a line; a CR or LF on its own must not be sent,
 * because servers that disagree on it can be made to see different messages ("SMTP smuggling").
 * Never changes a byte; linear. Most lines of most messages end with CRLF, which native search
 * finds out several times as fast as a loop; only the others are looked at octet by octet.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasUnevenSpace } from './white-space.ts';

/** What ends the lines of a message. */
export type LineEnds = {
  /** CR LF pairs. */
  readonly crlf: number;
  /** LF without CR before it. */
  readonly bareLf: number;
  /** CR without LF after it. */
  readonly bareCr: number;
  /** Octets of the longest line without its line end; RFC 5322 section 2.1.1 allows 998. */
  readonly longestLineBytes: number;
};

/** What one pass finds. */
export type Scan = {
  readonly lineEnds: LineEnds;
  /**
   * Where the last piece ends that has white space other than single spaces between visible octets;
   * 0 where there is none, and never behind the first blank line when all of it comes before. What
   * stands after it is its own relaxed form (RFC 6376 section 3.4.4) as far as white space goes.
   */
  readonly unevenSpaceEnd: number;
};

const LF = 0x0a;
const CR = 0x0d;

/** Octets between two turns of the event loop: a millisecond or two. */
const TURN_BYTES = 1_048_576;
/**
 * Octets looked at together, about: a piece ends behind a line end where there is one. The header
 * block, which has folds, is always apart.
 */
const PIECE_BYTES = 16_384;
const BLANK_LINE = '\r\n\r\n';
/**
 * Octets in which the end of the header block is looked for, so that a message without one is not
 * searched whole in one turn. Of a longer block, the end counts as body: that costs time and
 * changes nothing.
 */
const HEADER_SEARCH_BYTES = 16_777_216;

const createScanner = (bytes: Buffer) => {
  let crlf = 0;
  let bareLf = 0;
  let bareCr = 0;
  let longestLineBytes = 0;
  let lineStart = 0;
  let unevenSpaceEnd = 0;
  let at = 0;
  const blankLine = bytes.subarray(0, HEADER_SEARCH_BYTES).indexOf(BLANK_LINE);
  const headerEnd = blankLine === -1 ? 0 : blankLine + BLANK_LINE.length;

  const endLine = (lf: number, isPaired: boolean): void => {
    if (isPaired) crlf += 1;
    else bareLf += 1;
    const lineBytes = lf - lineStart - (isPaired ? 1 : 0);
    if (lineBytes > longestLineBytes) longestLineBytes = lineBytes;
    lineStart = lf + 1;
  };

  const takeOctets = (from: number, to: number): void => {
    for (let here = from; here < to; here += 1) {
      const octet = bytes[here];
      if (octet === LF) endLine(here, here > 0 && bytes[here - 1] === CR);
      else if (octet === CR && bytes[here + 1] !== LF) bareCr += 1;
    }
  };

  /**
   * Takes the lines of a piece as long as each CR has its LF; from the first that does
   * not, the octets one by one.
   */
  const takeLines = (to: number): void => {
    const text = bytes.toString('latin1', at, to);
    let next = 0;
    for (;;) {
      const cr = text.indexOf('\r', next);
      const lf = text.indexOf('\n', next);
      if (cr === -1 && lf === -1) return;
      if (cr === -1 || cr !== lf - 1) break;
      endLine(at + lf, true);
      next = lf + 1;
    }
    takeOctets(at + next, to);
  };

  const pieceEnd = (): number => {
    if (at < headerEnd) return Math.min(at + TURN_BYTES, headerEnd);
    const end = Math.min(at + PIECE_BYTES, bytes.length);
    const lf = end === bytes.length ? -1 : bytes.subarray(at, end).lastIndexOf(LF);
    return lf === -1 ? end : at + lf + 1;
  };

  const takePiece = (to: number): void => {
    takeLines(to);
    if (hasUnevenSpace(bytes, at, to)) unevenSpaceEnd = to;
    at = to;
  };

  return {
    /** Goes on up to an offset, or to the end of its piece. */
    take: (to: number): void => {
      while (at < to) takePiece(pieceEnd());
    },
    finish: (): Scan => ({
      lineEnds: { crlf, bareLf, bareCr, longestLineBytes: Math.max(longestLineBytes, bytes.length - lineStart) },
      unevenSpaceEnd,
    }),
  };
};

/** Reads a message in one go. */
export const scanOctets = (bytes: Buffer): Scan => {
  const scanner = createScanner(bytes);
  scanner.take(bytes.length);
  return scanner.finish();
};

/** The same for a message of any size: gives the event loop back every megabyte. */
export const scanInTurns = async (bytes: Buffer): Promise<Scan> => {
  const scanner = createScanner(bytes);
  for (let to = TURN_BYTES; to < bytes.length; to += TURN_BYTES) {
    scanner.take(to);
    await nextTurn();
  }
  scanner.take(bytes.length);
  return scanner.finish();
};
