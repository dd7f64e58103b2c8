/**
 * DMARC results in two readings: RFC 9989 (DNS Tree Walk, np, psd, t), which is the result, and RFC
 * 7489 (Public Suffix List, pct), given for comparison, because receivers are split between the
 * two.
 */
import { z } from 'zod';
import { ReachedLimit } from './limit.ts';

export const DmarcResult = z
  .enum(['none', 'pass', 'fail', 'temperror', 'permerror'])
  .describe('DMARC result (RFC 8601 section 2.7, RFC 9989 section 9.1)');
export type DmarcResult = z.infer<typeof DmarcResult>;

export const DmarcPolicy = z.enum(['none', 'quarantine', 'reject']).describe('policy word (RFC 9989 section 4.7)');
export type DmarcPolicy = z.infer<typeof DmarcPolicy>;

/** One authenticated identifier compared with the Author Domain. */
export const IdentifierAlignment = z.object({
  mode: z.enum(['relaxed', 'strict']).nullable().describe('mode that the record asks for; null without a record'),
  aligned: z
    .boolean()
    .nullable()
    .describe('true when an authenticated identifier aligns; null when a failure leaves it unknown'),
  limit: ReachedLimit.optional().describe('with aligned null: the limit that would leave it unknown again'),
  domain: z.string().nullable().describe('the identifier that aligns'),
  compared: z
    .array(z.string())
    .describe('the authenticated identifiers that were compared with the Author Domain, at most 10'),
});
export type IdentifierAlignment = z.infer<typeof IdentifierAlignment>;

/** An address that reports go to, and whether its domain agreed to take them. */
export const DmarcReportAddress = z.object({
  tag: z.enum(['rua', 'ruf']),
  uri: z.string().describe('the address as published'),
  domain: z.string().nullable().describe('domain of a mailto address'),
  external: z.boolean().describe('true when the receiver of reports has another Organizational Domain'),
  authorized: z
    .boolean()
    .nullable()
    .describe(
      'whether the receiver agreed to take reports (RFC 9990 section 4); true where it need not; null: unknown',
    ),
  asked: z.string().nullable().describe('name that would hold the agreement'),
  override: z
    .array(z.string())
    .optional()
    .describe(
      'addresses that the agreement names in place of this one (RFC 9990 section 4); with authorized false they are of another host, and none gets reports',
    ),
});
export type DmarcReportAddress = z.infer<typeof DmarcReportAddress>;

/** One reading of DMARC. */
export const DmarcReading = z.object({
  result: DmarcResult,
  reason: z.string().describe('one plain sentence'),
  organizationalDomain: z.string().nullable().describe('Organizational Domain of the Author Domain; null when unknown'),
  recordDomain: z.string().nullable().describe('domain whose _dmarc record applies'),
  record: z.string().nullable().describe('the record that applies'),
  policy: z
    .object({
      published: z.object({
        p: DmarcPolicy,
        sp: DmarcPolicy.nullable(),
        np: DmarcPolicy.nullable(),
      }),
      tag: z.enum(['p', 'sp', 'np']).describe('the tag that applies to this Author Domain'),
      testing: z.boolean().describe('t=y (RFC 9989 section 4.7)'),
      applies: DmarcPolicy.describe('the policy after p, sp, np and t'),
    })
    .nullable()
    .describe('null without a usable record, or when DNS leaves it unknown'),
  alignment: z.object({ spf: IdentifierAlignment, dkim: IdentifierAlignment }),
  reports: z.array(DmarcReportAddress).optional().describe('with include=reports: where reports go'),
});
export type DmarcReading = z.infer<typeof DmarcReading>;

/**
 * The older reading, as receivers that follow RFC 7489 come to it: what it shares with the newer
 * one is not given twice.
 */
export const DmarcOlderReading = z.object({
  result: DmarcResult,
  reason: z.string().optional().describe('one plain sentence, where it is not that of the newer reading'),
  organizationalDomain: z
    .string()
    .nullable()
    .describe('Organizational Domain by the Public Suffix List (RFC 7489 section 3.2)'),
  recordDomain: z.string().nullable().describe('domain whose _dmarc record applies'),
  applies: DmarcPolicy.nullable().describe('the policy after p, sp and pct; null without a usable record'),
  percent: z.number().int().nullable().describe('pct, in percent (RFC 7489 section 6.3); null without a usable record'),
  spfAligned: z.boolean().nullable().describe('true when the SPF domain aligns; null when unknown'),
  dkimAligned: z.boolean().nullable().describe('true when an SDID aligns; null when unknown'),
});
export type DmarcOlderReading = z.infer<typeof DmarcOlderReading>;

export const DmarcVerdict = z
  .object({
    result: DmarcResult.describe('the result by RFC 9989'),
    authorDomain: z
      .string()
      .nullable()
      .describe('Author Domain (RFC 9989 section 3.2.2); null when there is not exactly one'),
    rfc9989: DmarcReading.describe('the reading that counts'),
    rfc7489: DmarcOlderReading.describe('the older reading, as receivers that have not moved yet see it'),
    agree: z.boolean().describe('true when both readings have the same result and policy'),
    difference: z.string().optional().describe('one sentence on what makes them differ'),
  })
  .meta({
    id: 'DmarcVerdict',
    description: 'DMARC (RFC 9989, beside RFC 7489)',
  });
export type DmarcVerdict = z.infer<typeof DmarcVerdict>;
