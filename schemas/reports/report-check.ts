/**
 * The check of report mail before the first report is sent: a sample went to an address of the
 * operator, and what arrived was judged. Reports that do not pass DMARC are refused or not believed
 * (RFC 9990 section 3.5.2).
 */
import { z } from 'zod';

const CheckProblem = z.object({
  problem: z.string().describe('one plain sentence: what keeps report mail from passing DMARC'),
  next: z.string().describe('one plain sentence: what the operator can do'),
});
export type CheckProblem = z.infer<typeof CheckProblem>;

export const ReportCheck = z
  .object({
    state: z
      .enum(['sent', 'passed', 'failed', 'forced'])
      .describe('sent: the sample is on its way; forced: the operator wants reports sent without a check'),
    reportId: z.string().describe('Report-ID of the sample; empty with forced'),
    address: z.string().describe('address that the sample went to; empty with forced'),
    atSeconds: z.number().int().describe('when the state was reached, Unix time'),
    problems: z.array(CheckProblem).describe('with failed: at least one; with passed: what could be better'),
  })
  .meta({ id: 'ReportCheck', description: 'The check of report mail' });
export type ReportCheck = z.infer<typeof ReportCheck>;
