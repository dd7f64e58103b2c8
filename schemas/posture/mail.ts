/**
 * Where mail for a domain goes and how its way is protected: MX (RFC 5321, RFC 7505), DANE (RFC
 * 7672), MTA-STS (RFC 8461), TLS-RPT (RFC 8460).
 */
import { z } from 'zod';
import { ReachedLimit } from '../limit.ts';
import { DnsFailure, PublishedState, RecordFault } from './state.ts';

/** A certificate as a server showed it. */
export const CertificateFacts = z
  .object({
    subject: z.string().describe('common name of the subject'),
    issuer: z.string().describe('common name or organization of the issuer'),
    names: z.array(z.string()).describe('DNS names it is for, at most 20'),
    validTo: z.string().describe('end of its validity, ISO 8601'),
    daysLeft: z.number().int().describe('whole days until then; negative once it has expired'),
  })
  .meta({ id: 'CertificateFacts', description: 'A certificate' });
export type CertificateFacts = z.infer<typeof CertificateFacts>;

/** What a live connection to port 25 showed. */
export const SmtpProbe = z
  .object({
    state: z
      .enum([
        'starttls',
        'no-starttls',
        'tls-failure',
        'unreachable',
        'refused-address',
        'protocol-error',
        'no-address',
      ])
      .describe('refused-address: no public address, so nothing was connected to'),
    address: z.string().nullable().describe('address connected to'),
    reason: z.string().describe('one plain sentence'),
    tlsVersion: z.string().nullable(),
    trusted: z.boolean().nullable().describe('the certificate is for this host and leads to a known authority'),
    daneMatch: z.boolean().nullable().describe('the certificate matches a usable TLSA record; null: there is none'),
    certificate: CertificateFacts.nullable(),
  })
  .meta({ id: 'SmtpProbe', description: 'STARTTLS of one mail host, as seen now' });
export type SmtpProbe = z.infer<typeof SmtpProbe>;

export const TlsaFacts = z.object({
  state: z
    .enum(['usable', 'insecure', 'unusable', 'absent', 'dns-failure', 'not-asked'])
    .describe(
      'usable: under DNSSEC and of a kind for SMTP; insecure: published without DNSSEC; unusable: no record of usage 2 or 3 (RFC 7672 section 3.1)',
    ),
  failure: DnsFailure.optional(),
  name: z.string().describe('name asked for'),
  records: z.array(z.string()).describe('usage, selector, matching type and data as text, as in "3 1 1 ab12…"'),
  reason: z.string().optional().describe('one sentence where the state is not plain'),
});
export type TlsaFacts = z.infer<typeof TlsaFacts>;

export const MailHost = z
  .object({
    priority: z.number().int().describe('MX preference'),
    exchange: z.string().describe('host name'),
    state: z
      .enum(['ok', 'dangling', 'cname', 'not-public', 'invalid', 'dns-failure'])
      .describe(
        'dangling: the name has no address; cname: it is an alias (RFC 5321 section 5.1); not-public: every address is private or reserved; invalid: no host name',
      ),
    failure: DnsFailure.optional(),
    addresses: z.array(z.string()),
    cname: z.string().nullable().describe('target when the name is an alias'),
    authenticated: z.boolean().describe('its addresses were validated by DNSSEC'),
    tlsa: TlsaFacts,
    probe: SmtpProbe.optional(),
  })
  .meta({ id: 'MailHost', description: 'A host that takes mail' });
export type MailHost = z.infer<typeof MailHost>;

export const MailPosture = z
  .object({
    state: z
      .enum(['mx', 'null-mx', 'implicit', 'none', 'invalid', 'dns-failure'])
      .describe(
        "null-mx: takes no mail (RFC 7505); implicit: no MX, so the domain's own address (RFC 5321 section 5.1); none: nowhere to deliver; invalid: a null MX beside others",
      ),
    failure: DnsFailure.optional(),
    authenticated: z.boolean().describe('the MX answer was validated by DNSSEC'),
    hosts: z.array(MailHost).describe('by preference, at most as many as the setting allows'),
    hostsNotAsked: z.number().int().describe('further hosts, left out by the limit'),
    limit: ReachedLimit.optional().describe('the limit that left hosts out'),
  })
  .meta({ id: 'MailPosture', description: 'Where mail goes' });
export type MailPosture = z.infer<typeof MailPosture>;

export const MtaStsPosture = z
  .object({
    state: PublishedState.describe('state of the TXT record'),
    failure: DnsFailure.optional(),
    record: z.string().nullable(),
    id: z.string().nullable().describe('id= of the record (RFC 8461 section 3.1)'),
    reason: z.string().optional().describe('one sentence where the record is invalid'),
    policy: z.object({
      state: z
        .enum(['valid', 'invalid', 'unreachable', 'dns-failure', 'not-fetched'])
        .describe('unreachable: no policy by HTTPS, and `reason` says why'),
      url: z.string(),
      reason: z.string().optional(),
      mode: z.enum(['enforce', 'testing', 'none']).nullable(),
      maxAgeSeconds: z.number().int().nullable().describe('max_age, seconds'),
      mx: z.array(z.string()).describe('patterns of the policy'),
      certificate: CertificateFacts.nullable(),
    }),
    unmatched: z.array(z.string()).describe('MX hosts that no pattern of the policy covers (RFC 8461 section 4.1)'),
  })
  .meta({ id: 'MtaStsPosture', description: 'MTA-STS (RFC 8461)' });
export type MtaStsPosture = z.infer<typeof MtaStsPosture>;

export const TlsRptPosture = z
  .object({
    state: PublishedState,
    failure: DnsFailure.optional(),
    record: z.string().nullable(),
    reports: z.array(z.string()).describe('addresses of rua='),
    reason: z.string().optional().describe('one sentence where the record is invalid'),
    faults: z.array(RecordFault),
  })
  .meta({ id: 'TlsRptPosture', description: 'TLS reporting (RFC 8460)' });
export type TlsRptPosture = z.infer<typeof TlsRptPosture>;
