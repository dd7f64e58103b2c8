/**
 * A stream of octets as lines, LF included, empty ones left out; never holds more than one line and
 * one chunk. A line over the limit, or one there is no memory for, is reported in place of its
 * octets, and the rest is read on.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ENDLESS_ROOM, Octets, type Room } from './octets.ts';

/**
 * One line, or word why it is left out. The octets of a line stay counted in the room until the
 * caller releases them.
 */
type Line = { kind: 'line'; bytes: Buffer } | { kind: 'too-long' } | { kind: 'no-room' };

const LF = 0x0a;
const CR = 0x0d;
/** Lines between two turns of the event loop, whatever is done with them. */
const LINES_A_TURN = 1024;

/**
 * Splits a stream.
 * @param maxBytes longest line, LF included
 * @param room account of memory
 * @default endless
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  room: Room = ENDLESS_ROOM,
): AsyncGenerator<Line> {
  const line = new Octets(room);
  let skipping = false;
  let lines = 0;
  try {
    for await (const chunk of stream) {
      let at = 0;
      while (at < chunk.length) {
        const lf = chunk.indexOf(LF, at);
        const end = lf === -1 ? chunk.length : lf + 1;
        // A megabyte of line ends would be a million lines.
        if (!skipping && line.length === 0 && (lf === at || (lf === at + 1 && chunk[at] === CR))) {
          at = end;
          continue;
        }
        if (!skipping) {
          const fits = line.length + end - at <= maxBytes;
          if (!fits || !line.add(chunk.subarray(at, end))) {
            skipping = true;
            line.drop();
            yield { kind: fits ? 'no-room' : 'too-long' };
          }
        }
        if (lf !== -1) {
          if (++lines % LINES_A_TURN === 0) await nextTurn();
          if (!skipping) yield { kind: 'line', bytes: await line.take() };
          skipping = false;
        }
        at = end;
      }
    }
    if (line.length > 0) yield { kind: 'line', bytes: await line.take() };
  } finally {
    line.drop();
  }
}
