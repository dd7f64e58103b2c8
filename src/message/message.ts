/**
 * A message as bytes: the header block as ordered raw fields, and the body as a view. RFC 5322
 * sections 2.1 to 2.2 and 3.6.8, RFC 6532 (UTF-8). A line ends at LF, with or without CR before it,
 * because that is how the verifier counts lines; a lone CR ends nothing and is reported. Never
 * copies the body, never changes a byte, never throws for what is in a message, and its cost grows
 * with the size alone.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { HttpSettings } from '../../schemas/settings/http.ts';
import { type LineEnds, type Scan, scanOctets } from './line-ends.ts';

/** What a header block may cost. Beyond it the message is not read at all. */
export type MessageLimits = {
  /** Octets of the header block, the blank line not counted. */
  readonly maxHeaderBytes: number;
  /** Lines of the header block, folds counted. */
  readonly maxHeaderLines: number;
  /**
   * Header fields, lines that are no field counted. Each is read, judged or reported on its own.
   */
  readonly maxHeaderFields: number;
};

/**
 * Lines of a header block, folds counted; all may be folds of one field (a To field with a line for
 * each recipient). A mail server that joins folds one by one pays the square of their number.
 */
const MAX_HEADER_LINES = 50_000;

/** The limits of the settings, and the fixed one on lines. */
export const messageLimits = (settings: Omit<MessageLimits, 'maxHeaderLines'>): MessageLimits => ({
  maxHeaderBytes: settings.maxHeaderBytes,
  maxHeaderLines: MAX_HEADER_LINES,
  maxHeaderFields: settings.maxHeaderFields,
});

/** The limits where no setting says otherwise. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = messageLimits(HttpSettings.parse({}));

/** One header field, or one line of the header block that is no field. */
export type HeaderField = {
  /** Position in the header block from 0, top first; lines that are no field count too. */
  readonly index: number;
  /** Field name as written; "" for a line that is no field. */
  readonly name: string;
  /** Field name in ASCII lower case; "" for a line that is no field. */
  readonly key: string;
  /**
   * False for a line without a colon or with octets that no field name has (RFC 5322 section
   * 3.6.8).
   */
  readonly wellFormed: boolean;
  /** The octets with folds and line end: a view, never a copy. */
  readonly raw: Buffer;
  /**
   * The field body unfolded (RFC 5322 section 2.2.3), outer white space removed; UTF-8 where the
   * octets are UTF-8, else Latin-1.
   */
  readonly value: () => string;
};

/** A message as it was read. The views share the memory of `bytes`. */
export type Message = {
  readonly kind: 'message';
  readonly bytes: Buffer;
  /** Octets of the whole message. */
  readonly size: number;
  /** Octets of the header block; the concatenated `raw` slices of `fields` are exactly these. */
  readonly headerBytes: number;
  readonly fields: readonly HeaderField[];
  /** Everything after the blank line. */
  readonly body: Buffer;
  /**
   * False when the message ends inside its header block, so that it has no body (RFC 5322 section
   * 2.1).
   */
  readonly hasBlankLine: boolean;
  /** Line ends of the whole message, and its longest line. */
  readonly lineEnds: LineEnds;
  /**
   * False when the white space of the body is single spaces between visible octets only, which
   * relaxed canonicalization leaves as they are.
   */
  readonly hasUnevenSpace: boolean;
  /**
   * True when a NUL is among the octets, which RFC 5322 section 2.1 leaves out even of the obsolete
   * syntax.
   */
  readonly hasNul: boolean;
};

/** Outcome of reading: a message, or the limit that its header block exceeds. */
type MessageOutcome =
  | Message
  | {
      readonly kind: 'header-too-large';
      /** The limit that was passed. */
      readonly limit: keyof MessageLimits;
      /** Its value. */
      readonly max: number;
    };

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;

/** field-name of RFC 5322 section 3.6.8: printable ASCII but the colon. */
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]+$/;

