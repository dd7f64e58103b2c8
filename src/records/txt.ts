/**
 * TXT records as texts. The character-strings of one record are joined without anything between
 * them (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2, RFC 9989 section 4.5). Never decodes: one
 * byte stays one code unit, so a non-ASCII byte is still seen as such by the parsers.
 */
import type { RecordData } from '../../schemas/dns.ts';

/**
 * The texts of a TXT answer, one for each record, in the order of the answer. Data of other types
 * is left out.
 */
export const txtTexts = (records: readonly RecordData[]): string[] =>
  records.filter((record): record is string[] => Array.isArray(record)).map((strings) => strings.join(''));

/**
 * What a name publishes that should hold one record of a kind. A closed union: several records are
 * distinct from none, because each standard says something else about them.
 */
export type Selection =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly text: string }
  | { readonly kind: 'several'; readonly texts: readonly string[] };

/** Keeps the texts that are of a kind and counts them. Never throws. */
export const selectTexts = (texts: readonly string[], isOfKind: (text: string) => boolean): Selection => {
  const chosen = texts.filter(isOfKind);
  const [text] = chosen;
  if (text === undefined) return { kind: 'none' };
  return chosen.length === 1 ? { kind: 'one', text } : { kind: 'several', texts: chosen };
};
