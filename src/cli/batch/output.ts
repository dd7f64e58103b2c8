/**
 * Where a batch writes its lines: standard output, or a file that is gone on with. Of a file that
 * exists, a last line that was cut off is taken away, and the messages of the other lines are not
 * judged again: they are known by where they came from, so that new messages may have come between
 * them. Reads one line at a time.
 */
import { appendFileSync, createReadStream, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { readLines } from '../../message/lines.ts';
import { writeFailure } from '../../settings/system-failure.ts';
import { NotWritten, WrongUse } from '../command.ts';
import { maildirName } from '../messages/mail-files.ts';
import { type BatchOutputLine, readOutputLine } from './line.ts';

/** Bytes of a line that is read again: what the client takes of an answer, too. */
const MAX_LINE_BYTES = 67_108_864;
const PIECE_BYTES = 65_536;
const LF = 0x0a;

/** Appends a line. @throws NotWritten */
type WriteLine = (line: BatchOutputLine) => void;

/**
 * Opens a file for the lines of a batch; one that does not exist is made.
 * @throws NotWritten when it cannot be written to
 */
export const openOutput = (file: string): WriteLine => {
  const written = <Value>(work: () => Value): Value => {
    try {
      return work();
    } catch (cause) {
      throw new NotWritten(writeFailure(file, cause));
    }
  };
  const handle = written(() => {
    const opened = openSync(file, 'a+');
    const { size } = fstatSync(opened);
    const end = endOfLines(opened, size);
    // What is no regular file, as /dev/stdout, cannot be cut and has no size.
    if (end < size) ftruncateSync(opened, end);
    return opened;
  });
  return (line) => written(() => appendFileSync(handle, `${JSON.stringify(line)}\n`));
};

/** Octets up to the end of the last whole line. */
const endOfLines = (handle: number, size: number): number => {
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - PIECE_BYTES);
    const read = readSync(handle, piece, 0, end - start, start);
    const at = piece.subarray(0, read).lastIndexOf(LF);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
};

/**
 * The lines of an earlier run.
 * @throws WrongUse for a line that no batch wrote
 */
export async function* earlierLines(file: string): AsyncGenerator<BatchOutputLine> {
  for await (const line of readLines(createReadStream(file), MAX_LINE_BYTES)) {
    const read = line.kind === 'line' ? readOutputLine(line.bytes.toString('utf8')) : null;
    if (read === null)
      throw new WrongUse(`${file} holds a line that no batch of this version wrote; give another file with --out`);
    yield read;
  }
}

/** The messages that an earlier run judged, by where they came from. */
export class JudgedBefore {
  readonly #counts = new Map<string, number>();

  add(source: string): void {
    this.#count(fileKey(source), 1);
    if (['cur', 'new'].includes(basename(dirname(source)))) this.#count(maildirKey(source), 1);
  }

  /** True when a message is one of them; each counts once. */
  take({ source, isMaildir }: { readonly source: string; readonly isMaildir: boolean }): boolean {
    const key = isMaildir ? maildirKey(source) : fileKey(source);
    if ((this.#counts.get(key) ?? 0) === 0) return false;
    this.#count(key, -1);
    return true;
  }

  #count(key: string, by: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }
}

const fileKey = (source: string): string => `file ${source}`;
/** Reading a message moves it from `new` to `cur` and marks its name. */
const maildirKey = (source: string): string => `maildir ${maildirName(source)}`;
