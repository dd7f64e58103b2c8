/**
 * DMARC of a domain: the Tree Walk step by step, the record that applies, and what it means (RFC
 * 9989, beside RFC 7489).
 */
import { z } from 'zod';
import { DmarcPolicy, DmarcReportAddress } from '../dmarc.ts';
import { DnsFailure, PublishedState, RecordFault } from './state.ts';

const DmarcStep = z.object({
  domain: z.string().describe('domain of this step'),
  name: z.string().describe('name asked for'),
  outcome: z.enum(['record', 'none', 'dns-failure']),
  record: z.string().optional().describe('the record found'),
  reason: z.string().optional().describe('why nothing was found, in a few words'),
});

export const DmarcTag = z.object({
  name: z.string().describe('tag name'),
  value: z.string().describe('value as published, or the default'),
  status: z
    .enum(['published', 'default', 'removed', 'unknown'])
    .describe('removed: of RFC 7489, without effect in RFC 9989; unknown: of no standard, ignored'),
  meaning: z.string().describe('one plain sentence'),
});

export const DmarcPosture = z
  .object({
    state: PublishedState,
    failure: DnsFailure.optional(),
    steps: z.array(DmarcStep).describe('the DNS Tree Walk (RFC 9989 section 4.10)'),
    organizationalDomain: z.string().nullable().describe('Organizational Domain; null when unknown'),
    recordDomain: z.string().nullable().describe('domain whose record applies'),
    record: z.string().nullable().describe('the record that applies'),
    inherited: z.boolean().describe('true when a parent domain publishes the record'),
    several: z.boolean().describe('true when the domain itself publishes several DMARC records, which count as none'),
    tags: z.array(DmarcTag),
    faults: z.array(RecordFault),
    policy: z
      .object({
        domain: DmarcPolicy.describe('for mail of this domain'),
        subdomains: DmarcPolicy.describe('for mail of its subdomains'),
        nonExistent: DmarcPolicy.describe('for mail of subdomains that do not exist'),
        testing: z.boolean().describe('t=y: receivers apply the policy one level lower'),
      })
      .nullable()
      .describe('policies as published, before t; null without a usable record, or when DNS leaves it unknown'),
    reports: z.array(DmarcReportAddress),
    rfc7489: z.object({
      organizationalDomain: z.string().describe('by the Public Suffix List'),
      recordDomain: z.string().nullable(),
      policy: DmarcPolicy.nullable().describe('for mail of this domain'),
      percent: z.number().int().nullable().describe('pct (RFC 7489 section 6.3)'),
      failure: DnsFailure.optional(),
    }),
    agree: z.boolean().describe('true when both readings apply the same record and policy'),
    difference: z.string().optional().describe('one sentence on what makes the readings differ'),
  })
  .meta({ id: 'DmarcPosture', description: 'DMARC of the domain (RFC 9989)' });
export type DmarcPosture = z.infer<typeof DmarcPosture>;
export type DmarcTag = z.infer<typeof DmarcTag>;
