/**
 * Messages out of an mbox (RFC 4155): a line `From ` at the top or after a blank line begins one, and `>From ` is undone by one `>` as mboxrd writes it. Streams: never holds
 * more than one message. A message over the limit is told in place of its octets.
 */
import { type Line, readLines } from './lines.ts';

/** One message, or word that it passed the limit. */
export type MboxEntry = { kind: 'message'; bytes: Buffer } | { kind: 'too-large' };

const QUOTED_FROM = /^>+From /;

/**
 * Splits an mbox.
 * @param maxBytes octets of one message
 * @returns octets before the first separator are one message too, so that a bare message is read as itself
 */
export async function* readMbox(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<MboxEntry> {
  let lines: Buffer[] = [];
  let size = 0;
  let tooLarge = false;
  let afterBlank = true;
  const entry = (): MboxEntry[] => {
    if (tooLarge) return [{ kind: 'too-large' }];
    // The blank line before a separator is the mbox's, not the message's.
    if (lines.length > 1 && isBlank(lines.at(-1))) lines.pop();
    return size === 0 ? [] : [{ kind: 'message', bytes: Buffer.concat(lines) }];
  };
  for await (const line of readLines(stream, maxBytes)) {
    if (isSeparator(line, afterBlank)) {
      yield* entry();
      lines = [];
      size = 0;
      tooLarge = false;
      afterBlank = false;
      continue;
    }
    if (line.kind === 'too-long' || size + line.bytes.length > maxBytes) {
      tooLarge = true;
      lines = [];
      afterBlank = false;
      continue;
    }
    afterBlank = isBlank(line.bytes);
    if (tooLarge) continue;
    const bytes = unquoted(line.bytes);
    lines.push(bytes);
    size += bytes.length;
  }
  yield* entry();
}

const isSeparator = (line: Line, afterBlank: boolean): boolean =>
  line.kind === 'line' && afterBlank && line.bytes.length >= 5 && line.bytes.toString('latin1', 0, 5) === 'From ';

const isBlank = (line: Buffer | undefined): boolean =>
  line !== undefined && (line[0] === 0x0a || (line[0] === 0x0d && line[1] === 0x0a));

const unquoted = (line: Buffer): Buffer =>
  line[0] === 0x3e && QUOTED_FROM.test(line.toString('latin1', 0, 1000)) ? line.subarray(1) : line;
