/**
 * What each mechanism asks DNS for and when it matches (RFC 7208 section 5), and the target names
 * of terms (section 4.8). Never decides the result of a record: an outcome goes back to
 * check_host().
 */
import type { SpfTraceTerm } from '../../schemas/spf.ts';
import { causeText } from '../dns/failure.ts';
import type { Answer } from '../dns/lookup.ts';
import { isAtOrUnder } from '../dns/name.ts';
import { formatIp, type IpAddress, inNetwork, parseIp4, parseIp6, reverseName } from '../ip/address.ts';
import type { DomainSpec, MacroToken } from '../records/macro.ts';
import type { SpfMechanism } from '../records/spf.ts';
import { expandName, type MacroValues, usesLetter } from './macro.ts';
import { isDnsName, sameName } from './target-name.ts';
import { addressTypeOf, mxHosts } from './terms.ts';
import {
  askFor,
  countLookup,
  countVoid,
  type Frame,
  lookupFailed,
  type Outcome,
  printable,
  type TermError,
  type Walk,
} from './walk.ts';

const NO_MATCH: Outcome = { kind: 'no-match' };
const MATCH: Outcome = { kind: 'match' };

const addressesOf = (answer: Answer): IpAddress[] =>
  answer.kind === 'records'
    ? answer.records.flatMap((record) =>
        typeof record === 'string' ? (parseIp4(record) ?? parseIp6(record) ?? []) : [],
      )
    : [];

/**
 * The names of the client that lead back to its address (RFC 7208 section 5.5), in the order of the
 * PTR answer. A failure gives none.
 */
const validatedNames = async (walk: Walk, trace: SpfTraceTerm): Promise<{ names: string[]; answer: Answer }> => {
  const answer = await askFor(walk, trace, reverseName(walk.client.ip), 'PTR');
  if (answer.kind !== 'records') return { names: [], answer };
  const found = answer.records.filter((record): record is string => typeof record === 'string');
  if (found.length > walk.limits.ptrNames) trace.limit = 'ptr';
  const candidates = found.slice(0, walk.limits.ptrNames).filter(isDnsName);
  const bits = walk.client.ip.bytes.length * 8;
  const names: string[] = [];
  for (const name of candidates) {
    const addresses = addressesOf(await askFor(walk, trace, name, addressTypeOf(walk.client.ip)));
    if (addresses.some((address) => inNetwork(walk.client.ip, address, bits))) names.push(name);
  }
  return { names, answer };
};

const isOf = (name: string, domain: string): boolean => isAtOrUnder(sameName(name), sameName(domain));

/**
 * The name for `%{p}` (RFC 7208 section 7.3): the domain itself, else one below it, else any, else
 * `unknown`.
 */
const pickName = (names: readonly string[], domain: string): string =>
  (
    names.find((name) => sameName(name) === sameName(domain)) ??
    names.find((name) => isOf(name, domain)) ??
    names[0] ??
    'unknown'
  ).replace(/\.$/, '');

/** The values of the macros of a domain-spec under a frame. */
const macroValues = async (
  walk: Walk,
  frame: Frame,
  trace: SpfTraceTerm,
  tokens: readonly MacroToken[],
): Promise<{ kind: 'values'; values: MacroValues } | TermError> => {
  const values = { ...walk.client, domain: frame.domain, validatedName: 'unknown' };
  if (!usesLetter(tokens, 'p')) return { kind: 'values', values };
  const over = countLookup(walk, trace);
  if (over !== null) return over;
  const { names, answer } = await validatedNames(walk, trace);
  const tooVoid = countVoid(walk, trace, answer);
  if (tooVoid !== null) return tooVoid;
  return { kind: 'values', values: { ...values, validatedName: pickName(names, frame.domain) } };
};

/**
 * The values of the macros of an explanation, whose lookups count against nothing (RFC 7208 section
 * 4.6.4).
 */
export const explanationValues = async (
  walk: Walk,
  frame: Frame,
  trace: SpfTraceTerm,
  tokens: readonly MacroToken[],
): Promise<MacroValues> => {
  const values = { ...walk.client, domain: frame.domain, validatedName: 'unknown' };
  if (!usesLetter(tokens, 'p')) return values;
  const { names } = await validatedNames(walk, trace);
  return { ...values, validatedName: pickName(names, frame.domain) };
};

/** The target name of a term, `unusable` where DNS cannot carry it or RFC 8616 forbids it. */
type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unusable'; readonly localPart: boolean; readonly reason: string }
  | TermError;

/** Expands a domain-spec and writes the outcome into the trace. */
export const targetOf = async (
  walk: Walk,
  frame: Frame,
  trace: SpfTraceTerm,
  spec: DomainSpec | null,
): Promise<Target> => {
  if (spec === null) {
    trace.target = frame.domain;
    return { kind: 'name', name: frame.domain };
  }
  if (usesLetter(spec.tokens, 'sl') && /[^\x00-\x7f]/.test(walk.client.localPart)) {
    // RFC 8616 section 4: a term with %{s} or %{l} matches nothing when the local-part is not
    // ASCII.
    return {
      kind: 'unusable',
      localPart: true,
      reason: 'the local-part is not ASCII, so a term that uses it matches nothing',
    };
  }
  const read = await macroValues(walk, frame, trace, spec.tokens);
  if (read.kind === 'error') return read;
  const name = expandName(spec.tokens, read.values);
  trace.target = printable(name);
  if (isDnsName(name)) return { kind: 'name', name };
  return { kind: 'unusable', localPart: false, reason: `"${printable(name)}" is not a name that DNS can carry` };
};

