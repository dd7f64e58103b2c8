/**
 * What a signature covers of the header block: which fields h= picks, and their canonical bytes.
 * RFC 6376 sections 3.4.1, 3.4.2, 3.7 and 5.4.2. Works on bytes and never decodes them. Fields are
 * indexed by name once, and a canonical form is made once, however many signatures ask for it. A
 * line of the header block that is no field counts as part of the field above it: mail readers may
 * show it as such, and a line that someone slipped in then breaks the signature instead of standing
 * outside it.
 */
import type { HeaderField } from '../message/message.ts';
import type { Canonicalization } from './signature/tags.ts';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/** The header block, ready to be asked for canonical bytes. */
export type Header = {
  /** Positions of the fields of a name (lower case), top first. */
  readonly positions: (key: string) => readonly number[];
  /** A field with line ends as CRLF and without the last one. */
  readonly wire: (position: number) => Buffer;
  /** A field in canonical form, with the CRLF that ends it. */
  readonly canonical: (position: number, canonicalization: Canonicalization) => Buffer;
};

/** The fields h= picks, in its order, and how its list fits the message. */
export type SelectedFields = {
  /** Positions in the order in which they are hashed. */
  readonly positions: readonly number[];
  /**
   * Names listed more often than they occur: adding such a field would break the signature (RFC
   * 6376 section 5.4.2).
   */
  readonly oversigned: readonly string[];
  /**
   * Names that occur more often than they are listed: the uppermost of these fields are not signed.
   */
  readonly partlySigned: readonly string[];
};

const NONE: readonly number[] = [];

/**
 * LF without CR before it becomes CRLF, as SMTP would have carried it; the same buffer where there
 * is none.
 */
const withCrlf = (bytes: Buffer): Buffer => {
  let bare = 0;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === LF && bytes[at - 1] !== CR) bare++;
  if (bare === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length + bare);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at] ?? 0;
    if (octet === LF && bytes[at - 1] !== CR) out[length++] = CR;
    out[length++] = octet;
  }
  return out;
};

const withoutLineEnd = (bytes: Buffer): Buffer => {
  if (bytes.at(-1) !== LF) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CR ? -2 : -1);
};

/**
 * The relaxed form of one field (RFC 6376 section 3.4.2): name in lower case, unfolded, runs of
 * white space one space, none around name and value.
 * @param field line ends as CRLF, without the last one
 * @param ending CRLF is added when true
 */
const relaxedField = (field: Buffer, ending: boolean): Buffer => {
  const out = Buffer.allocUnsafe(field.length + 2);
  let length = 0;
  let at = 0;
  for (; at < field.length && field[at] !== COLON; at++) {
    const octet = field[at] ?? 0;
    if (octet === SPACE || octet === TAB || octet === CR || octet === LF) continue;
    out[length++] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
  }
  const colon = length;
  let blank = false;
  for (; at < field.length; at++) {
    const octet = field[at] ?? 0;
    if (octet === SPACE || octet === TAB) {
      blank = length > colon + 1;
    } else if (octet === CR && field[at + 1] === LF) {
      at++;
    } else {
      if (blank) out[length++] = SPACE;
      blank = false;
      out[length++] = octet;
    }
  }
  if (ending) {
    out[length++] = CR;
    out[length++] = LF;
  }
  return out.subarray(0, length);
};

/**
 * Indexes a header block.
 * @param hasBareLf false when every LF of the message follows a CR: spares the search for one
 */
export const readHeader = (fields: readonly HeaderField[], hasBareLf: boolean): Header => {
  const byKey = new Map<string, number[]>();
  for (const [position, field] of fields.entries()) {
    if (!field.wellFormed) continue;
    const positions = byKey.get(field.key);
    if (positions === undefined) byKey.set(field.key, [position]);
    else positions.push(position);
  }
  const wire = (position: number): Buffer => {
    const raws: Buffer[] = [];
    for (let at = position; at === position || fields[at]?.wellFormed === false; at++) {
      const raw = fields[at]?.raw;
      if (raw !== undefined) raws.push(raw);
    }
    const [only] = raws;
    const bytes = withoutLineEnd(only !== undefined && raws.length === 1 ? only : Buffer.concat(raws));
    return hasBareLf ? withCrlf(bytes) : bytes;
  };
  const relaxed = new Map<number, Buffer>();
  const canonical = (position: number, canonicalization: Canonicalization): Buffer => {
    if (canonicalization === 'simple') return Buffer.concat([wire(position), Buffer.from('\r\n')]);
    const known = relaxed.get(position) ?? relaxedField(wire(position), true);
    relaxed.set(position, known);
    return known;
  };
  return { positions: (key) => byKey.get(key) ?? NONE, wire, canonical };
};

/**
 * Picks the fields h= names: for each mention of a name the next one from the bottom up, nothing
 * when none is left (RFC 6376 section 5.4.2).
 * @param names lower case, in the order of h=
 */
export const selectFields = (header: Header, names: readonly string[]): SelectedFields => {
  const mentions = new Map<string, number>();
  const positions: number[] = [];
  for (const name of names) {
    const taken = mentions.get(name) ?? 0;
    mentions.set(name, taken + 1);
    const position = header.positions(name).at(-1 - taken);
    if (position !== undefined) positions.push(position);
  }
  const oversigned: string[] = [];
  const partlySigned: string[] = [];
  for (const [name, mentioned] of mentions) {
    const occurring = header.positions(name).length;
    if (mentioned > occurring) oversigned.push(name);
    if (mentioned < occurring) partlySigned.push(name);
  }
  return { positions, oversigned, partlySigned };
};

/** Where the value of b= is, with the white space before and after it. */
type SignatureValue = {
  /** Position of the signature field. */
  readonly position: number;
  /** Offsets in the wire form of that field. */
  readonly start: number;
  readonly end: number;
};

/**
 * The bytes a signature was made over, without the body: the chosen fields, then the signature
 * field itself with an empty b= and without its CRLF (RFC 6376 section 3.7; RFC 8617 section 5.1.1
 * for an ARC-Seal).
 */
export const signedBytes = (
  header: Header,
  chosen: readonly number[],
  b: SignatureValue,
  canonicalization: Canonicalization,
): Buffer => {
  const field = header.wire(b.position);
  const unsigned = Buffer.concat([field.subarray(0, b.start), field.subarray(b.end)]);
  return Buffer.concat([
    ...chosen.map((at) => header.canonical(at, canonicalization)),
    canonicalization === 'simple' ? unsigned : relaxedField(unsigned, false),
  ]);
};
