/**
 * The trace of a record: one entry for each of its terms, made before evaluation, as far as the
 * trace has room. Evaluates nothing. RFC 7208 section 4.6 (terms), section 6.1 (a redirect beside
 * `all`).
 */
import type { SpfTraceRecord, SpfTraceTerm } from '../../schemas/spf.ts';
import type { SpfTerm, SpfUnreadableTerm } from '../records/spf.ts';
import { hasAll } from './terms.ts';
import type { Frame, Walk } from './walk.ts';

/** A term with its entry in the trace. */
export type TracedTerm<Term = SpfTerm | SpfUnreadableTerm> = {
  readonly term: Term;
  readonly trace: SpfTraceTerm;
  /** False where the trace was full. */
  readonly kept: boolean;
};

/** An entry for a term that was not reached yet. */
export const newTraceTerm = (term: SpfTerm | SpfUnreadableTerm): SpfTraceTerm => {
  const counts = { lookups: 0, voids: 0, decided: false, answers: [] };
  switch (term.kind) {
    case 'mechanism': {
      const { text, name, qualifier } = term;
      return { text, kind: 'mechanism', name, qualifier, outcome: 'not-reached', ...counts };
    }
    case 'modifier': {
      const outcome = term.name === 'redirect' ? 'not-reached' : 'noted';
      return { text: term.text, kind: 'modifier', name: term.name, outcome, ...counts };
    }
    case 'unknown-modifier':
      return { text: term.text, kind: 'modifier', name: term.name, outcome: 'noted', ...counts };
    case 'unreadable': {
      const [name = ''] = /[a-z0-9._-]+/i.exec(term.text) ?? [];
      const { text, fault } = term;
      return {
        text,
        kind: /^[a-z0-9._-]+=/i.test(text) ? 'modifier' : 'mechanism',
        name: name.toLowerCase(),
        outcome: 'error',
        reason: fault.reason,
        ...counts,
      };
    }
    default:
      throw term satisfies never;
  }
};

/** Fills a trace with the terms of a record, as far as there is room. */
export const traceTerms = <Term extends SpfTerm | SpfUnreadableTerm>(
  walk: Walk,
  record: SpfTraceRecord,
  terms: readonly Term[],
): TracedTerm<Term>[] =>
  terms.map((term) => {
    const trace = newTraceTerm(term);
    const kept = walk.traceRoom > 0;
    if (kept) {
      walk.traceRoom -= 1;
      record.terms.push(trace);
    } else {
      record.omittedTerms = (record.omittedTerms ?? 0) + 1;
    }
    return { term, trace, kept };
  });

/**
 * Keeps the terms that the result does not need for the whole tree. A redirect beside `all` has no
 * effect and is not kept (section 6.1).
 */
export const deferUnreached = (walk: Walk, frame: Frame, terms: readonly TracedTerm[]): void => {
  const isRedirectIdle = hasAll(terms.map(({ term }) => term));
  for (const { term, trace, kept } of terms) {
    if (trace.outcome !== 'not-reached' || term.kind === 'unreadable') continue;
    if (term.kind === 'modifier' && isRedirectIdle) {
      trace.outcome = 'skipped';
      trace.reason = 'a redirect beside "all" has no effect';
    } else if (kept) walk.unreached.push({ term, trace, frame });
  }
};
