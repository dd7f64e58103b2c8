/**
 * ARC results (RFC 8617): the state of the chain and what each sealer claimed. Result words of
 * section 4.4.
 */
import { z } from 'zod';

export const ArcResult = z
  .enum(['none', 'pass', 'fail', 'temperror'])
  .describe('chain validation status (RFC 8617 section 4.4); temperror: a key could not be had');
export type ArcResult = z.infer<typeof ArcResult>;

export const ArcInstance = z.object({
  instance: z.number().int().describe('i= (RFC 8617 section 4.2.1)'),
  sealer: z.string().nullable().describe('d= of the ARC-Seal'),
  selector: z.string().nullable().describe('s= of the ARC-Seal'),
  cv: z.string().nullable().describe('cv= of the ARC-Seal: what this sealer found'),
  sealedAt: z.string().nullable().describe('t= of the ARC-Seal as an ISO 8601 time'),
  authservId: z.string().nullable().describe('authserv-id of the ARC-Authentication-Results'),
  claims: z
    .array(
      z.object({
        method: z
          .string()
          .describe('method as claimed (RFC 8601 section 2.7), with its version where that is not 1, as in "dmarc/2"'),
        result: z.string().describe('result as claimed'),
        identity: z.string().nullable().describe('the domain or address it is about, as claimed'),
      }),
    )
    .describe('what the sealer says it saw'),
  trusted: z.boolean().describe('true when the sealer is among ARC_TRUSTED_SEALERS'),
});
export type ArcInstance = z.infer<typeof ArcInstance>;

export const ArcVerdict = z
  .object({
    result: ArcResult,
    reason: z.string().describe('one plain sentence'),
    instances: z.array(ArcInstance).describe('the ARC sets, i=1 first'),
  })
  .meta({ id: 'ArcVerdict', description: 'ARC (RFC 8617)' });
export type ArcVerdict = z.infer<typeof ArcVerdict>;
