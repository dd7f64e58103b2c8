/**
 * The strictest policy among several author domains of one message. RFC 9989 section 5.3.1 lets a
 * receiver go on with such a message and section 11.5 recommends what RFC 7489 section 6.6.1 asked
 * for: DMARC with each domain, and the strictest policy of those that fail. Without it a second
 * domain would bypass the first one's policy.
 */
import type { Lookup } from '../dns/lookup.ts';
import { beginDmarc } from './evaluate.ts';
import type { Identifiers } from './reading.ts';

/** `unknown`: a DNS failure hides a policy, and none of the others asks for rejection. */
export type StrictestPolicy = 'none' | 'quarantine' | 'reject' | 'unknown';

/** From the mildest to the strictest; a policy that is not known may be a rejection. */
const ORDER: readonly StrictestPolicy[] = ['none', 'quarantine', 'unknown', 'reject'];

/**
 * Evaluates all domains side by side.
 * @param domains lower case A-labels without the last dot
 * @param identifiers what the message proves; a domain that passes asks for nothing
 * @returns never rejects for what DNS answers
 */
export const strictestPolicy = async (
  domains: readonly string[],
  identifiers: Identifiers,
  lookup: Lookup,
  deadlineMs: number,
): Promise<StrictestPolicy> => {
  const verdicts = await Promise.all(
    domains.map((domain) => beginDmarc(domain, lookup, deadlineMs).finish(identifiers)),
  );
  const words = verdicts.map(({ result, rfc9989 }): StrictestPolicy => {
    if (result === 'temperror') return 'unknown';
    return result === 'fail' ? (rfc9989.policy?.applies ?? 'none') : 'none';
  });
  return ORDER.findLast((word) => words.includes(word)) ?? 'none';
};
