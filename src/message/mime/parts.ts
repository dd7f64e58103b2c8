/**
 * The parts of a message (RFC 2046 section 5.1): where each begins and ends, its type and its
 * disposition. One pass over the body, whatever is nested in it, in turns of the event loop; no
 * recursion, no copy of an octet, no decoding. Enclosed messages are parts and are not opened. A
 * message that passes a limit is read up to it, and is told as not complete.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fieldsNamed, type HeaderField, type Message, readMessage } from '../message.ts';
import { contentTypeOf, type MediaType, readDisposition } from './media-type.ts';

/** One entity; the first of a message is the message itself. */
export type Part = {
  /** Place of the multipart that holds it; null for the message itself. */
  readonly parent: number | null;
  /** "type/subtype" in lower case; null where it cannot be read or is written twice. */
  readonly type: string | null;
  /** Parameters of the type. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly disposition: MediaType | null;
  /** Content-Transfer-Encoding in lower case (RFC 2045 section 6). */
  readonly encoding: string;
  /** Octets of the message's body that are its own body, as transferred. */
  readonly body: Buffer;
};

/** The parts of a message in the order in which they begin. */
export type MimeParts = {
  readonly parts: readonly Part[];
  /** False where a limit or a multipart without a usable boundary ended the reading. */
  readonly isComplete: boolean;
};

/** Parts of a message; a thousand attachments are no mail. */
export const MAX_PARTS = 1000;
/** Multiparts inside of each other. Honest messages have four at most. */
export const MAX_DEPTH = 10;
/** Octets of the header of a part; with more, the rest counts as its body. */
export const MAX_PART_HEADER_BYTES = 16_384;
/** Lines that begin with two hyphens, as delimiters do: each costs a comparison. */
export const MAX_DASHED_LINES = 100_000;
/** RFC 2046 section 5.1.1 allows 70 characters, and some programs write more. */
export const MAX_BOUNDARY_CHARS = 200;

/** Octets of a line that may be a delimiter: hyphens, boundary, hyphens, and padding. */
const MAX_DELIMITER_BYTES = MAX_BOUNDARY_CHARS + 64;
/** Octets, and lines with hyphens, between two turns of the event loop. */
const TURN_BYTES = 1_048_576;
const TURN_LINES = 5000;

const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
const LINE_OF_HYPHENS = Buffer.from('\n--');

/** Reads the parts. Never throws for what a message holds. */
export const readParts = async (message: Message): Promise<MimeParts> => {
  const reader = new PartReader(message);
  while (reader.takeTurn()) await nextTurn();
  return reader.finish();
};

type OpenPart = { -readonly [Name in keyof Part]: Part[Name] } & { start: number; end: number | null };

/** A multipart whose end has not come. */
type OpenMultipart = { readonly index: number; readonly boundary: string };

class PartReader {
  readonly #body: Buffer;
  readonly #parts: OpenPart[] = [];
  /** The outermost first. */
  readonly #open: OpenMultipart[] = [];
  /** Places of the parts whose end has not come, in their order. */
  readonly #unended: number[] = [];
  #at = 0;
  #dashedLines = 0;
  #isComplete = true;

  constructor(message: Message) {
    this.#body = message.body;
    this.#begin(message.fields, null, 0);
  }

  /** Reads on for a turn. @returns false at the end */
  takeTurn(): boolean {
    const stop = Math.min(this.#at + TURN_BYTES, this.#body.length);
    for (let lines = 0; lines < TURN_LINES; lines += 1) {
      if (this.#open.length === 0 || this.#at >= this.#body.length) return false;
      if (this.#at > stop) return true;
      const line = this.#nextDashedLine(stop);
      if (line === null) return this.#at < this.#body.length;
      this.#dashedLines += 1;
      if (this.#dashedLines > MAX_DASHED_LINES) return this.#giveUp();
      this.#at = this.#takeLine(line);
    }
    return true;
  }

  finish(): MimeParts {
    return {
      parts: this.#parts.map(({ start, end, ...part }) => ({
        ...part,
        body: this.#body.subarray(start, Math.max(start, end ?? this.#body.length)),
      })),
      isComplete: this.#isComplete,
    };
  }

  #giveUp(): false {
    this.#isComplete = false;
    this.#open.length = 0;
    return false;
  }

