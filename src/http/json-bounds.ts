/**
 * Counts what a JSON text would become before anybody parses it: values and depth. Reads the octets
 * as they come, so that a body of too many values is refused at the first one too many and not at
 * its end. Judges no syntax: a text that is no JSON may pass, and the parser refuses it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestProblem } from './problem.ts';

/** Deepest nesting of objects and lists: requests of this service have 8. */
const MAX_JSON_DEPTH = 32;
/**
 * Most values (members, elements, objects and lists) of one text; evidence of 10,000 questions has
 * some 200,000.
 */
const MAX_JSON_VALUES = 250_000;
/** A request that may be this small has no more values than one for each so many octets. */
const OCTETS_PER_VALUE = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Octets of a string that are looked at one by one before its end is searched for. */
const NEAR_OCTETS = 64;

/** Takes the next octets of a text. @returns why the text is refused; null: not yet */
type JsonCounter = (piece: Buffer) => RequestProblem | null;

/** @param maxBytes most octets that the route takes */
export const createJsonCounter = (maxBytes: number): JsonCounter => {
  const maxValues = Math.min(MAX_JSON_VALUES, Math.ceil(maxBytes / OCTETS_PER_VALUE));
  const string = new StringScanner();
  let depth = 0;
  let values = 1;

  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      if (string.isOpen) {
        at = string.skip(piece, at);
        continue;
      }
      switch (piece[at]) {
        case QUOTE:
          string.isOpen = true;
          break;
        case 0x7b: // {
        case 0x5b: // [
          depth += 1;
          values += 1;
          break;
        case 0x7d: // }
        case 0x5d: // ]
          depth -= 1;
          break;
        case 0x2c: // ,
          values += 1;
          break;
      }
      at += 1;
      if (depth > MAX_JSON_DEPTH)
        return new RequestProblem('body-too-large', `the JSON is nested deeper than ${MAX_JSON_DEPTH} levels`);
      if (values > maxValues)
        return new RequestProblem(
          'body-too-large',
          `the JSON has more than ${maxValues} values, the most that are read`,
        );
    }
    return null;
  };
};

const TURN_BYTES = 1_048_576;

/**
 * Counts a text that is there as a whole, in turns of the event loop.
 * @throws RequestProblem when it is refused
 */
export const checkJsonBounds = async (text: Buffer, maxBytes: number): Promise<void> => {
  const count = createJsonCounter(maxBytes);
  for (let at = 0; at < text.length; at += TURN_BYTES) {
    if (at > 0) await nextTurn();
    const fault = count(text.subarray(at, at + TURN_BYTES));
    if (fault !== null) throw fault;
  }
};

/** Where a string ends, which may be in a later piece than the one in which it begins. */
class StringScanner {
  isOpen = false;
  /** True when the next octet is escaped. */
  private isEscaped = false;

  /**
   * @returns where the string ends, behind its closing mark; the length of the piece when it goes
   * on
   */
  skip(piece: Buffer, from: number): number {
    let at = from;
    if (this.isEscaped && at < piece.length) {
      this.isEscaped = false;
      at += 1;
    }
    while (at < piece.length) {
      // Escapes come in crowds, and a search for each would be a call for every other octet.
      for (const near = Math.min(at + NEAR_OCTETS, piece.length); at < near; at += 1) {
        if (piece[at] === BACKSLASH) at += 1;
        else if (piece[at] === QUOTE) {
          this.isOpen = false;
          return at + 1;
        }
      }
      if (at > piece.length) {
        this.isEscaped = true;
        return piece.length;
      }
      const quote = piece.indexOf(QUOTE, at);
      const isEscaped = endsEscaped(piece, at, quote === -1 ? piece.length : quote);
      if (quote === -1) {
        this.isEscaped = isEscaped;
        return piece.length;
      }
      at = quote + 1;
      if (!isEscaped) {
        this.isOpen = false;
        return at;
      }
    }
    return at;
  }
}

/** Whether the octet at `end` is escaped: an odd number of backslashes comes before it. */
const endsEscaped = (piece: Buffer, start: number, end: number): boolean => {
  let slashes = 0;
  while (end - 1 - slashes >= start && piece[end - 1 - slashes] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
};
