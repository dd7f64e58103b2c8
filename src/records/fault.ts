/**
 * What is wrong with a published record, and where. Every parser of this room answers with faults
 * as values and never throws; a fault names a position so that a person can be shown the place in
 * their own record.
 */

/** One fault of a record. */
export type Fault = {
  /** Position of the first wrong character, in characters from the start of the record's text. */
  readonly offset: number;
  /**
   * One plain clause without a full stop, as in `prefix length 33 is over 32`. Quotes at most 40
   * characters of the record.
   */
  readonly reason: string;
};

/**
 * Quotes a piece of a record for a reason: printable ASCII only, at most 40 characters, so that a
 * hostile record cannot break out of the sentence about it.
 */
export const quote = (text: string): string => {
  const printable = text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
  return `"${printable}${text.length > 40 ? '...' : ''}"`;
};
