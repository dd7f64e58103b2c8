/**
 * DKIM keys of a domain: those of the selectors given, or those found under selectors that
 * well-known senders use (RFC 6376).
 */
import { z } from 'zod';
import { DnsFailure, RecordFault } from './state.ts';

export const DkimSelectorKey = z
  .object({
    selector: z.string(),
    name: z.string().describe('name asked for'),
    service: z.string().nullable().describe('the service known to use this selector'),
    state: z
      .enum(['valid', 'weak', 'revoked', 'invalid', 'several', 'absent', 'dns-failure'])
      .describe('weak: an RSA key of fewer than 1024 bits; several: more than one key record; revoked: p= is empty'),
    failure: DnsFailure.optional(),
    record: z.string().optional().describe('the key record, of several the first'),
    records: z.number().int().describe('key records at the name'),
    keyType: z.enum(['rsa', 'ed25519']).nullable(),
    bits: z.number().int().nullable().describe('size of the key in bits'),
    testing: z.boolean().describe('t=y'),
    strict: z.boolean().describe('t=s'),
    hashAlgorithms: z.array(z.string()).nullable().describe('h=; null: all'),
    forMail: z.boolean().describe('false when s= leaves mail out'),
    sameKeyAs: z.string().nullable().describe('an earlier selector with the same key'),
    faults: z.array(RecordFault),
  })
  .meta({ id: 'DkimSelectorKey', description: 'The key of one selector' });
export type DkimSelectorKey = z.infer<typeof DkimSelectorKey>;

export const DkimPosture = z
  .object({
    state: z
      .enum(['found', 'none-found', 'dns-failure'])
      .describe('none-found does not mean that the domain signs nothing: a selector can have any name'),
    source: z.enum(['given', 'probed']).describe('selectors of the request, or the list of well-known ones'),
    asked: z.number().int().describe('selectors asked for'),
    failed: z.number().int().describe('selectors for which DNS gave no answer'),
    wildcard: z.boolean().nullable().describe('true when any selector is answered with a key record; null: unknown'),
    selectors: z.array(DkimSelectorKey).describe('given: each one; probed: those with a record or without an answer'),
  })
  .meta({ id: 'DkimPosture', description: 'DKIM keys of the domain (RFC 6376)' });
export type DkimPosture = z.infer<typeof DkimPosture>;
