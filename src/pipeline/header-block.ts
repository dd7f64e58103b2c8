/**
 * The fields of a header block one by one, however large it is: a forged field must be found also
 * in a message that is too large to be verified. Keeps no field, reads each octet once and yields
 * to the event loop every megabyte. A line ends at LF, with or without CR, as in
 * src/message/message.ts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const TURN_BYTES = 1_048_576;
/** Lines between two turns: a megabyte of empty folds has half a million of them. */
const TURN_LINES = 50_000;

/** Receives one field: its name and what follows the colon, without the line end. */
type OnField = (field: { readonly name: string; readonly value: string }) => void;

/**
 * Calls a function for each field of a message, in order.
 * @param octets the whole message; its body is not read
 */
export const forEachField = async (octets: Buffer, onField: OnField): Promise<void> => {
  let start = 0;
  let at = 0;
  let lines = 0;
  let turnEnd = TURN_BYTES;
  while (at < octets.length && !isBlankLine(octets, at)) {
    const isFold = octets[at] === SPACE || octets[at] === TAB;
    if (!isFold && at > start) {
      emitField(octets.subarray(start, at), onField);
      start = at;
    }
    const lineEnd = octets.indexOf(LF, at);
    at = lineEnd === -1 ? octets.length : lineEnd + 1;
    lines += 1;
    if (at < turnEnd && lines < TURN_LINES) continue;
    turnEnd = at + TURN_BYTES;
    lines = 0;
    await nextTurn();
  }
  if (at > start) emitField(octets.subarray(start, at), onField);
};

const isBlankLine = (octets: Buffer, at: number): boolean =>
  octets[at] === LF || (octets[at] === CR && octets[at + 1] === LF);

const emitField = (field: Buffer, onField: OnField): void => {
  const colon = field.indexOf(COLON);
  if (colon < 1) return;
  let end = field.length;
  if (field[end - 1] === LF) end -= field[end - 2] === CR ? 2 : 1;
  // Even a fold may come before the colon (RFC 5322 section 4.5.8).
  const name = field.toString('latin1', 0, colon).replace(/\r?\n/g, '');
  onField({ name, value: field.toString('latin1', colon + 1, Math.max(end, colon + 1)) });
};
