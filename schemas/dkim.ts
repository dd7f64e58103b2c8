/**
 * DKIM results: one per DKIM-Signature field, in the order of the message. RFC 6376, RFC 8301
 * (algorithms), RFC 8463 (Ed25519); result words of RFC 8601 section 2.7.1.
 */
import { z } from 'zod';

export const DkimResult = z
  .enum(['none', 'pass', 'fail', 'policy', 'neutral', 'temperror', 'permerror'])
  .describe('result of one signature (RFC 8601 section 2.7.1)');
export type DkimResult = z.infer<typeof DkimResult>;

export const DkimSignature = z
  .object({
    index: z.number().int().describe('position among the DKIM-Signature fields, from 0, top of the message first'),
    result: DkimResult,
    reason: z.string().describe('one plain sentence'),
    sdid: z.string().nullable().describe('d=, the Signing Domain Identifier (RFC 6376 section 3.5)'),
    auid: z.string().nullable().describe('i=, the Agent or User Identifier; "@" and the SDID where i= is absent'),
    selector: z.string().nullable().describe('s='),
    algorithm: z.string().nullable().describe('a='),
    keyBits: z.number().int().nullable().describe('size of the public key in bits; null when no key was had'),
    canonicalization: z
      .object({
        header: z.string().describe('simple or relaxed (RFC 6376 section 3.4)'),
        body: z.string().describe('simple or relaxed (RFC 6376 section 3.4)'),
      })
      .nullable(),
    signedFields: z.array(z.string()).describe('h=, in lower case, in order (RFC 6376 section 3.5)'),
    oversigned: z
      .boolean()
      .describe(
        'true when h= lists From once more than it occurs, so that no second From field can be put on top (RFC 6376 section 8.15)',
      ),
    bodyLength: z
      .number()
      .int()
      .nullable()
      .describe('l=, octets of the canonical body that are signed; null without l='),
    uncoveredBytes: z
      .number()
      .int()
      .nullable()
      .describe('octets of the canonical body that l= leaves unsigned; null when unknown'),
    signedAt: z.string().nullable().describe('t= as an ISO 8601 time'),
    expiresAt: z.string().nullable().describe('x= as an ISO 8601 time'),
    testing: z.boolean().describe('true when the key record says t=y (RFC 6376 section 3.6.1)'),
    signature: z.string().nullable().describe('first 8 characters of b=, for header.b (RFC 6008)'),
    aligned: z
      .boolean()
      .nullable()
      .describe('true when the SDID aligns with the Author Domain in the mode its record asks for; null when unknown'),
  })
  .meta({ id: 'DkimSignature', description: 'One DKIM signature (RFC 6376)' });
export type DkimSignature = z.infer<typeof DkimSignature>;
