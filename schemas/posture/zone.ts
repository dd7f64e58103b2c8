/** The zone of a domain: DNSSEC, name servers and SOA. */
import { z } from 'zod';
import { DnsFailure } from './state.ts';

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
