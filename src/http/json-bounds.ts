/**
 * Counts what a JSON text would become before anybody parses it: values and depth. One pass over the octets, in turns of the event loop; text inside quotation marks is
 * skipped. Judges no syntax: a text that is no JSON may pass and is refused by the parser.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RequestProblem } from './problem.ts';

/** Deepest nesting of objects and lists: requests of this service have 8. */
const MAX_JSON_DEPTH = 32;
/** Most values (members, elements, objects and lists) of one text; evidence of 10,000 questions has some 200,000. */
const MAX_JSON_VALUES = 250_000;
/** A request that may be this small has no more values than one for each so many octets. */
const OCTETS_PER_VALUE = 16;
const TURN_BYTES = 1_048_576;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the string ends that begins before `at`: behind its closing mark. */
const endOfString = (text: Buffer, from: number): number => {
  for (let at = from; ; at += 1) {
    at = text.indexOf(QUOTE, at);
    if (at === -1) return text.length;
    let slashes = 0;
    while (at - 1 - slashes >= from && text[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
};

/** @param maxBytes most octets that the route takes @throws RequestProblem when the text would become too many values or too deep ones */
export const checkJsonBounds = async (text: Buffer, maxBytes: number): Promise<void> => {
  const maxValues = Math.min(MAX_JSON_VALUES, Math.ceil(maxBytes / OCTETS_PER_VALUE));
  let depth = 0;
  let values = 1;
  let turnEnd = TURN_BYTES;
  for (let at = 0; at < text.length; at += 1) {
    if (at >= turnEnd) {
      await nextTurn();
      turnEnd = at + TURN_BYTES;
    }
    switch (text[at]) {
      case QUOTE:
        at = endOfString(text, at + 1) - 1;
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
    if (depth > MAX_JSON_DEPTH)
      throw new RequestProblem('body-too-large', `the JSON is nested deeper than ${MAX_JSON_DEPTH} levels`);
    if (values > maxValues)
      throw new RequestProblem('body-too-large', `the JSON has more than ${maxValues} values, the most that are read`);
  }
};
