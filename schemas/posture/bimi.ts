/** BIMI of a domain: the record, the logo and its certificate. */
import { z } from 'zod';
import { DnsFailure, PublishedState } from './state.ts';

export const BimiPosture = z
  .object({
    state: PublishedState,
    failure: DnsFailure.optional(),
    record: z.string().nullable(),
    reason: z.string().optional().describe('one sentence where the record is invalid'),
    domain: z
      .string()
      .nullable()
      .describe('domain whose record applies: the domain itself or its Organizational Domain'),
    declined: z.boolean().describe('the record says that the domain takes no part'),
    logo: z.object({
      state: z.enum(['valid', 'invalid', 'unreachable', 'not-fetched', 'none']),
      url: z.string().nullable(),
      bytes: z.number().int().nullable(),
      faults: z.array(z.string()).describe('what keeps it from the SVG Tiny PS profile, one sentence each'),
    }),
    evidence: z.object({
      state: z.enum(['valid', 'invalid', 'unreachable', 'not-fetched', 'none']),
      url: z.string().nullable(),
      kind: z.string().nullable().describe('mark type of the certificate, where it names one'),
      names: z.array(z.string()).describe('domains the certificate is for'),
      validTo: z.string().nullable().describe('ISO 8601'),
      faults: z.array(z.string()).describe('one sentence each; the chain to a mark authority is not verified'),
    }),
    policyFit: z
      .boolean()
      .nullable()
      .describe(
        'true when the DMARC policies of the domain and of its Organizational Domain are what BIMI asks for: quarantine or reject, for subdomains as well, and for all mail; null: unknown (draft-brand-indicators-for-message-identification section 7.1)',
      ),
    policyReason: z.string().nullable().describe('what is missing, or why it is unknown; null when the policy fits'),
  })
  .meta({ id: 'BimiPosture', description: 'BIMI' });
export type BimiPosture = z.infer<typeof BimiPosture>;
