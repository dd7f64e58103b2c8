/**
 * Line feeds, CRs and NULs in a field body that a mail server sends apart from its name. Works on
 * code units, since a body may have a million of them. Pure.
 */

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const NUL = 0;

/**
 * A field body without line feeds that are no folds. Such a one would begin another field once the
 * body is joined with the others, a field that the mail server does not see. It becomes a
 * bare CR, which is as stray and begins nothing here. The length stays.
 */
export const markStrayLf = (body: string): string => {
  if (!body.includes('\n')) return body;
  const units = unitsOf(body);
  for (let at = 0; at < units.length; at++) if (units[at] === LF && !isWhiteSpace(units[at + 1])) units[at] = CR;
  return textOf(units);
};

/**
 * A field body with a space in place of each CR, LF and NUL outside a fold, and CRLF in the folds.
 * @returns null where there is none to replace
 */
export const withoutStrays = (body: string): string | null => {
  if (!body.includes('\n') && !body.includes('\r') && !body.includes('\0')) return null;
  const units = unitsOf(body);
  // Each fold may get a CR that it lacks.
  const written = new Uint16Array(2 * units.length);
  let length = 0;
  let hasStray = false;
  for (let at = 0; at < units.length; at++) {
    const unit = units[at] ?? NUL;
    const isFold = unit === LF && isWhiteSpace(units[at + 1]);
    if (isFold) {
      written[length++] = CR;
      written[length++] = LF;
    } else if (unit === CR && units[at + 1] === LF && isWhiteSpace(units[at + 2])) {
      // Written with its LF.
    } else if (unit === LF || unit === CR || unit === NUL) {
      written[length++] = SPACE;
      hasStray = true;
    } else written[length++] = unit;
  }
  return hasStray ? textOf(written.subarray(0, length)) : null;
};

const isWhiteSpace = (unit: number | undefined): boolean => unit === SPACE || unit === TAB;

const unitsOf = (text: string): Uint16Array => {
  const units = new Uint16Array(text.length);
  Buffer.from(units.buffer).write(text, 'utf16le');
  return units;
};

const textOf = (units: Uint16Array): string =>
  Buffer.from(units.buffer, units.byteOffset, units.byteLength).toString('utf16le');
