/**
 * Messages out of an mbox (RFC 4155): a line `From ` at the top or after a blank line begins one,
 * and `>From ` is undone by one `>` as mboxrd writes it. Streams: never holds more than one message
 * and one chunk, and no object for a line. A message over the limit, or one there is no memory for,
 * is reported in place of its octets.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ENDLESS_ROOM, Octets, type Room } from './octets.ts';

/**
 * One message, or word why it is left out. The octets of a message stay counted in the room until
 * the caller releases them.
 */
type MboxEntry = { kind: 'message'; bytes: Buffer } | { kind: 'too-large' } | { kind: 'no-room' };

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x3e;
const FROM = Buffer.from('From ');
/** Quotation marks before `From ` that are counted; a line with more of them is taken as it is. */
const MAX_QUOTES = 994;
const MAX_PREFIX = MAX_QUOTES + FROM.length;
/**
 * Lines between two turns of the event loop: a chunk of nothing but line ends holds 65,536 of them.
 */
const LINES_A_TURN = 8192;

/** What the beginning of a line makes of it; `open` until enough of it has come. */
type LineKind = 'open' | 'separator' | 'blank' | 'quoted' | 'other';

/**
 * Reads the beginning of a line.
 * @param whole nothing more of the line will come before its decision
 */
const kindOf = (start: Buffer, afterBlank: boolean, whole: boolean): LineKind => {
  const first = start[0];
  if (first === LF || (first === CR && start[1] === LF)) return 'blank';
  if (first === CR && start.length === 1 && !whole) return 'open';
  if (first === FROM[0] && afterBlank) {
    if (start.length >= FROM.length)
      return start.compare(FROM, 0, FROM.length, 0, FROM.length) === 0 ? 'separator' : 'other';
    return !whole && FROM.compare(start, 0, start.length, 0, start.length) === 0 ? 'open' : 'other';
  }
  if (first !== QUOTE) return 'other';
  let quotes = 1;
  while (quotes < start.length && quotes <= MAX_QUOTES && start[quotes] === QUOTE) quotes += 1;
  const rest = start.subarray(quotes, quotes + FROM.length);
  if (quotes > MAX_QUOTES || FROM.compare(rest, 0, rest.length, 0, rest.length) !== 0) return 'other';
  return rest.length === FROM.length ? 'quoted' : whole ? 'other' : 'open';
};

/**
 * Splits an mbox.
 * @param maxBytes octets of one message
 * @param room account of memory @default endless
 * @returns octets before the first separator are one message too, so that a bare message is read as
 * itself
 */
export async function* readMbox(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  room: Room = ENDLESS_ROOM,
): AsyncGenerator<MboxEntry> {
  const message = new Octets(room);
  let refused: 'too-large' | 'no-room' | null = null;
  let afterBlank = true;
  let kind: LineKind = 'open';
  /** The beginning of a line that is not decided yet. */
  let start = Buffer.alloc(0);
  /**
   * Octets of the blank line at the end of what was collected: before a separator they are the
   * mbox's, not the message's.
   */
  let blank = Buffer.alloc(0);
  const add = (piece: Buffer): void => {
    if (refused !== null) return;
    if (message.length + piece.length > maxBytes) refused = 'too-large';
    else if (!message.add(piece)) refused = 'no-room';
    if (refused !== null) message.drop();
  };
  const entry = async (): Promise<MboxEntry[]> => {
    // A message that is one blank line and nothing else is still that line.
    if (message.length === 0) add(blank);
    blank = Buffer.alloc(0);
    const outcome: MboxEntry[] =
      refused !== null
        ? [{ kind: refused }]
        : message.length === 0
          ? []
          : [{ kind: 'message', bytes: await message.take() }];
    refused = null;
    return outcome;
  };
  /** Takes octets of a line whose kind is known. */
  const takeLine = (piece: Buffer): void => {
    if (kind === 'separator') return;
    add(blank);
    blank = kind === 'blank' ? Buffer.from(piece) : Buffer.alloc(0);
    if (kind !== 'blank') add(piece);
  };
  let lines = 0;
  try {
    for await (const chunk of stream) {
      for (let at = 0; at < chunk.length; ) {
        if (++lines % LINES_A_TURN === 0) await nextTurn();
        const lf = chunk.indexOf(LF, at);
        const end = lf === -1 ? chunk.length : lf + 1;
        let piece = chunk.subarray(at, end);
        at = end;
        if (kind === 'open') {
          if (start.length > 0) piece = Buffer.concat([start, piece]);
          start = Buffer.alloc(0);
          kind = kindOf(piece, afterBlank, lf !== -1 || piece.length > MAX_PREFIX);
          if (kind === 'open') {
            start = Buffer.from(piece);
            continue;
          }
          if (kind === 'separator') yield* await entry();
          if (kind === 'quoted') piece = piece.subarray(1);
        }
        takeLine(piece);
        if (lf === -1) continue;
        afterBlank = kind === 'blank';
        kind = 'open';
      }
    }
    if (start.length > 0) {
      kind = kindOf(start, afterBlank, true);
      takeLine(start);
    }
    yield* await entry();
  } finally {
    message.drop();
  }
}