/**
 * Splits a message into header fields and body.
 * @param bytes the message; kept and shared, not copied, so it must not change afterwards
 * @param limits the most a header block may hold
 * @param scan of the same octets, where a caller made it in turns because the message is large
 * @returns never throws for content; an empty input is a message without fields
 */
export function readMessage(
  bytes: Buffer,
  limits: MessageLimits = DEFAULT_MESSAGE_LIMITS,
  scan?: Scan,
): MessageOutcome {
  const tooLarge = (limit: keyof MessageLimits): MessageOutcome => ({
    kind: 'header-too-large',
    limit,
    max: limits[limit],
  });
  const starts: number[] = [];
  let at = 0;
  let lines = 0;
  let blankLineBytes = 0;
  while (at < bytes.length) {
    blankLineBytes = blankLineAt(bytes, at);
    if (blankLineBytes > 0) break;
    lines += 1;
    if (at >= limits.maxHeaderBytes) return tooLarge('maxHeaderBytes');
    if (lines > limits.maxHeaderLines) return tooLarge('maxHeaderLines');
    if (starts.length === 0 || !isWhiteSpace(bytes[at])) starts.push(at);
    if (starts.length > limits.maxHeaderFields) return tooLarge('maxHeaderFields');
    const lineEnd = bytes.indexOf(LF, at);
    at = lineEnd === -1 ? bytes.length : lineEnd + 1;
  }
  if (at > limits.maxHeaderBytes) return tooLarge('maxHeaderBytes');
  const headerBytes = at;
  const { lineEnds, unevenSpaceEnd } = scan ?? scanOctets(bytes);
  return {
    kind: 'message',
    bytes,
    size: bytes.length,
    headerBytes,
    fields: starts.map((start, index) => readField(bytes.subarray(start, starts[index + 1] ?? headerBytes), index)),
    body: bytes.subarray(headerBytes + blankLineBytes),
    hasBlankLine: blankLineBytes > 0,
    lineEnds,
    hasUnevenSpace: unevenSpaceEnd > headerBytes + blankLineBytes,
    hasNul: bytes.includes(0),
  };
}

/**
 * The fields of one name, top of the message first.
 * @param key field name in lower case, as in "dkim-signature"
 */
export function fieldsNamed(message: Pick<Message, 'fields'>, key: string): HeaderField[] {
  return message.fields.filter((field) => field.wellFormed && field.key === key);
}

/**
 * The lines of the header block that are no field (RFC 5322 section 2.2), a line of white space
 * alone at the top included.
 */
export function malformedLines(message: Message): HeaderField[] {
  return message.fields.filter((field) => !field.wellFormed);
}

/** Octets of the blank line that begins at `at`, or 0 when the line there is not blank. */
function blankLineAt(bytes: Buffer, at: number): number {
  if (bytes[at] === LF) return 1;
  return bytes[at] === CR && bytes[at + 1] === LF ? 2 : 0;
}

function isWhiteSpace(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

function readField(raw: Buffer, index: number): HeaderField {
  const colon = raw.indexOf(COLON);
  // The obsolete syntax lets white space and even a fold stand before the colon (RFC 5322 section
  // 4.5.8), and mail readers take it for the field.
  const name =
    colon < 1 || isWhiteSpace(raw[0]) ? '' : trimWhiteSpace(raw.toString('latin1', 0, colon).replace(/\r?\n/g, ''));
  const wellFormed = FIELD_NAME.test(name);
  return {
    index,
    name: wellFormed ? name : '',
    key: wellFormed ? name.toLowerCase() : '',
    wellFormed,
    raw,
    value: () => unfold(wellFormed ? raw.subarray(colon + 1) : raw),
  };
}

function unfold(octets: Buffer): string {
  const text = !isAscii(octets) && isUtf8(octets) ? octets.toString('utf8') : octets.toString('latin1');
  return trimWhiteSpace(text.replace(/\r?\n/g, ''));
}

/**
 * Removes spaces and tabs at both ends only: `trim()` would also remove the Unicode spaces that a
 * name may be disguised with.
 */
function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
