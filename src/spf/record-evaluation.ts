/**
 * check_host() of one domain: finds the record, checks its syntax, takes its terms from left to
 * right (RFC 7208 sections 4.4 to 4.7 and 6.1). The same code completes a tree once the result is
 * known: then every term is left to `completeTree` and none decides.
 *
 * The domain view walks the tree of the same records in src/posture/spf/tree.ts. The two share what
 * they read out of a record (terms.ts), not the walk: this one is for one client and asks one
 * question after the other, because a match or a limit of section 4.6.4 ends it and the questions
 * behind it must not be asked; that one is for every client and asks all at once.
 */
import type { SpfResult, SpfTraceRecord, SpfTraceTerm } from '../../schemas/spf.ts';
import { formatIp } from '../ip/address.ts';
import { parseSpf, type SpfModifier, type SpfQualifier, type SpfTerm, selectSpf } from '../records/spf.ts';
import { txtTexts } from '../records/txt.ts';
import { evaluateMechanism, targetOf } from './mechanisms.ts';
import { isRecordDomain, sameName } from './target-name.ts';
import { causesLookup } from './terms.ts';
import { deferUnreached, newTraceTerm, type TracedTerm, traceTerms } from './trace.ts';
import {
  askFor,
  countLookup,
  countVoid,
  type Evaluated,
  type Frame,
  lookupFailed,
  printable,
  quoteTerm,
  type TermError,
  type Unreached,
  type Walk,
} from './walk.ts';

const RESULT_OF: Readonly<Record<SpfQualifier, SpfResult>> = {
  '+': 'pass',
  '-': 'fail',
  '~': 'softfail',
  '?': 'neutral',
};

const WORDS: Readonly<Record<SpfQualifier, string>> = {
  '+': 'is permitted by',
  '-': 'is not permitted by',
  '~': 'is probably not permitted by',
  '?': 'is neither permitted nor denied by',
};

const failed = (trace: SpfTraceRecord, result: SpfResult | null, reason: string): Evaluated => {
  trace.result = result;
  trace.reason = reason;
  return { result, reason, trace, matched: null, explanation: null };
};

/**
 * Follows a redirect (RFC 7208 section 6.1): the result is that of the target, but `none` becomes
 * permerror.
 */
const followRedirect = async (
  walk: Walk,
  frame: Frame,
  term: Extract<SpfModifier, { kind: 'modifier' }>,
  trace: SpfTraceTerm,
): Promise<Evaluated | TermError> => {
  const over = countLookup(walk, trace);
  if (over !== null) return over;
  const target = await targetOf(walk, frame, trace, term.domain);
  if (target.kind === 'error') return target;
  if (target.kind === 'unusable') return { kind: 'error', result: 'permerror', reason: target.reason };
  const inner = await walk.enter(walk, { domain: target.name, path: [...frame.path, sameName(target.name)] }, trace);
  trace.record = inner.trace;
  if (inner.result !== 'none') return inner;
  return { kind: 'error', result: 'permerror', reason: `the redirect target has no SPF record: ${inner.reason}` };
};

/**
 * Reads the record of a domain.
 * @returns the record's texts, or what check_host() came to without one
 */
const findRecord = async (
  walk: Walk,
  frame: Frame,
  holder: SpfTraceTerm | null,
  trace: SpfTraceRecord,
): Promise<string | Evaluated> => {
  const { domain } = frame;
  const shown = printable(domain);
  if (!isRecordDomain(domain)) return failed(trace, 'none', `${shown} is not a domain name of two or more labels`);
  // The first record belongs to no term: its answer is not counted.
  const asking =
    holder ?? newTraceTerm({ kind: 'unknown-modifier', text: '', offset: 0, name: '', value: '', tokens: [] });
  const answer = await askFor(walk, asking, domain, 'TXT');
  if (answer.kind === 'failure') {
    const { result, reason, limit } = lookupFailed(domain, 'TXT', answer);
    if (holder !== null && limit !== undefined) holder.limit = limit;
    return failed(trace, result, reason);
  }
  const over = holder === null ? null : countVoid(walk, holder, answer);
  if (over !== null) {
    if (holder !== null) holder.limit = over.limit;
    return failed(trace, over.result, over.reason);
  }
  if (answer.kind === 'nxdomain') return failed(trace, 'none', `${shown} does not exist`);
  const selected = selectSpf(answer.kind === 'records' ? txtTexts(answer.records) : []);
  switch (selected.kind) {
    case 'none':
      return failed(trace, 'none', `${shown} has no SPF record`);
    case 'several':
      return failed(trace, 'permerror', `${shown} has ${selected.texts.length} SPF records`);
    case 'one':
      return selected.text;
    default:
      throw selected satisfies never;
  }
};

/**
 * check_host() of a domain (RFC 7208 section 4).
 * @param holder the trace of the include or redirect that leads here; null for the first record
 */
export const evaluateRecord = async (walk: Walk, frame: Frame, holder: SpfTraceTerm | null): Promise<Evaluated> => {
  const trace: SpfTraceRecord = { domain: printable(frame.domain), result: null, reason: '', terms: [] };
  if (frame.path.indexOf(sameName(frame.domain)) < frame.path.length - 1 && holder !== null) {
    holder.loop = true;
    holder.reason = `${printable(frame.domain)} is already under evaluation: the records form a loop`;
    if (walk.surplus) return failed(trace, null, 'not followed again: the records form a loop');
  }
  const found = await findRecord(walk, frame, holder, trace);
  if (typeof found !== 'string') return found;
  trace.text = found;
  const record = parseSpf(found);
  if (record.kind === 'fault') {
    const terms = traceTerms(walk, trace, record.terms);
    deferUnreached(walk, frame, terms);
    const { offset, reason } = record.fault;
    return failed(
      trace,
      'permerror',
      `the SPF record of ${printable(frame.domain)} is wrong at character ${offset + 1}: ${reason}`,
    );
  }
  const terms = traceTerms(walk, trace, record.terms);
  if (walk.surplus) {
    deferUnreached(walk, frame, terms);
    return failed(trace, null, 'read for the whole tree only');
  }
  return takeTerms(walk, frame, trace, terms);
};

