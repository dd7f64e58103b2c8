/**
 * Counts the line ends of a message and measures its longest line. RFC 5321 section 2.3.8: only CRLF ends a line; a CR or LF on its own must not be
 * sent, because servers that disagree on it can be made to see different messages ("SMTP smuggling"). Never changes a byte; linear.
 */

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

const LF = 0x0a;
const CR = 0x0d;

/**
 * Mean line length below which looking at each octet costs less than one native search per line. Native search is about three times faster on
 * ordinary text, and twenty times slower on a message that is nothing but line ends.
 */
const SHORT_LINE_BYTES = 12;

/** Counts the line ends of a message. */
export function countLineEnds(bytes: Buffer): LineEnds {
  let crlf = 0;
  let bareLf = 0;
  let longestLineBytes = 0;
  let lineStart = 0;
  for (let lf = nextOctet(bytes, LF, 0); lf !== -1; lf = nextOctet(bytes, LF, lf + 1)) {
    const paired = lf > lineStart && bytes[lf - 1] === CR;
    if (paired) crlf += 1;
    else bareLf += 1;
    longestLineBytes = Math.max(longestLineBytes, lf - lineStart - (paired ? 1 : 0));
    lineStart = lf + 1;
  }
  longestLineBytes = Math.max(longestLineBytes, bytes.length - lineStart);
  let cr = 0;
  for (let at = nextOctet(bytes, CR, 0); at !== -1; at = nextOctet(bytes, CR, at + 1)) cr += 1;
  return { crlf, bareLf, bareCr: cr - crlf, longestLineBytes };
}

/** The next place of an octet, or -1: a few steps in place first, then the native search. */
function nextOctet(bytes: Buffer, octet: number, from: number): number {
  const near = Math.min(from + SHORT_LINE_BYTES, bytes.length);
  for (let at = from; at < near; at += 1) if (bytes[at] === octet) return at;
  return near === bytes.length ? -1 : bytes.indexOf(octet, near);
}
