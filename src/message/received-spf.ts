/**
 * Reads a Received-SPF field body (RFC 7208 section 9.1): a result word and key-value pairs, with
 * comments passed over and quoted strings resolved. Lenient in what stands between the pairs, so
 * that no spelling of `receiver=` stays unseen; whether the receiver is a trusted one is the
 * caller's to decide.
 */
import { isFoldingSpace, readCfws, readComment, readQuotedString, readUntil } from './lexical.ts';

/** What a field says. */
type ReceivedSpf = {
  /** The first word in lower case, as in "pass"; "" where there is none. */
  readonly result: string;
  /** Every pair in the order of the field, keys in lower case; a key may be repeated. */
  readonly pairs: readonly (readonly [key: string, value: string])[];
};

/** Reads one body. Never throws; the time grows with the length. */
export const readReceivedSpf = (value: string): ReceivedSpf => {
  const start = readCfws(value, 0).end;
  const end = readUntil(value, start, (character) => !/[a-z]/i.test(character));
  return { result: value.slice(start, end).toLowerCase(), pairs: readPairs(value) };
};

const readPairs = (value: string): [string, string][] => {
  const pairs: [string, string][] = [];
  let key = '';
  let word = '';
  const endPair = (): void => {
    if (key !== '' && word !== '') pairs.push([key, word]);
    key = '';
    word = '';
  };
  for (let at = 0; at < value.length; ) {
    const character = value.charAt(at);
    if (character === '(') at = readComment(value, at).end;
    else if (character === '"') {
      const { content, end } = readQuotedString(value, at);
      word += content;
      at = end;
    } else if (isFoldingSpace(character)) {
      // The whole run at once: looked through again at each of its spaces, it would cost the square
      // of its length.
      at = readCfws(value, at).end;
      if (key !== '' && word !== '') endPair();
      else if (key === '' && value.charAt(at) !== '=') word = '';
    } else {
      at += 1;
      if (character === ';') endPair();
      else if (character === '=' && key === '') {
        key = word.toLowerCase();
        word = '';
      } else word += character;
    }
  }
  endPair();
  return pairs;
};
