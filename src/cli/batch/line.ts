/** One line that `mailverdict batch` writes, and the same line read again by a run that goes on. */
import { Verdict } from '../../../schemas/verdict.ts';

/** What of a verdict the exit code and the summary rest on. */
const JudgedVerdict = Verdict.pick({ author: true, dmarc: true, spf: true, dkim: true, disposition: true });

/** A verdict as far as a batch reads it. */
export type JudgedVerdict = Pick<Verdict, 'author' | 'dmarc' | 'spf' | 'dkim' | 'disposition'>;

/**
 * A line: its place in the output, where the message came from, and its verdict or why there is
 * none.
 */
export type BatchOutputLine = { readonly index: number; readonly source: string } & (
  | { readonly verdict: JudgedVerdict }
  | { readonly problem: string }
);

/** Reads a line. @returns null for what this version did not write */
export const readOutputLine = (text: string): BatchOutputLine | null => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('index' in value) || !('source' in value)) return null;
  const { index, source } = value;
  if (typeof index !== 'number' || typeof source !== 'string') return null;
  if ('problem' in value) return { index, source, problem: String(value.problem) };
  const verdict = 'verdict' in value ? JudgedVerdict.safeParse(value.verdict) : null;
  return verdict?.success === true ? { index, source, verdict: verdict.data } : null;
};
