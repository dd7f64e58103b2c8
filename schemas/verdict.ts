/**
 * The verdict: one answer to "did this message really come from the domain in its From field, and
 * how do we know". Never holds message content beyond From, Subject, Message-ID and Date.
 */
import { z } from 'zod';
import { ArcVerdict } from './arc.ts';
import { AuthorVerdict, Decision } from './author.ts';
import { DkimSignature } from './dkim.ts';
import { DmarcVerdict } from './dmarc.ts';
import { DnsUsage, Evidence } from './dns.ts';
import { Finding } from './finding.ts';
import { ReachedLimit } from './limit.ts';
import { MessageFacts } from './message.ts';
import { SmtpFacts, Transport } from './smtp.ts';
import { SpfVerdict } from './spf.ts';

/** The settings that a verdict depends on, so that a replay can use the same. */
export const VerdictSettings = z.object({
  strict: z.boolean().describe('true: every RFC to the letter; false: mailauth lenient mode'),
  underscoreSelectors: z.boolean().describe('true: an underscore in a DKIM or ARC selector is let through'),
  maxSignatures: z.number().int().describe('DKIM signatures evaluated at most'),
  minRsaBits: z.number().int().describe('smallest RSA key accepted, in bits (RFC 8301 section 3.2)'),
  bodyLength: z
    .enum(['report', 'reject'])
    .describe('whether a signature whose l= leaves body unsigned counts for DMARC'),
  clockSkewSeconds: z.number().int().describe('tolerance for t= and x=, in seconds'),
  enforce: z.boolean().describe('true when the disposition follows the published policy'),
  unreadableFrom: z
    .enum(['accept', 'quarantine', 'reject'])
    .describe('what is done with a message whose From names no author domain that can be read'),
  authservId: z.string().describe('authserv-id of the Authentication-Results'),
  arcTrustedSealers: z.array(z.string()).describe('domains whose ARC seals may explain a failure'),
  trustedForwarders: z
    .array(z.string())
    .describe('domains and networks of forwarders that may explain a DMARC failure'),
  allowDomains: z.array(z.string()).describe('authenticated domains that override a DMARC failure'),
  allowNetworks: z.array(z.string()).describe('client networks that override a DMARC failure'),
  localDomains: z.array(z.string()).describe('domains this receiver takes mail for'),
  protectedNames: z.array(z.string()).describe('own domains and names of people that others may pretend to be'),
  localNetworks: z.array(z.string()).describe("client networks that are this receiver's own"),
  relay: z
    .enum(['report', 'reject'])
    .describe('what is done with mail that a stranger sends to recipients outside of localDomains'),
});
export type VerdictSettings = z.infer<typeof VerdictSettings>;

const Engine = z
  .object({
    name: z.literal('mailverdict'),
    version: z.string().describe('version of this software'),
    mailauth: z.string().describe('version of the mailauth library'),
    settings: VerdictSettings.optional().describe('with include=evidence: the settings that decided'),
  })
  .meta({ id: 'Engine', description: 'What evaluated the message' });

export const Override = z.object({
  type: z
    .enum(['local_policy', 'mailing_list', 'other', 'policy_test_mode', 'trusted_forwarder'])
    .describe('policy override type for aggregate reports (RFC 9990 section 3.1.6)'),
  comment: z.string().describe('one plain sentence'),
});
export type Override = z.infer<typeof Override>;

export const SmtpReply = z.object({
  code: z.number().int().describe('reply code (RFC 5321 section 4.2)'),
  enhancedCode: z.string().describe('enhanced status code (RFC 3463)'),
  text: z.string().describe('printable ASCII without a percent sign'),
});
export type SmtpReply = z.infer<typeof SmtpReply>;

export const Disposition = z
  .object({
    action: z.enum(['accept', 'quarantine', 'reject', 'tempfail']).describe('what the receiver should do'),
    cause: z
      .enum(['dmarc', 'author', 'relay', 'header'])
      .describe(
        'what decided: DMARC; that From does not name one author domain; relaying by a stranger; octets of the header that mail systems read differently',
      ),
    reason: z.string().describe('one plain sentence'),
    wouldBe: z
      .enum(['accept', 'quarantine', 'reject', 'tempfail'])
      .describe('the action if policy were enforced; the same as action when it is'),
    override: Override.optional().describe('why the published policy was not followed'),
    smtpReply: SmtpReply.optional().describe('with reject and tempfail'),
  })
  .meta({ id: 'Disposition', description: 'What to do with the message' });
export type Disposition = z.infer<typeof Disposition>;

export const Iprev = z
  .object({
    result: z
      .enum(['pass', 'fail', 'temperror', 'permerror', 'none'])
      .describe('RFC 8601 section 2.7.3; none: no client address was given'),
    name: z.string().nullable().describe('the confirmed host name'),
    reason: z.string().describe('one plain sentence'),
    limit: ReachedLimit.optional().describe('the limit that left names of the client untried'),
  })
  .meta({
    id: 'Iprev',
    description: 'Forward-confirmed reverse DNS (RFC 8601 section 2.7.3)',
  });
