/**
 * SPF of one identity, by either of two evaluators. The house's own check_host() follows RFC 7208
 * to the letter and is the one that counts; mailauth is the one that counts in the lenient mode,
 * and the second opinion when a trace is asked for. The two are compared by the suites and by
 * generated cases.
 */
import { type SpfCheck, SpfResult } from '../../../schemas/spf.ts';
import { causeText, type Failure, isLasting } from '../../dns/failure.ts';
import type { Lookup } from '../../dns/lookup.ts';
import { type CheckHostResult, checkHost } from '../../spf/check-host.ts';
import { type MailauthSpf, mailauthSpf } from './mailauth.ts';
import { toMailauthResolver } from './resolver.ts';

/** Limits of RFC 7208 section 4.6.4, named where mailauth names none. */
const LOOKUP_LIMIT = 10;
const VOID_LIMIT = 2;

/** One identity to check. */
export type SpfQuestion = {
  readonly identity: SpfCheck['identity'];
  /** MAIL FROM without its angle brackets, or the HELO name. */
  readonly sender: string;
  readonly clientIp: string;
  /** HELO as given; "" when unknown. */
  readonly helo: string;
};

/** What a check needs beside its question. */
export type SpfParts = {
  readonly lookup: Lookup;
  /**
   * The moment on the monotonic clock after which nothing is asked: what is then open is temperror
   * (RFC 7208 section 4.6.4).
   */
  readonly deadlineMs: number;
  readonly clock: { /** Milliseconds since the epoch. */ nowMs: () => number; monotonicMs: () => number };
  /** Name for %{r} (RFC 7208 section 7.2). */
  readonly receiver: string;
};

/**
 * check_host() for a question.
 * @param whole reads on past the deciding term, so that the trace is the whole tree; the result
 * stays the same
 */
export const askCheckHost = (
  { sender, clientIp, helo }: SpfQuestion,
  { lookup, deadlineMs, clock, receiver }: SpfParts,
  whole = false,
): Promise<CheckHostResult> =>
  checkHost(
    { ip: clientIp, domain: sender.slice(sender.lastIndexOf('@') + 1).trim(), sender, helo, receiver },
    { lookup, deadlineMs, monotonicMs: clock.monotonicMs, epochSeconds: Math.floor(clock.nowMs() / 1000), whole },
  );

/** Checks one identity by the letter of RFC 7208. */
export const checkStrictly = async (question: SpfQuestion, parts: SpfParts): Promise<SpfCheck> => {
  const { domain, result, reason, explanation, record, lookups, voids } = await askCheckHost(question, parts);
  return {
    identity: question.identity,
    domain,
    result,
    reason: sentence(result, domain, question.clientIp, reason),
    ...(explanation !== null && { explanation }),
    ...(record !== null && { record }),
    lookups,
    voids,
  };
};

/**
 * Checks one identity with mailauth.
 * @param strict false: lets through what harms the letter of RFC 7208 only
 */
export const checkByMailauth = async (
  { identity, sender, clientIp, helo }: SpfQuestion,
  { lookup, deadlineMs, clock, receiver }: SpfParts,
  strict: boolean,
): Promise<SpfCheck> => {
  const failures: Failure[] = [];
  const answer = await mailauthSpf({
    sender: identity === 'helo' ? '' : sender,
    ip: clientIp,
    helo,
    mta: receiver,
    strict,
    resolver: toMailauthResolver(lookup, deadlineMs, (failure) => failures.push(failure)),
    // Zero would mean no limit.
    maxElapsedTime: Math.max(1, deadlineMs - clock.monotonicMs()),
  });
  const given = SpfResult.parse(answer.status.result);
  // mailauth takes every failure for one that passes; it ends at the first that counts.
  const last = failures.at(-1);
  const isOurLimit = given === 'temperror' && last !== undefined && isLasting(last);
  const result = isOurLimit ? 'permerror' : given;
  const detail = isOurLimit ? `the DNS questions reached ${causeText(last)}` : detailOf(result, answer);
  return {
    identity,
    domain: answer.domain,
    result,
    reason: sentence(result, answer.domain, clientIp, detail),
    ...(isAscii(answer.explanation) && { explanation: answer.explanation.slice(0, 500) }),
    ...(answer.rr !== undefined && { record: answer.rr }),
    lookups: { used: answer.lookups?.count ?? 0, limit: answer.lookups?.limit ?? LOOKUP_LIMIT },
    voids: { used: answer.lookups?.void ?? 0, limit: VOID_LIMIT },
  };
};

/**
 * RFC 7208 section 6.2: an explanation is for an SMTP reply, so it must be US-ASCII; a local-part
 * that a macro puts in need not be.
 */
const isAscii = (text: string | undefined): text is string => text !== undefined && /^[\x20-\x7e]*$/.test(text);

const sentence = (result: SpfResult, domain: string, clientIp: string, detail: string): string => {
  switch (result) {
    case 'pass':
      return `${domain} permits ${clientIp}`;
    case 'fail':
      return `${domain} does not permit ${clientIp}`;
    case 'softfail':
      return `${domain} says that ${clientIp} is probably not permitted (~)`;
    case 'neutral':
      return `${domain} makes no statement about ${clientIp}`;
    case 'none':
      return detail;
    case 'temperror':
      return `a temporary failure left SPF of ${domain} unknown: ${detail}`;
    case 'permerror':
      return `the SPF record of ${domain} cannot be evaluated: ${detail}`;
    default:
      return result satisfies never;
  }
};

/**
 * mailauth puts its detail behind a sentence of its own, which ends with the sender and a colon.
 */
const detailOf = (result: SpfResult, { domain, status: { comment = '' } }: MailauthSpf): string => {
  if (result === 'none') {
    return /Invalid domain/.test(comment)
      ? `${domain} cannot be a domain name with an SPF record`
      : `${domain} has no SPF record`;
  }
  const at = comment.indexOf(': ', comment.indexOf('during lookup of '));
  return at < 0 ? 'no detail is known' : comment.slice(at + 2, at + 202);
};
