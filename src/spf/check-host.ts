/**
 * check_host() of RFC 7208: may this client use this domain in this identity? The result is exactly
 * the RFC's; the trace says how it came about. Never throws for what the outside does: a failed
 * question is temperror, a wrong record is permerror with its place. Never asks DNS but through the
 * lookup it is given. RFC 7208 sections 4 to 7, RFC 8616 section 4 (internationalized identities).
 */
import { reached } from '../../schemas/limit.ts';
import type { SpfResult, SpfTraceRecord, SpfTraceTerm } from '../../schemas/spf.ts';
import type { Lookup } from '../dns/lookup.ts';
import { parseClientIp } from '../ip/address.ts';
import { parseMacroString } from '../records/macro.ts';
import { txtTexts } from '../records/txt.ts';
import { expandText, usesLetter } from './macro.ts';
import { explanationValues, targetOf } from './mechanisms.ts';
import { completeTree, evaluateRecord } from './record-evaluation.ts';
import { isIdentityDomain, toALabels } from './target-name.ts';
import {
  askFor,
  askOnce,
  type Client,
  type Evaluated,
  printable,
  SPF_LIMITS,
  type SpfLimits,
  type Walk,
} from './walk.ts';

/** The arguments of check_host() (RFC 7208 section 4.1). */
type CheckHostInput = {
  /** Address of the client, IPv4 or IPv6; an IPv4-mapped IPv6 address is IPv4 (section 5). */
  readonly ip: string;
  /** Domain to check: that of MAIL FROM or of HELO. U-labels are turned into A-labels. */
  readonly domain: string;
  /**
   * MAIL FROM address, or the HELO name for a HELO check or the null reverse-path; without a
   * local-part it is `postmaster` (section 4.3).
   */
  readonly sender: string;
  /** HELO or EHLO argument, for `%{h}`; `unknown` where empty. */
  readonly helo: string;
  /** Name of the receiving host, for `%{r}`; `unknown` where empty. */
  readonly receiver: string;
};

/** What check_host() works with. */
type CheckHostOptions = {
  readonly lookup: Lookup;
  /**
   * Moment on the clock of `monotonicMs` after which nothing is asked: what is still open is
   * temperror (section 4.6.4).
   */
  readonly deadlineMs: number;
  /** The clock of the deadline. @default performance.now */
  readonly monotonicMs?: () => number;
  /** Seconds since 1970, for `%{t}`. @default the present */
  readonly epochSeconds?: number;
  /** @default {@link SPF_LIMITS} */
  readonly limits?: Partial<SpfLimits>;
  /**
   * Read on past the deciding term and past limits, so that the trace is the whole tree. Never
   * changes the result.
   * @default false
   */
  readonly whole?: boolean;
};

/** A count against its limit; `used` is one over `limit` where the limit was passed. */
type SpfCount = { readonly used: number; readonly limit: number };

/** What check_host() says, and why. */
export type CheckHostResult = {
  readonly result: SpfResult;
  /** One plain clause without a full stop. */
  readonly reason: string;
  /** The domain checked, in A-labels and lower case. */
  readonly domain: string;
  /** SPF record of the domain; null without one. */
  readonly record: string | null;
  /**
   * The term that decided, as published, and the domain whose record holds it; null where none did.
   */
  readonly matched: { readonly term: string; readonly domain: string } | null;
  readonly lookups: SpfCount;
  readonly voids: SpfCount;
  /**
   * Text of the domain's owner for a `fail` (section 6.2): printable ASCII, at most 500 characters;
   * a third party wrote it. Else null.
   */
  readonly explanation: string | null;
  readonly trace: SpfTraceRecord;
  /** With `whole`: cost of the whole tree, and false in `complete` where a bound cut it short. */
  readonly tree: { readonly lookups: number; readonly voids: number; readonly complete: boolean } | null;
};

const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * The explanation of a fail (section 6.2). Whatever goes wrong, there is none: it never changes the
 * result.
 */
