/**
 * Reading DNS wire format out of a hostile buffer: every read is checked, and one that runs over an
 * end marks the cursor as failed and yields zeros, so that a decoder is a straight line with one
 * check at its end. Never throws, never reads outside the buffer, never follows a pointer forward.
 * RFC 1035 section 4.1.4 (compression), section 2.3.4 (limits).
 */

const MAX_NAME_OCTETS = 255;
/**
 * A name has at most 127 labels, so more pointers than that lead through pointers only: a chain of
 * thousands would be walked at every record.
 */
const MAX_POINTERS = 127;
const QUESTION_AT = 12;

/** A position in a message. */
export type Cursor = {
  readonly bytes: Buffer;
  at: number;
  hasFailed: boolean;
  /** Name of the question, which nearly every record points back to. */
  questionName: string | null;
};

/** A cursor at the start of a message. @param questionName where it is known already */
export const cursorOver = (bytes: Buffer, questionName: string | null = null): Cursor => ({
  bytes,
  at: 0,
  hasFailed: false,
  questionName,
});

const take = (cursor: Cursor, count: number): number => {
  const from = cursor.at;
  if (from + count > cursor.bytes.length) {
    cursor.hasFailed = true;
    return -1;
  }
  cursor.at = from + count;
  return from;
};

/** One octet; 0 past the end. */
export const readUint8 = (cursor: Cursor): number => {
  const from = take(cursor, 1);
  return from < 0 ? 0 : (cursor.bytes[from] ?? 0);
};

/** Two octets, big-endian; 0 past the end. */
export const readUint16 = (cursor: Cursor): number => {
  const from = take(cursor, 2);
  return from < 0 ? 0 : cursor.bytes.readUInt16BE(from);
};

/** Four octets, big-endian, unsigned; 0 past the end. */
export const readUint32 = (cursor: Cursor): number => {
  const from = take(cursor, 4);
  return from < 0 ? 0 : cursor.bytes.readUInt32BE(from);
};

/** One character-string, one code unit an octet; '' past the end. */
export const readString = (cursor: Cursor): string => {
  const length = readUint8(cursor);
  const from = take(cursor, length);
  return from < 0 ? '' : cursor.bytes.toString('latin1', from, from + length);
};

/**
 * A name, its case kept, without the last dot; '' is the root. A dot inside a label and octets
 * outside 0x20..0x7e are written `\DDD`. A pointer must lead to before the part it ends, so that
 * every chain of pointers gets shorter and a loop cannot be written.
 */
export const readName = (cursor: Cursor): string => {
  const { bytes, questionName } = cursor;
  let at = cursor.at;
  if (at === QUESTION_AT && questionName !== null) {
    // Each dot is a length octet; one comes before the first label and a zero after the last.
    cursor.at = at + questionName.length + 2;
    return questionName;
  }
  let partStart = at;
  let end = -1;
  let octets = 1;
  let pointers = 0;
  let name = '';
  for (;;) {
    const length = bytes[at];
    if (length === undefined) break;
    if (length === 0) {
      cursor.at = end < 0 ? at + 1 : end;
      if (end < 0 && partStart === QUESTION_AT) cursor.questionName ??= name;
      return name;
    }
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined || ++pointers > MAX_POINTERS) break;
      const target = ((length & 0x3f) << 8) | low;
      if (end < 0) end = at + 2;
      if (target === QUESTION_AT && name === '' && cursor.questionName !== null && partStart > QUESTION_AT) {
        cursor.at = end;
        return cursor.questionName;
      }
      if (target >= partStart) break;
      at = target;
      partStart = target;
    } else if (length > 63) break;
    else {
      octets += length + 1;
      if (octets > MAX_NAME_OCTETS || at + 1 + length > bytes.length) break;
      const label = labelText(bytes, at + 1, length);
      name = name === '' ? label : `${name}.${label}`;
      at += length + 1;
    }
  }
  cursor.hasFailed = true;
  return '';
};

const labelText = (bytes: Buffer, from: number, length: number): string => {
  const label = bytes.toString('latin1', from, from + length);
  for (let at = from; at < from + length; at++) {
    const octet = bytes[at] ?? 0;
    if (octet < 0x20 || octet > 0x7e || octet === 0x2e) return escapeLabel(label);
  }
  return label;
};

const escapeLabel = (label: string): string =>
  label.replace(/[^\x20-\x7e]|\./g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`);
