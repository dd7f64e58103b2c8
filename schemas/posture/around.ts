/** What stands around a domain's mail: BIMI, DNSSEC, name servers and SOA. */
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

export const DnssecPosture = z
  .object({
    state: z
      .enum(['validated', 'not-validated', 'dns-failure'])
      .describe(
        'validated: a trusted resolver set AD; not-validated: the zone is unsigned or the resolver does not validate',
      ),
    failure: DnsFailure.optional(),
  })
  .meta({
    id: 'DnssecPosture',
    description: 'DNSSEC of the domain, as the resolver reports it (RFC 6840 section 5.8)',
  });
export type DnssecPosture = z.infer<typeof DnssecPosture>;

export const NameServer = z.object({
  name: z.string(),
  state: z.enum(['ok', 'dangling', 'cname', 'dns-failure']),
  failure: DnsFailure.optional(),
  addresses: z.array(z.string()),
});

export type NameServer = z.infer<typeof NameServer>;

export const ZonePosture = z
  .object({
    exists: z.boolean().nullable().describe('false: NXDOMAIN; null: a DNS failure leaves it unknown'),
    nearestParent: z
      .string()
      .optional()
      .describe('with exists false: the nearest name above the domain that does exist, where one was found'),
    apex: z.string().nullable().describe('zone that holds the domain; null when unknown'),
    nameServers: z.array(NameServer).describe('of the zone, at most 13'),
    nameServersState: z.enum(['found', 'none', 'dns-failure']),
    soa: z
      .object({
        primary: z.string(),
        mailbox: z.string().describe('person responsible, as an address'),
        serial: z.number().int(),
        refreshSeconds: z.number().int(),
        retrySeconds: z.number().int(),
        expireSeconds: z.number().int(),
        negativeTtlSeconds: z.number().int(),
      })
      .nullable(),
    failure: DnsFailure.optional(),
  })
  .meta({ id: 'ZonePosture', description: 'Name servers and SOA' });
export type ZonePosture = z.infer<typeof ZonePosture>;
