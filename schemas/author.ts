/**
 * The answer of a verdict: whether the domain in From sent the message, who says so, who it really
 * was, and whose move it is. The domain is what is proven, never the local-part: nothing in mail
 * authentication says which person of a domain wrote (RFC 9989 section 4.1).
 */
import { z } from 'zod';

export const AuthorLevel = z
  .enum(['proven', 'vouched', 'unproven', 'contradicted', 'unknown'])
  .describe(
    'proven: own SPF or DKIM check aligns with the domain; vouched: a party that the operator trusts saw it proven; unproven: nothing proves it; contradicted: nothing proves it, and the domain asks receivers to refuse such mail (p=reject); unknown: a failure kept the proof from being checked',
  );
export type AuthorLevel = z.infer<typeof AuthorLevel>;

export const RequiredLevel = AuthorLevel.extract(['proven', 'vouched']).describe(
  'proven: only a domain that is proven here is enough; vouched: the word of a party that the operator trusts is enough too',
);
export type RequiredLevel = z.infer<typeof RequiredLevel>;

export const Decision = z
  .object({
    required: RequiredLevel,
    satisfied: z.boolean().describe('true: the level is the required one or better; unknown never is'),
    reasons: z.array(z.string()).describe('plain sentences'),
  })
  .meta({ id: 'Decision', description: 'With require: whether the Author Domain is known as well as was asked for' });
export type Decision = z.infer<typeof Decision>;

export const AuthorProof = z
  .object({
    kind: z
      .enum(['dkim', 'spf', 'arc', 'authentication-results', 'forwarder'])
      .describe('dkim and spf: checked here; the others: seen by a party that the operator trusts'),
    domain: z.string().describe('the domain that is proven or vouched for'),
    by: z
      .string()
      .describe(
        'who checked: the authserv-id of this service, the sealer, the authserv-id or the host of the forwarder',
      ),
    at: z.string().nullable().describe('when it was checked, as an ISO 8601 time; null when that is not known'),
    where: z.string().describe('the member of the verdict that holds the evidence, as in "dkim[0]"'),
  })
  .meta({ id: 'AuthorProof', description: 'One proof that the Author Domain sent the message, or one word for it' });
export type AuthorProof = z.infer<typeof AuthorProof>;

export const ActualSender = z
  .object({
    domain: z.string().describe('domain that is proven by SPF or DKIM and does not align with the Author Domain'),
    by: z.array(z.enum(['spf', 'dkim'])).describe('what proves it'),
    relation: z
      .enum(['same-organization', 'mailing-list', 'forwarder', 'sending-service', 'unknown'])
      .describe(
        'what the message suggests this domain is to the author: same-organization is known from DNS, the others are read from fields that any sender can write',
      ),
  })
  .meta({ id: 'ActualSender', description: 'Who really sent the message, as far as it is proven' });
export type ActualSender = z.infer<typeof ActualSender>;

export const NextStep = z
  .object({
    who: z.enum(['receiver', 'domain-owner']).describe('whose move it is'),
    text: z.string().describe('one plain sentence'),
    setting: z.string().optional().describe('the setting of this service that it is about, as in "NAME=value"'),
    record: z
      .object({ name: z.string(), type: z.string(), data: z.string() })
      .optional()
      .describe('the DNS record that it is about; what stands in angle brackets is to be filled in'),
  })
  .meta({ id: 'NextStep', description: 'What would make the next such message proven' });
export type NextStep = z.infer<typeof NextStep>;

export const AuthorVerdict = z
  .object({
    address: z
      .string()
      .nullable()
      .describe('address in From; only its domain is ever proven; null when there is not exactly one author domain'),
    domain: z.string().nullable().describe('Author Domain (RFC 9989 section 3.2.2)'),
    level: AuthorLevel,
    authenticated: z
      .boolean()
      .nullable()
      .describe('true: the level is proven; null: it is unknown; false: any other, vouched among them'),
    by: z.array(AuthorProof).describe('what proves it, or who vouches for it'),
    actual: z.array(ActualSender).describe('who is proven although not aligned, at most 5'),
    next: z.array(NextStep).describe('whose move it is; empty when the domain is proven'),
    summary: z
      .string()
      .describe('plain sentences: did this really come from the domain in From, how do we know, and who was it else'),
  })
  .meta({ id: 'AuthorVerdict', description: 'The answer' });
export type AuthorVerdict = z.infer<typeof AuthorVerdict>;