const takeTerms = async (
  walk: Walk,
  frame: Frame,
  trace: SpfTraceRecord,
  terms: readonly TracedTerm<SpfTerm>[],
): Promise<Evaluated> => {
  const place = `the SPF record of ${printable(frame.domain)}`;
  const decide = (at: TracedTerm<SpfTerm>, decision: Omit<Evaluated, 'trace'>): Evaluated => {
    at.trace.decided = true;
    if (!at.kept) {
      // A full trace still shows the term that decided.
      trace.terms.push(at.trace);
      trace.omittedTerms = (trace.omittedTerms ?? 1) - 1;
    }
    deferUnreached(walk, frame, terms);
    return { ...decision, trace: Object.assign(trace, { result: decision.result, reason: decision.reason }) };
  };
  const fail = (at: TracedTerm<SpfTerm>, { result, reason, limit }: TermError): Evaluated => {
    at.trace.outcome = 'error';
    at.trace.reason ??= reason;
    if (limit !== undefined) at.trace.limit = limit;
    // The term that is one too many was never asked for: a whole tree shows what lies behind it.
    if (limit === 'lookups') walk.unreached.push({ term: at.term, trace: at.trace, frame });
    const matched = { term: at.term.text, domain: frame.domain };
    return decide(at, { result, reason, matched, explanation: null });
  };

  for (const at of terms) {
    if (at.term.kind !== 'mechanism') continue;
    const outcome = await evaluateMechanism(walk, frame, at.term, at.trace);
    if (outcome.kind === 'error') return fail(at, outcome);
    at.trace.outcome = outcome.kind;
    if (outcome.kind === 'no-match') {
      if (outcome.reason !== undefined) at.trace.reason = outcome.reason;
      continue;
    }
    const { qualifier, text } = at.term;
    const exp = terms.find(({ term }) => term.kind === 'modifier' && term.name === 'exp');
    return decide(at, {
      result: RESULT_OF[qualifier],
      reason: `${formatIp(walk.client.ip)} ${WORDS[qualifier]} ${quoteTerm(at.term)} in ${place}`,
      matched: { term: text, domain: frame.domain },
      explanation:
        qualifier === '-' && exp?.term.kind === 'modifier' ? { spec: exp.term.domain, trace: exp.trace, frame } : null,
    });
  }
  const redirect = terms.find(({ term }) => term.kind === 'modifier' && term.name === 'redirect');
  if (redirect?.term.kind !== 'modifier') {
    const reason = `no term of ${place} matches ${formatIp(walk.client.ip)}`;
    return {
      result: 'neutral',
      reason,
      trace: Object.assign(trace, { result: 'neutral', reason }),
      matched: null,
      explanation: null,
    };
  }
  const inner = await followRedirect(walk, frame, redirect.term, redirect.trace);
  if ('kind' in inner) return fail(redirect, inner);
  redirect.trace.outcome = inner.result === 'temperror' || inner.result === 'permerror' ? 'error' : 'match';
  const { trace: _, ...decision } = inner;
  return decide(redirect, decision);
};

/**
 * What a term left out would cost and lead to; outcome and result stay as they are (RFC 7208 ended
 * before).
 */
const explore = async (walk: Walk, { term, trace, frame }: Unreached): Promise<void> => {
  // A term that was stopped at a limit begins anew, so that nothing of it counts twice.
  walk.lookups -= trace.lookups;
  walk.voids -= trace.voids;
  Object.assign(trace, { lookups: 0, voids: 0, answers: [] });
  if (term.kind === 'mechanism') {
    const outcome = await evaluateMechanism(walk, frame, term, trace);
    if (outcome.kind === 'match') return;
    if (outcome.reason !== undefined) trace.reason ??= outcome.reason;
    if (outcome.kind === 'error' && outcome.limit !== undefined) trace.limit ??= outcome.limit;
  } else if (term.kind === 'modifier' && term.name === 'redirect') {
    const inner = await followRedirect(walk, frame, term, trace);
    if ('kind' in inner) trace.reason ??= inner.reason;
  }
};

/**
 * Completes the tree after the result is known: reads on level by level through the terms that were
 * not reached. Changes no outcome.
 * @param walk a walk with `surplus`; `exhausted` tells when it may ask no more
 * @returns false where a bound cut the tree short; the terms concerned carry `limit`
 */
export const completeTree = async (walk: Walk, exhausted: () => boolean): Promise<boolean> => {
  let complete = true;
  for (let next = walk.unreached.shift(); next !== undefined; next = walk.unreached.shift()) {
    const asks = causesLookup(next.term);
    const tooDeep = asks && next.frame.path.length > walk.limits.nesting;
    if (!tooDeep && !(asks && exhausted())) await explore(walk, next);
    const { trace } = next;
    if (tooDeep) {
      trace.limit = 'nesting';
      trace.reason = `not followed: more than ${walk.limits.nesting} records within one another`;
    } else if (
      asks &&
      exhausted() &&
      (trace.answers.length === 0 || trace.answers.some((one) => one.limit?.name === 'questions'))
    ) {
      trace.limit = 'questions';
      trace.reason = `not followed: the whole tree needs more than ${walk.limits.extraQuestions} more questions`;
    } else continue;
    complete = false;
  }
  return complete;
};
