/** A stream of octets as lines, LF included; never holds more than one line and one chunk. A line over the limit is told in place of its octets, and the rest is read on. */

/** One line, or word that a line passed the limit. */
export type Line = { kind: 'line'; bytes: Buffer } | { kind: 'too-long' };

const LF = 0x0a;

/** Splits a stream. @param maxBytes longest line, LF included */
export async function* readLines(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let skipping = false;
  for await (const chunk of stream) {
    let at = 0;
    while (at < chunk.length) {
      const lf = chunk.indexOf(LF, at);
      const end = lf === -1 ? chunk.length : lf + 1;
      if (!skipping && heldBytes + end - at > maxBytes) {
        skipping = true;
        held = [];
        heldBytes = 0;
        yield { kind: 'too-long' };
      }
      if (!skipping) {
        held.push(chunk.subarray(at, end));
        heldBytes += end - at;
      }
      if (lf !== -1) {
        if (!skipping) yield { kind: 'line', bytes: joined(held) };
        held = [];
        heldBytes = 0;
        skipping = false;
      }
      at = end;
    }
  }
  if (heldBytes > 0) yield { kind: 'line', bytes: joined(held) };
}

/** A copy, so that a small line does not keep a large chunk alive. */
const joined = (pieces: Buffer[]): Buffer => Buffer.concat(pieces);
