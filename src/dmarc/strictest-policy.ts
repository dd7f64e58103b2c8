/**
 * The strictest policy among several author domains of one message. RFC 9989 section 5.3.1 leaves such a message to the receiver; were it without a policy, naming
 * a second domain would be a way around the first one's.
 */
import type { Lookup } from '../dns/lookup.ts';
import { beginDmarc } from './evaluate.ts';

/** `unknown`: a DNS failure keeps a policy from being known, and none of the others asks for rejection. */
export type StrictestPolicy = 'none' | 'quarantine' | 'reject' | 'unknown';

/** From the mildest to the strictest; a policy that is not known may be a rejection. */
const ORDER: readonly StrictestPolicy[] = ['none', 'quarantine', 'unknown', 'reject'];

/**
 * Asks for the records of all domains side by side.
 * @param domains lower case A-labels without the last dot
 * @returns never rejects for what DNS answers
 */
export const strictestPolicy = async (
  domains: readonly string[],
  lookup: Lookup,
  deadlineMs: number,
): Promise<StrictestPolicy> => {
  const verdicts = await Promise.all(
    domains.map((domain) => beginDmarc(domain, lookup, deadlineMs).finish({ spf: [], dkim: [] })),
  );
  const words = verdicts.map(
    ({ result, rfc9989 }): StrictestPolicy =>
      result === 'temperror' ? 'unknown' : (rfc9989.policy?.applies ?? 'none'),
  );
  return ORDER.findLast((word) => words.includes(word)) ?? 'none';
};
