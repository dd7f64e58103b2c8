/**
 * One pass over the octets of a message: its line ends, its longest line, and where its white space is uneven. RFC 5321 section 2.3.8: only CRLF ends a line; a CR or LF on
 * its own must not be sent, because servers that disagree on it can be made to see different messages ("SMTP smuggling"). Never changes a byte; linear; four octets at
 * a time, since most of a message is neither.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

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

/** What one pass tells. */
export type Scan = {
  readonly lineEnds: LineEnds;
  /**
   * Offset behind the last white space that is anything but one space between visible octets: a tab, a run, a space at the end of a line. 0 where there is none. What stands
   * after it is its own relaxed form (RFC 6376 section 3.4.4) as far as white space goes.
   */
  readonly unevenSpaceEnd: number;
};

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** Octets between two turns of the event loop: a millisecond or two. */
const TURN_BYTES = 1_048_576;

const createScanner = (bytes: Buffer) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { length } = bytes;
  let crlf = 0;
  let bareLf = 0;
  let bareCr = 0;
  let longestLineBytes = 0;
  let lineStart = 0;
  let unevenSpaceEnd = 0;
  let at = 0;

  const look = (here: number): void => {
    const octet = bytes[here] ?? 0;
    if (octet > SPACE) return;
    if (octet === LF) {
      const paired = here > 0 && bytes[here - 1] === CR;
      if (paired) crlf += 1;
      else bareLf += 1;
      const lineBytes = here - lineStart - (paired ? 1 : 0);
      if (lineBytes > longestLineBytes) longestLineBytes = lineBytes;
      lineStart = here + 1;
    } else if (octet === CR) {
      if (bytes[here + 1] !== LF) bareCr += 1;
    } else if (octet === TAB || (octet === SPACE && (bytes[here + 1] ?? 0) <= SPACE)) {
      unevenSpaceEnd = here + 1;
    }
  };

  return {
    /** Goes on up to an offset, or a little less: words stay whole. */
    take: (to: number): void => {
      for (; at + 4 <= to; at += 4) {
        const word = view.getInt32(at, true);
        const low = word & 0x7f7f7f7f;
        // The high bit of each octet below SPACE, and of each up to SPACE: adding carries into the high bit what is larger.
        if ((~((low + 0x60606060) | word) & 0x80808080) !== 0) {
          look(at);
          look(at + 1);
          look(at + 2);
          look(at + 3);
          continue;
        }
        const spaces = ~((low + 0x5f5f5f5f) | word) & 0x80808080;
        if (spaces === 0) continue;
        if ((spaces & (spaces << 8)) !== 0 || (spaces < 0 && (bytes[at + 4] ?? 0) <= SPACE)) unevenSpaceEnd = at + 4;
      }
    },
    finish: (): Scan => {
      for (; at < length; at += 1) look(at);
      const lineEnds = { crlf, bareLf, bareCr, longestLineBytes: Math.max(longestLineBytes, length - lineStart) };
      return { lineEnds, unevenSpaceEnd };
    },
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
