/**
 * The canonical form of a body (RFC 6376 sections 3.4.3 and 3.4.4), written to a sink piece by
 * piece. The body is never copied whole: stretches that are canonical already are lent as they are,
 * and only what differs is rewritten. LF without CR counts as CRLF, a CR without LF is content.
 * Knows nothing of hashes and of time: the caller says which octets to take next, so that it can
 * pause between them.
 */
import type { Canonicalization } from './signature/tags.ts';

/**
 * A body and what was seen of it when the message was read, which spares a second search for what
 * has to be rewritten.
 */
export type Body = {
  readonly octets: Buffer;
  /** False when every LF follows a CR. */
  readonly hasBareLf: boolean;
  /** False when white space is single spaces between visible octets only. */
  readonly hasUnevenSpace: boolean;
};

/** Takes a stretch of canonical body. The bytes are lent for the length of the call. */
type Sink = (bytes: Buffer) => void;

/**
 * Canonicalizes the octets from..to; called with stretches that follow each other, up to the end of
 * the content.
 */
type BodyWriter = (from: number, to: number) => void;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * Octets rewritten at a time; the room for them is twice as large, since a body of bare LF doubles.
 */
const PIECE_BYTES = 32_768;

/** A run shorter than this is copied octet by octet, which is faster than the native copy. */
const SHORT_RUN = 24;

/**
 * Moves `end` back over the empty lines that end a body and, when relaxed, over the white space
 * before them: what is left is the content, which one CRLF follows in canonical form.
 * @param floor where to pause; the answer is at or just below it when there may be more to drop
 */
export const dropEmptyLines = (
  body: Buffer,
  end: number,
  floor: number,
  canonicalization: Canonicalization,
): number => {
  const relaxed = canonicalization === 'relaxed';
  let at = end;
  while (at > floor) {
    const octet = body[at - 1];
    if (octet === LF) at -= at > 1 && body[at - 2] === CR ? 2 : 1;
    else if (relaxed && (octet === SPACE || octet === TAB)) at--;
    else break;
  }
  return at;
};

/** Rewritten octets on their way to the sink. */
const createPiece = (body: Buffer, sink: Sink) => {
  let room: Buffer | null = null;
  let length = 0;
  return {
    /** Copies body octets from..to, at most PIECE_BYTES of them between two flushes. */
    copy: (from: number, to: number) => {
      room ??= Buffer.allocUnsafe(Math.min(PIECE_BYTES, body.length) * 2 + 2);
      if (to - from < SHORT_RUN) for (let at = from; at < to; at++) room[length++] = body[at] ?? 0;
      else length += body.copy(room, length, from, to);
    },
    put: (octet: number) => {
      room ??= Buffer.allocUnsafe(Math.min(PIECE_BYTES, body.length) * 2 + 2);
      room[length++] = octet;
    },
    /**
     * Hands on what was rewritten, then the octets from..to as they stand, without copying where
     * nothing was rewritten.
     */
    flush: (from: number, to: number) => {
      if (length === 0) {
        if (to > from) sink(body.subarray(from, to));
        return;
      }
      if (room === null) return;
      if (to > from) length += body.copy(room, length, from, to);
      sink(room.subarray(0, length));
      length = 0;
    },
  };
};

/** Simple: the content unchanged, every line end a CRLF. */
const createSimpleWriter = (body: Buffer, sink: Sink): BodyWriter => {
  const piece = createPiece(body, sink);
  return (from, to) => {
    let run = from;
    for (let at = from; at < to; at++) {
      if (body[at] !== LF || (at > 0 && body[at - 1] === CR)) continue;
      piece.copy(run, at);
      piece.put(CR);
      run = at;
    }
    piece.flush(run, to);
  };
};

/**
 * Finds the way over octets that are canonical in the relaxed sense, four at a time, since nearly
 * all of a body is. Four octets are passed over when none is below SPACE, no two of them are spaces
 * in a row, and no space among them may have an octet up to SPACE behind it.
 * @returns the offset up to which nothing needs to change: `from` itself when a look is due at once
 */
const skipCanonical = (body: Buffer, view: DataView, from: number, to: number): number => {
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = view.getInt32(at, true);
    const low = word & 0x7f7f7f7f;
    // The high bit of each octet that is below SPACE, and of each that is at most SPACE: adding
    // carries into the high bit what is larger.
    const control = ~((low + 0x60606060) | word) & 0x80808080;
    const small = ~((low + 0x5f5f5f5f) | word) & 0x80808080;
    if ((control | (small & (small << 8))) !== 0) break;
    if (small !== 0 && (body[at + 4] ?? 0) <= SPACE) break;
  }
  return at;
};

/**
 * Relaxed: runs of white space are one space, none before a line end, every line end a CRLF. The
 * content ends in an octet that is no white space, so reading one octet further stays within it.
 */
const createRelaxedWriter = (body: Buffer, sink: Sink): BodyWriter => {
  const piece = createPiece(body, sink);
  // White space was passed, and what follows decides whether it is one space or, before a line end,
  // nothing.
  let blank = false;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const endsLine = (at: number) => body[at] === LF || (body[at] === CR && body[at + 1] === LF);
  return (from, to) => {
    let run = from;
    let at = from;
    while (at < to) {
      const octet = body[at] ?? 0;
      if (octet > SPACE && !blank) {
        at = skipCanonical(body, view, at, to);
        while (at < to && (body[at] ?? 0) > SPACE) at++;
      } else if (octet === SPACE || octet === TAB) {
        // A single space between two visible octets stays as it is: the usual case, and no reason
        // to copy.
        if (octet === SPACE && !blank && (body[at + 1] ?? 0) > SPACE) {
          at++;
          continue;
        }
        piece.copy(run, at);
        blank = true;
        while (at < to && (body[at] === SPACE || body[at] === TAB)) at++;
        run = at;
      } else if (blank) {
        if (!endsLine(at)) piece.put(SPACE);
        blank = false;
      } else if (octet === CR && body[at + 1] === LF) {
        at += 2;
      } else if (octet === LF && (at === 0 || body[at - 1] !== CR)) {
        piece.copy(run, at);
        piece.put(CR);
        run = at;
        at++;
      } else {
        at++;
      }
    }
    piece.flush(run, to);
  };
};

/** True when a body is its own canonical form, but for the empty lines at its end. */
export const isCanonical = (canonicalization: Canonicalization, { hasBareLf, hasUnevenSpace }: Body): boolean =>
  !hasBareLf && (canonicalization === 'simple' || !hasUnevenSpace);

/**
 * Makes the writer of one canonical form. What it writes is the content only: the CRLF after it is
 * the caller's.
 */
export const createBodyWriter = (body: Body, canonicalization: Canonicalization, sink: Sink): BodyWriter => {
  const { octets } = body;
  if (isCanonical(canonicalization, body)) return (from, to) => sink(octets.subarray(from, to));
  const write = canonicalization === 'simple' ? createSimpleWriter(octets, sink) : createRelaxedWriter(octets, sink);
  return (from, to) => {
    for (let at = from; at < to; at += PIECE_BYTES) write(at, Math.min(at + PIECE_BYTES, to));
  };
};