const evaluateAddresses = async (
  walk: Walk,
  trace: SpfTraceTerm,
  target: string,
  prefixLength: number,
): Promise<Outcome> => {
  const answer = await askFor(walk, trace, target, addressTypeOf(walk.client.ip));
  if (answer.kind === 'failure') return lookupFailed(target, addressTypeOf(walk.client.ip), answer);
  const over = countVoid(walk, trace, answer);
  if (over !== null) return over;
  return addressesOf(answer).some((address) => inNetwork(walk.client.ip, address, prefixLength)) ? MATCH : NO_MATCH;
};

const evaluateMx = async (walk: Walk, trace: SpfTraceTerm, target: string, prefixLength: number): Promise<Outcome> => {
  const answer = await askFor(walk, trace, target, 'MX');
  if (answer.kind === 'failure') return lookupFailed(target, 'MX', answer);
  const over = countVoid(walk, trace, answer);
  if (over !== null || answer.kind !== 'records') return over ?? NO_MATCH;
  for (const [index, host] of mxHosts(answer.records).entries()) {
    if (index >= walk.limits.mxHosts) {
      const reason = `${printable(target)} has more than ${walk.limits.mxHosts} MX hosts`;
      return { kind: 'error', result: 'permerror', reason, limit: 'mx' };
    }
    const addresses = await askFor(walk, trace, host, addressTypeOf(walk.client.ip));
    if (addresses.kind === 'failure') return lookupFailed(host, addressTypeOf(walk.client.ip), addresses);
    if (addressesOf(addresses).some((address) => inNetwork(walk.client.ip, address, prefixLength))) return MATCH;
  }
  return NO_MATCH;
};

const evaluatePtr = async (walk: Walk, trace: SpfTraceTerm, target: string): Promise<Outcome> => {
  const { names, answer } = await validatedNames(walk, trace);
  if (answer.kind === 'failure') {
    return {
      kind: 'no-match',
      reason: `${causeText(answer)} left the PTR question open, so the mechanism does not match`,
    };
  }
  const over = countVoid(walk, trace, answer);
  if (over !== null) return over;
  return names.some((name) => isOf(name, target)) ? MATCH : NO_MATCH;
};

const evaluateExists = async (walk: Walk, trace: SpfTraceTerm, target: string): Promise<Outcome> => {
  // Always A, also for an IPv6 client (RFC 7208 section 5.7).
  const answer = await askFor(walk, trace, target, 'A');
  // Any record matches, so an answer of more records than are used does too.
  if (answer.kind === 'failure' && answer.failure === 'limit' && answer.limit.name === 'records') return MATCH;
  if (answer.kind === 'failure') return lookupFailed(target, 'A', answer);
  const over = countVoid(walk, trace, answer);
  if (over !== null) return over;
  return answer.kind === 'records' ? MATCH : NO_MATCH;
};

const evaluateInclude = async (walk: Walk, frame: Frame, trace: SpfTraceTerm, target: string): Promise<Outcome> => {
  const inner = await walk.enter(walk, { domain: target, path: [...frame.path, sameName(target)] }, trace);
  trace.record = inner.trace;
  switch (inner.result) {
    case null:
    case 'fail':
    case 'softfail':
    case 'neutral':
      return NO_MATCH;
    case 'pass':
      return MATCH;
    case 'temperror':
    case 'permerror':
      return { kind: 'error', result: inner.result, reason: inner.reason };
    case 'none':
      return { kind: 'error', result: 'permerror', reason: `the included domain has no SPF record: ${inner.reason}` };
    default:
      throw inner.result satisfies never;
  }
};

/**
 * Evaluates one mechanism for the client (RFC 7208 section 5) and writes what it did into its
 * trace.
 */
export const evaluateMechanism = async (
  walk: Walk,
  frame: Frame,
  term: SpfMechanism,
  trace: SpfTraceTerm,
): Promise<Outcome> => {
  if (term.name === 'all') return MATCH;
  if (term.name === 'ip4' || term.name === 'ip6') {
    trace.target = `${formatIp(term.network)}/${term.prefixLength}`;
    return inNetwork(walk.client.ip, term.network, term.prefixLength) ? MATCH : NO_MATCH;
  }
  const over = countLookup(walk, trace);
  if (over !== null) return over;
  const target = await targetOf(walk, frame, trace, term.domain);
  if (target.kind === 'error') return target;
  if (target.kind === 'unusable') {
    // A name that is no name has no record: `none`, which an include turns into permerror (RFC 7208
    // sections 4.3 and 5.2).
    if (term.name === 'include' && !target.localPart)
      return { kind: 'error', result: 'permerror', reason: target.reason };
    return { kind: 'no-match', reason: target.reason };
  }
  switch (term.name) {
    case 'include':
      return evaluateInclude(walk, frame, trace, target.name);
    case 'a':
    case 'mx': {
      const prefixLength = walk.client.ip.family === 4 ? term.ip4PrefixLength : term.ip6PrefixLength;
      return (term.name === 'a' ? evaluateAddresses : evaluateMx)(walk, trace, target.name, prefixLength);
    }
    case 'ptr':
      return evaluatePtr(walk, trace, target.name);
    case 'exists':
      return evaluateExists(walk, trace, target.name);
    default:
      throw term satisfies never;
  }
};
