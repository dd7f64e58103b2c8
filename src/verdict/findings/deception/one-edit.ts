/**
 * True when one text becomes the other by one edit: a character inserted, deleted or replaced, or
 * two neighbours exchanged. False for equal texts. Linear in the shorter one. A character outside
 * of the Basic Multilingual Plane counts as two.
 */
export const isOneEditApart = (one: string, other: string): boolean => {
  if (one.length > other.length) return isOneEditApart(other, one);
  if (other.length - one.length > 1 || one === other) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  if (one.length < other.length) return one.slice(at) === other.slice(at + 1);
  if (one.slice(at + 1) === other.slice(at + 1)) return true;
  return one[at] === other[at + 1] && one[at + 1] === other[at] && one.slice(at + 2) === other.slice(at + 2);
};