export type Iprev = z.infer<typeof Iprev>;

export const BimiVerdict = z
  .object({
    result: z.enum(['pass', 'none', 'fail', 'temperror', 'declined', 'skipped']).describe('BIMI result'),
    reason: z.string().describe('one plain sentence'),
    selector: z.string().describe('selector asked for'),
    domain: z.string().nullable().describe('domain whose record applies'),
    location: z.string().nullable().describe('l=, the address of the logo; not fetched'),
    evidence: z.string().nullable().describe('a=, the address of the evidence document; not fetched'),
  })
  .meta({ id: 'BimiVerdict', description: 'BIMI record of the author domain' });
export type BimiVerdict = z.infer<typeof BimiVerdict>;

const HeaderTexts = z
  .object({
    authenticationResults: z.string().describe('RFC 8601 field with its name, folded with CRLF, without the last CRLF'),
    receivedSpf: z.string().nullable().describe('RFC 7208 section 9.1 field, likewise; null when SPF was not checked'),
  })
  .meta({
    id: 'HeaderTexts',
    description: 'Fields ready to be put on the message',
  });

/** One Received field as the derivation of facts saw it. */
export const ReceivedHop = z
  .object({
    position: z.number().int().describe('position among the Received fields, 1 is the newest'),
    from: z.string().nullable().describe('name that the client gave itself (HELO, EHLO or LHLO): its own claim'),
    name: z.string().nullable().describe('host name that the writer of the field found for the client address'),
    address: z.string().nullable().describe('client address that the writer of the field saw'),
    by: z.string().nullable().describe('server that says it wrote the field'),
    with: z.string().nullable().describe('transmission type, as in ESMTPS or LMTP (RFC 3848)'),
    trusted: z.boolean().describe('true: written by an own host, and so is every field above that was not passed over'),
    taken: z.boolean().describe('true for the one field that the facts were taken from'),
    note: z.string().describe('why it is believed, passed over or not believed'),
  })
  .meta({ id: 'ReceivedHop', description: 'One Received field of a delivered message' });
export type ReceivedHop = z.infer<typeof ReceivedHop>;

/** Which transport facts were read out of the message rather than given. */
export const Derived = z
  .object({
    trustReceived: z.array(z.string()).optional().describe('as asked: the own hosts'),
    trustedAuthservIds: z.array(z.string()).optional().describe('as asked: authserv-ids that are believed'),
    facts: z.array(z.string()).describe('names of the smtp fields that were derived'),
    from: z
      .string()
      .nullable()
      .describe('the trusted source, as in "Received field 1, by mx.example"; null when none was found'),
    path: z
      .array(ReceivedHop)
      .describe('with trustReceived: the Received fields, newest first, at most 50, and which of them are believed'),
    authenticationResults: z
      .array(
        z.object({
          authservId: z.string(),
          method: z.string(),
          result: z.string(),
          properties: z.record(z.string(), z.string()).describe('ptype.property to value'),
        }),
      )
      .describe('results that a trusted authserv-id wrote earlier (RFC 8601 section 5)'),
  })
  .meta({
    id: 'Derived',
    description: 'Facts taken from a message that was already delivered',
  });
export type Derived = z.infer<typeof Derived>;

export const Verdict = z
  .object({
    id: z.string().describe('UUID of this verdict'),
    evaluatedAt: z.string().describe('ISO 8601 time that the evaluation took as now'),
    elapsedMs: z.number().describe('milliseconds the evaluation took'),
    engine: Engine,
    author: AuthorVerdict,
    decision: Decision.optional().describe('with require: whether the message is known well enough'),
    disposition: Disposition,
    smtp: SmtpFacts.describe('the transport facts as given'),
    transport: Transport,
    derived: Derived.optional().describe('when trustReceived or trustedAuthservIds was asked for'),
    message: MessageFacts,
    spf: SpfVerdict,
    dkim: z.array(DkimSignature).describe('one per DKIM-Signature field, in order; empty: not signed'),
    arc: ArcVerdict,
    dmarc: DmarcVerdict,
    bimi: BimiVerdict.nullable().describe('null when DMARC gives no ground to look'),
    iprev: Iprev,
    headers: HeaderTexts,
    findings: z.array(Finding),
    dns: DnsUsage,
    evidence: z
      .array(Evidence)
      .optional()
      .describe('with include=evidence: every DNS question and its answer, sorted by name and type'),
  })
  .meta({
    id: 'Verdict',
    description: 'Did this message really come from the domain in its From field, and how do we know',
  });
export type Verdict = z.infer<typeof Verdict>;