const explanationOf = async (
  walk: Walk,
  explanation: NonNullable<Evaluated['explanation']>,
): Promise<string | null> => {
  const { spec, trace, frame } = explanation;
  // Nothing here counts (section 4.6.4), so what the target and its text look up is asked on a walk
  // of its own.
  const uncounted: Walk = { ...walk, surplus: true, unreached: [] };
  const scratch: SpfTraceTerm = { ...trace, answers: trace.answers };
  const target = await targetOf(uncounted, frame, scratch, spec);
  trace.target = scratch.target;
  if (target.kind !== 'name') return null;
  const answer = await askFor(uncounted, scratch, target.name, 'TXT');
  const texts = answer.kind === 'records' ? txtTexts(answer.records) : [];
  const [text] = texts;
  if (text === undefined || texts.length !== 1) return null;
  const macro = parseMacroString(text, 0, { explanationLetters: true, spaces: true });
  if (macro.kind === 'fault') return null;
  const nonAscii = !PRINTABLE.test(walk.client.localPart) && usesLetter(macro.tokens, 'sl');
  if (nonAscii) return null;
  const values = await explanationValues(uncounted, frame, scratch, macro.tokens);
  const expanded = expandText(macro.tokens, values, walk.limits.explanationCharacters);
  return expanded !== '' && PRINTABLE.test(expanded) ? expanded : null;
};

const clientOf = (input: CheckHostInput, epochSeconds: number): Client | null => {
  const ip = parseClientIp(input.ip.trim());
  if (ip === null) return null;
  const at = input.sender.lastIndexOf('@');
  return {
    ip,
    localPart: at > 0 ? input.sender.slice(0, at) : 'postmaster',
    senderDomain: toALabels(input.sender.slice(at + 1)),
    helo: toALabels(input.helo) || 'unknown',
    receiver: input.receiver || 'unknown',
    epochSeconds,
  };
};

/** Refuses new questions once `most` were asked; what is known is answered all the same. */
const atMost = (ask: ReturnType<typeof askOnce>, most: number): { ask: Walk['ask']; exhausted: () => boolean } => {
  let asked = 0;
  return {
    ask: (name, type) => {
      if (ask.knows(name, type)) return ask(name, type);
      if (asked >= most)
        return Promise.resolve({
          kind: 'failure',
          failure: 'limit',
          limit: reached('questions', most, null),
          source: 'local',
        });
      asked += 1;
      return ask(name, type);
    },
    exhausted: () => asked >= most,
  };
};

/**
 * Checks one identity.
 * @returns never rejects as long as the lookup keeps its contract; `none` for an address that is no
 * address or a domain that is no domain name
 */
export const checkHost = async (input: CheckHostInput, options: CheckHostOptions): Promise<CheckHostResult> => {
  const limits = { ...SPF_LIMITS, ...options.limits };
  const domain = toALabels(input.domain).toLowerCase().replace(/\.$/, '');
  const client = clientOf(input, options.epochSeconds ?? Date.now() / 1000);
  const counts = (walk: Pick<Walk, 'lookups' | 'voids'>) => ({
    lookups: { used: walk.lookups, limit: limits.lookups },
    voids: { used: walk.voids, limit: limits.voids },
  });
  if (client === null || !isIdentityDomain(domain)) {
    const reason =
      client === null
        ? `"${printable(input.ip)}" is no IP address`
        : `"${printable(domain)}" is not a domain name of two or more labels`;
    const trace: SpfTraceRecord = { domain: printable(domain), result: 'none', reason, terms: [] };
    const nothing = { record: null, matched: null, explanation: null, trace, tree: null };
    return { result: 'none', reason, domain, ...counts({ lookups: 0, voids: 0 }), ...nothing };
  }
  const ask = askOnce(options.lookup, options.deadlineMs, options.monotonicMs ?? (() => performance.now()));
  const walk: Walk = {
    client,
    limits,
    ask,
    enter: evaluateRecord,
    surplus: false,
    lookups: 0,
    voids: 0,
    traceRoom: limits.traceTerms,
    unreached: [],
  };
  const evaluated = await evaluateRecord(walk, { domain, path: [domain] }, null);
  const explanation =
    evaluated.result === 'fail' && evaluated.explanation !== null
      ? await explanationOf(walk, evaluated.explanation)
      : null;
  const used = counts(walk);
  let tree: CheckHostResult['tree'] = null;
  if (options.whole) {
    const extra = atMost(ask, limits.extraQuestions);
    const rest: Walk = { ...walk, ask: extra.ask, surplus: true };
    const complete = await completeTree(rest, extra.exhausted);
    tree = { lookups: rest.lookups, voids: rest.voids, complete };
  }
  return {
    result: evaluated.result ?? 'temperror',
    reason: evaluated.reason,
    domain,
    record: evaluated.trace.text ?? null,
    matched: evaluated.matched,
    ...used,
    explanation,
    trace: evaluated.trace,
    tree,
  };
};
