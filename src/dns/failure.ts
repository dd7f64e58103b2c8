/**
 * Why a question has no usable answer, and the two things that every method asks of it: would
 * asking again later help, and how is it worded. A failure of a server or of the network passes; a
 * limit of ours may not. RFC 9520 (failures), RFC 8601 section 2.7 (temperror and permerror).
 */
import type { FailureKind } from '../../schemas/dns.ts';
import { LIMITS, limitText, type ReachedLimit } from '../../schemas/limit.ts';

/** A failure of DNS itself. */
export type ServerFailure = Exclude<FailureKind, 'limit'>;

/** A failure; one that is a limit of ours names it. */
export type Failure = { readonly failure: ServerFailure } | { readonly failure: 'limit'; readonly limit: ReachedLimit };

/** The failure alone, of an answer that carries more. */
export const failureOf = (answer: Failure): Failure =>
  answer.failure === 'limit' ? { failure: 'limit', limit: answer.limit } : { failure: answer.failure };

/**
 * True when asking again later comes to the same: the result is then `permerror`, or what the
 * method has in its place.
 */
export const isLasting = (failure: Failure): boolean =>
  failure.failure === 'limit' && LIMITS[failure.limit.name].lasting;

/**
 * The cause for a sentence: "a DNS failure (servfail)", or the limit with its value and setting.
 */
export const causeText = (failure: Failure): string =>
  failure.failure === 'limit' ? limitText(failure.limit) : `a DNS failure (${failure.failure})`;
