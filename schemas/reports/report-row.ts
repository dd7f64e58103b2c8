/**
 * One row of an aggregate report (RFC 9990): what messages of one kind have in common. Holds no
 * recipient, no local part and no subject. How many such messages there were is counted beside it.
 */
import { z } from 'zod';
import { Override } from '../verdict.ts';

/** A DKIM result word of the report schema (RFC 8601 section 2.7.1). */
const DkimResult = z.enum(['none', 'pass', 'fail', 'policy', 'neutral', 'temperror', 'permerror']);

/** An SPF result word of the report schema (RFC 8601 section 2.7.2). */
const SpfResult = z.enum(['none', 'pass', 'fail', 'softfail', 'policy', 'neutral', 'temperror', 'permerror']);

export const ReportDkim = z.object({
  domain: z.string().describe('d= of the signature (RFC 6376 section 3.5)'),
  selector: z.string().describe('s= of the signature'),
  result: DkimResult,
  humanResult: z.string().optional().describe('one plain sentence: what a person has to know of the result'),
});
export type ReportDkim = z.infer<typeof ReportDkim>;

export const ReportSpf = z.object({
  domain: z.string().describe('the domain that was checked: that of MAIL FROM, or HELO with a null reverse-path'),
  result: SpfResult,
  humanResult: z.string().optional().describe('one plain sentence: what a person has to know of the result'),
});
export type ReportSpf = z.infer<typeof ReportSpf>;

export const ReportRow = z
  .object({
    sourceIp: z.string().describe('address of the SMTP client'),
    disposition: z.enum(['none', 'pass', 'quarantine', 'reject']).describe('what was done with the messages'),
    dkim: z.enum(['pass', 'fail']).describe('whether a DKIM identifier aligned'),
    spf: z.enum(['pass', 'fail']).describe('whether the SPF identifier aligned'),
    reasons: z.array(Override).describe('why the published policy was not followed'),
    headerFrom: z.string().describe('the Author Domain'),
    envelopeFrom: z.string().nullable().describe('domain of MAIL FROM; empty: the null reverse-path; null: not known'),
    envelopeTo: z.string().nullable().describe('domain of the recipients, where the settings ask for it'),
    dkimResults: z.array(ReportDkim).describe('at most 100: aligned and passed first'),
    spfResult: ReportSpf.nullable().describe('null: SPF was not checked'),
  })
  .meta({ id: 'ReportRow', description: 'One row of a DMARC aggregate report (RFC 9990)' });
export type ReportRow = z.infer<typeof ReportRow>;
