/** What the rules about SPF share: the terms of the tree, each with its place. Pure. */
import type { Suggestion } from '../../../../schemas/posture/posture.ts';
import type { SpfTreeRecord, SpfTreeTerm } from '../../../../schemas/posture/spf.ts';
import type { Assessed, Hit, Rule } from '../assessed.ts';
import { rewriteSpf } from '../suggest.ts';

/** A term of the tree with its position. */
export type Placed = { readonly term: SpfTreeTerm; readonly domain: string; readonly isRoot: boolean };

/** The terms of a tree, in the order in which they are written. */
export const allTerms = (record: SpfTreeRecord | null, isRoot = true): Placed[] =>
  record === null
    ? []
    : record.terms.flatMap((term) => [
        { term, domain: record.domain, isRoot },
        ...(term.record === undefined ? [] : allTerms(term.record, false)),
      ]);

/** A term in words. */
export const where = ({ term, domain }: Placed): string => `${term.text} in the record of ${domain}`;

/**
 * The record without those of its own terms that `goes` picks; nothing to suggest where they are
 * in someone else's record.
 */
export const without = (assessed: Assessed, goes: (placed: Placed) => boolean): Suggestion | undefined => {
  const offsets = new Set(
    allTerms(assessed.spf.tree)
      .filter((placed) => placed.isRoot && goes(placed))
      .map(({ term }) => term.offset),
  );
  return offsets.size === 0
    ? undefined
    : rewriteSpf(assessed, ({ text, offset }) => (offsets.has(offset) ? null : text));
};

/**
 * One hit for each term of the tree that `isOne` picks; the suggestion is on those of the
 * domain's own record.
 */
export const eachTerm =
  (isOne: (placed: Placed) => boolean, message: (placed: Placed) => string): Rule['find'] =>
  (assessed) => {
    const seen = new Set<string>();
    return allTerms(assessed.spf.tree).flatMap((placed): Hit[] => {
      if (!isOne(placed) || seen.has(where(placed))) return [];
      seen.add(where(placed));
      const suggestion = placed.isRoot
        ? without(assessed, ({ term }) => term.offset === placed.term.offset)
        : undefined;
      return [{ message: message(placed), field: 'spf.tree', suggestion }];
    });
  };
