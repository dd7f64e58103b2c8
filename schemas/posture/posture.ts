/**
 * The posture of a domain: what it publishes for mail authentication, whether receivers will accept
 * it, and what to mend, in the order in which it matters.
 */
import { z } from 'zod';
import { DnsUsage, Evidence } from '../dns.ts';
import { Finding } from '../finding.ts';
import { Problem } from '../problem.ts';
import { BimiPosture } from './bimi.ts';
import { DkimPosture } from './dkim.ts';
import { DmarcPosture } from './dmarc.ts';
import { MailPosture, MtaStsPosture, TlsRptPosture } from './mail.ts';
import { SpfPosture } from './spf.ts';
import { DnssecPosture, ZonePosture } from './zone.ts';

/** A record set to publish instead of the present one. */
export const Suggestion = z
  .object({
    name: z.string().describe('owner name'),
    type: z.enum(['TXT', 'MX']),
    records: z
      .array(z.union([z.string(), z.object({ priority: z.number().int(), exchange: z.string() })]))
      .describe('the whole record set that should stand there, other TXT records of the name included'),
    replaces: z.array(z.string()).describe('texts that go; empty where the record is new'),
  })
  .meta({ id: 'Suggestion', description: 'A record set to publish; the shape of an entry of "dns"' });
export type Suggestion = z.infer<typeof Suggestion>;

export const PostureFinding = Finding.extend({
  suggestion: Suggestion.optional().describe('the exact record to publish, where one can be written'),
}).meta({ id: 'PostureFinding', description: 'One fact worth attention, and what to publish instead' });
export type PostureFinding = z.infer<typeof PostureFinding>;

export const Grade = z
  .object({
    letter: z
      .enum(['A', 'B', 'C', 'D', 'E', 'F'])
      .nullable()
      .describe('null when the domain does not exist, or DNS failures leave too much unknown for a grade'),
    points: z.number().int().describe('points reached'),
    outOf: z.number().int().describe('points that could be judged; a part that DNS left unknown counts in neither'),
    parts: z.array(
      z.object({
        name: z.string().describe('what the points are for'),
        points: z.number().int().nullable().describe('null: unknown, because of a DNS failure'),
        outOf: z.number().int(),
        reason: z.string().describe('one plain sentence'),
      }),
    ),
    capped: z.string().optional().describe('what keeps the letter below what the points would give, one sentence'),
  })
  .meta({ id: 'Grade', description: 'A grade with the points that made it' });
export type Grade = z.infer<typeof Grade>;

/** What an overlay would change against what is published today. */
export const PostureChanges = z
  .object({
    grade: z.object({ today: z.string().nullable(), after: z.string().nullable() }),
    mended: z.array(PostureFinding).describe('findings of today that would go'),
    caused: z.array(PostureFinding).describe('findings that would come'),
    values: z.array(
      z.object({
        field: z.string().describe('path in the posture'),
        today: z.string().describe('value as text'),
        after: z.string(),
      }),
    ),
  })
  .meta({ id: 'PostureChanges', description: 'What the records in "dns" would change' });
export type PostureChanges = z.infer<typeof PostureChanges>;

export const Posture = z
  .object({
    domain: z.object({
      given: z.string().describe('as the caller wrote it'),
      ascii: z.string().describe('as asked: A-labels, lower case (RFC 5891)'),
      unicode: z.string().describe('U-labels, for people'),
    }),
    assessedAt: z.string().describe('ISO 8601'),
    elapsedMs: z.number().describe('milliseconds'),
    ttlSeconds: z.number().int().describe('seconds this answer may be cached; 0 when a DNS failure is in it'),
    summary: z.string().describe('one plain sentence'),
    sendsMail: z
      .boolean()
      .nullable()
      .describe(
        'true: an SPF record with senders, a DKIM key, or an MX shows it; false: the domain says that it sends no mail (v=spf1 -all, or a null MX and no senders); null: nothing shows it, or DNS leaves it unknown',
      ),
    grade: Grade,
    findings: z.array(PostureFinding).describe('what matters most first'),
    spf: SpfPosture,
    dmarc: DmarcPosture,
    dkim: DkimPosture,
    mail: MailPosture,
    mtaSts: MtaStsPosture,
    tlsRpt: TlsRptPosture,
    bimi: BimiPosture,
    dnssec: DnssecPosture,
    zone: ZonePosture,
    changes: PostureChanges.optional().describe('with "dns": against what is published today'),
    dns: DnsUsage,
    evidence: z.array(Evidence).optional().describe('with include=evidence: every DNS question and its answer'),
  })
  .meta({ id: 'Posture', description: 'What a domain publishes for mail authentication, and how good that is' });
export type Posture = z.infer<typeof Posture>;

/** One line of the answer for several domains. */
export const PostureLine = z
  .object({
    index: z.number().int().describe('place in the request, from 0'),
    domain: z.string().describe('as the caller wrote it'),
    posture: Posture.optional(),
    problem: Problem.optional().describe('instead of a posture'),
  })
  .meta({ id: 'PostureLine', description: 'One domain of several' });
export type PostureLine = z.infer<typeof PostureLine>;