  /** The next line that begins with two hyphens, up to `stop`; moves on where there is none. */
  #nextDashedLine(stop: number): number | null {
    const body = this.#body;
    const isLineStart = this.#at === 0 || body[this.#at - 1] === LF;
    if (isLineStart && body[this.#at] === HYPHEN && body[this.#at + 1] === HYPHEN) return this.#at;
    const found = body.subarray(this.#at, stop + LINE_OF_HYPHENS.length).indexOf(LINE_OF_HYPHENS);
    if (found !== -1) return this.#at + found + 1;
    this.#at = Math.max(stop, this.#at + 1);
    return null;
  }

  /** Takes a line that begins with two hyphens. @returns where to go on */
  #takeLine(line: number): number {
    const delimiter = this.#delimiterAt(line);
    if (delimiter === null) return line + 2;
    const { level, isClose, next } = delimiter;
    const { index } = this.#open[level] as OpenMultipart;
    this.#endAfter(index, line);
    this.#open.length = isClose ? level : level + 1;
    if (isClose) return next;
    if (this.#parts.length > MAX_PARTS) {
      this.#giveUp();
      return next;
    }
    const { headerEnd, bodyStart } = this.#headerAt(next);
    const header = readMessage(this.#body.subarray(next, headerEnd));
    this.#begin(header.kind === 'message' ? header.fields : [], index, bodyStart);
    return bodyStart;
  }

  /** The multipart that a line delimits; the innermost where several have the same boundary. */
  #delimiterAt(line: number): { level: number; isClose: boolean; next: number } | null {
    const start = line + 2;
    const piece = this.#body.subarray(start, start + MAX_DELIMITER_BYTES);
    const lf = piece.indexOf(LF);
    if (lf === -1 && start + piece.length < this.#body.length) return null;
    const end = lf === -1 ? piece.length : lf;
    const text = withoutPadding(piece.toString('latin1', 0, end));
    for (let level = this.#open.length - 1; level >= 0; level -= 1) {
      const { boundary } = this.#open[level] as OpenMultipart;
      const isClose = text.length === boundary.length + 2 && text.endsWith('--');
      if ((isClose || text.length === boundary.length) && text.startsWith(boundary))
        return { level, isClose, next: Math.min(start + end + 1, this.#body.length) };
    }
    return null;
  }

  /** A part's header ends at a blank line, and at a delimiter where that is missing. */
  #headerAt(start: number): { headerEnd: number; bodyStart: number } {
    const body = this.#body;
    let at = start;
    while (at < body.length) {
      if (body[at] === LF) return { headerEnd: at, bodyStart: at + 1 };
      if (body[at] === CR && body[at + 1] === LF) return { headerEnd: at, bodyStart: at + 2 };
      if (body[at] === HYPHEN && body[at + 1] === HYPHEN) {
        this.#dashedLines += 1;
        if (this.#delimiterAt(at) !== null) return { headerEnd: at, bodyStart: at };
      }
      const lf = body.subarray(at, start + MAX_PART_HEADER_BYTES).indexOf(LF);
      if (lf === -1) break;
      at += lf + 1;
    }
    const end = Math.min(start + MAX_PART_HEADER_BYTES, body.length);
    if (end < body.length) this.#isComplete = false;
    return { headerEnd: end, bodyStart: end };
  }

  #begin(fields: readonly HeaderField[], parent: number | null, start: number): void {
    const part = entityOf(fields, parent === null ? null : (this.#parts[parent] ?? null));
    this.#unended.push(this.#parts.length);
    this.#parts.push({ ...part, parent, start, end: null, body: NOTHING });
    if (part.type?.startsWith('multipart/') !== true) return;
    const boundary = withoutPadding(part.parameters.get('boundary') ?? '');
    const isUsable = boundary !== '' && boundary.length <= MAX_BOUNDARY_CHARS && !/[^\x20-\x7e]/.test(boundary);
    if (isUsable && this.#open.length < MAX_DEPTH) this.#open.push({ index: this.#parts.length - 1, boundary });
    else this.#isComplete = false;
  }

  /** Ends the parts that began within a multipart; the line end before a delimiter is its own. */
  #endAfter(index: number, line: number): void {
    const beforeLf = this.#body[line - 1] === LF ? line - 1 : line;
    const end = beforeLf < line && this.#body[beforeLf - 1] === CR ? beforeLf - 1 : beforeLf;
    for (let last = this.#unended.at(-1); last !== undefined && last > index; last = this.#unended.at(-1)) {
      const part = this.#parts[last];
      if (part !== undefined) part.end = end;
      this.#unended.pop();
    }
  }
}

const NOTHING = Buffer.alloc(0);

const entityOf = (
  fields: readonly HeaderField[],
  parent: Pick<Part, 'type'> | null,
): Pick<Part, 'type' | 'parameters' | 'disposition' | 'encoding'> => {
  const named = (key: string) => fieldsNamed({ fields }, key);
  const read = contentTypeOf(fields);
  const [disposition] = named('content-disposition');
  const [encoding] = named('content-transfer-encoding');
  const byDefault = parent?.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  return {
    type: read?.type ?? (named('content-type').length === 0 ? byDefault : null),
    parameters: read?.parameters ?? new Map(),
    disposition: disposition === undefined ? null : readDisposition(disposition.value()),
    encoding: encoding?.value().trim().toLowerCase().slice(0, 32) ?? '7bit',
  };
};

/** Cuts spaces, tabs and a CR from the end. */
const withoutPadding = (text: string): string => {
  let end = text.length;
  while (end > 0 && ' \t\r'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
};

/** The parts directly within a multipart. */
export const childrenOf = (parts: readonly Part[], index: number): readonly Part[] =>
  parts.filter(({ parent }) => parent === index);

/**
 * The first octets of a part, decoded.
 * @param maxBytes most octets that are looked at, as transferred
 * @returns null for an encoding that is not read here
 */
export const decodedBody = ({ body, encoding }: Part, maxBytes: number): Buffer | null => {
  const piece = body.subarray(0, maxBytes);
  switch (encoding) {
    case '7bit':
    case '8bit':
    case 'binary':
      return piece;
    case 'base64':
      return Buffer.from(piece.toString('latin1'), 'base64');
    default:
      return null;
  }
};
