/** Sentences of ours as they stand in a report: printable ASCII, bounded. Pure. */

/** Characters of a sentence in a report; the report goes to thousands of rows with it. */
const MAX_CHARACTERS = 200;

/** Cuts a sentence and leaves out what is not printable ASCII. */
export const plainSentence = (text: string): string => {
  const bounded = text.slice(0, MAX_CHARACTERS);
  const printable = bounded.replace(/[^\x20-\x7e]/g, '?');
  return text.length > MAX_CHARACTERS ? `${printable.slice(0, -3)}...` : printable;
};

/**
 * True when a sentence may quote a piece of a local-part. Macros of an SPF record put the
 * local-part of MAIL FROM into names (RFC 7208 section 7), whole, in pieces or URL-escaped, and
 * such a local-part often names the recipient. Errs towards true: a short local-part is a word of
 * many sentences.
 */
export const mayQuote = (sentence: string, localPart: string): boolean => {
  const words = new Set(wordsOf(sentence));
  return /[^\x20-\x7e]/.test(localPart) || wordsOf(localPart).some((word) => words.has(word));
};

/** Runs of letters and digits, in lower case; what is escaped separates them. */
const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/%[0-9a-f]{2}|\\\d{3}/g, ' ')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
