/**
 * Evidence of a verdict: the ledgers of its questions as one list, and the comparison of two
 * verdicts that should be the same. Pure.
 */
import type { Evidence } from '../../schemas/dns.ts';

/** One list out of two, by name and then type; where both hold a question the first counts. */
export const mergeEvidence = (first: readonly Evidence[], second: readonly Evidence[]): Evidence[] => {
  const key = ({ name, type }: Evidence): string => `${name} ${type}`;
  const known = new Set(first.map(key));
  return [...first, ...second.filter((entry) => !known.has(key(entry)))].sort((one, other) =>
    key(one) < key(other) ? -1 : 1,
  );
};

/** One place where two verdicts differ. */
export type Difference = { path: string; before: unknown; after: unknown };

/** Fields that differ between any two runs: the id, and how long the run took. */
const OWN_TO_A_RUN = new Set(['id', 'elapsedMs']);
const MAX_DIFFERENCES = 200;

/** The places where two verdicts differ, at most 200; ids and run times are not compared. */
export const differencesOf = (before: unknown, after: unknown): Difference[] => {
  const found: Difference[] = [];
  compare(before, after, '', found);
  return found;
};

const compare = (before: unknown, after: unknown, path: string, found: Difference[]): void => {
  if (found.length >= MAX_DIFFERENCES || Object.is(before, after)) return;
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) {
    found.push({ path, before: before ?? null, after: after ?? null });
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (path === '' && OWN_TO_A_RUN.has(key)) continue;
    const below = Array.isArray(before) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    compare(before[key], after[key], below, found);
  }
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
