/**
 * The states that every part of a posture shares. A DNS failure is a state of its own everywhere:
 * it never reads as "missing" (RFC 9520).
 */
import { z } from 'zod';
import { FailureKind } from '../dns.ts';
import { ReachedLimit } from '../limit.ts';

/** Outcome of looking for one thing that a domain may publish. */
export const PublishedState = z
  .enum(['valid', 'absent', 'invalid', 'dns-failure'])
  .describe(
    'valid: published and usable; absent: DNS says that it is not there; invalid: published, but receivers cannot use it; dns-failure: DNS gave no usable answer, so nothing is known; where a limit of this service is the cause, "failure" names it',
  );
export type PublishedState = z.infer<typeof PublishedState>;

/** Why DNS gave no answer, and to which question. */
export const DnsFailure = z
  .object({
    name: z.string().describe('name asked for'),
    type: z.string().describe('record type asked for'),
    failure: FailureKind,
    limit: ReachedLimit.optional().describe('with failure "limit"'),
  })
  .meta({ id: 'DnsFailure', description: 'A question that DNS did not answer' });
export type DnsFailure = z.infer<typeof DnsFailure>;

/** A fault in a published text. */
export const RecordFault = z.object({
  offset: z.number().int().describe('position in the record, in characters from 0'),
  reason: z.string().describe('one plain sentence'),
});
export type RecordFault = z.infer<typeof RecordFault>;
