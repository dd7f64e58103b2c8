/**
 * SPF of a domain, not of a message: the whole tree of records with the cost of each term, in the
 * worst case of a sender that nothing matches (RFC 7208).
 */
import { z } from 'zod';
import { ReachedLimit } from '../limit.ts';
import { SpfCheck } from '../spf.ts';
import { DnsFailure, PublishedState, RecordFault } from './state.ts';

/** How many networks a term or record names, and how many addresses they hold. */
export const NetworkCount = z
  .object({
    ip4Networks: z.number().int().describe('IPv4 networks, each distinct one once'),
    ip4Addresses: z.number().describe('IPv4 addresses in them'),
    ip6Networks: z.number().int().describe('IPv6 networks, each distinct one once'),
  })
  .meta({ id: 'NetworkCount', description: 'Networks that may send' });
export type NetworkCount = z.infer<typeof NetworkCount>;

/**
 * Void lookups, by the family of the client: an IPv4 client asks for A, an IPv6 client for AAAA.
 */
const VoidCount = z.object({
  ip4: z.number().int().describe('void lookups for an IPv4 client (RFC 7208 section 4.6.4)'),
  ip6: z.number().int().describe('void lookups for an IPv6 client'),
});
export type VoidCount = z.infer<typeof VoidCount>;

/** One term of a record in the tree. */
export interface SpfTreeTerm {
  text: string;
  /** Position of the term in its record, in characters. */
  offset: number;
  /**
   * Mechanism or modifier in lower case; `unreadable` for a term that does not follow the grammar.
   */
  name: string;
  qualifier?: '+' | '-' | '~' | '?' | undefined;
  /** Target name after macro expansion with the sample or given values. */
  target?: string | undefined;
  /** True when the target depends on the sender: the expansion shown is one example. */
  macro: boolean;
  state: 'ok' | 'void' | 'error' | 'dns-failure' | 'unreachable' | 'not-asked' | 'loop';
  /** Lookups this term alone costs, 0 or 1. */
  lookups: number;
  /**
   * Lookups counted up to and with this term, in the order of evaluation; absent where it is
   * unreachable.
   */
  lookupsSoFar?: number | undefined;
  /** True from the term on that passes the limit of ten. */
  overLimit: boolean;
  voids: VoidCount;
  networks: NetworkCount;
  reason?: string | undefined;
  limit?: ReachedLimit | undefined;
  record?: SpfTreeRecord | undefined;
}

/** One record of the tree. */
export interface SpfTreeRecord {
  domain: string;
  state: PublishedState;
  text?: string | undefined;
  failure?: DnsFailure | undefined;
  reason?: string | undefined;
  terms: SpfTreeTerm[];
  /** Lookups of this record with everything below it. */
  lookups: number;
}

export const SpfTreeTerm: z.ZodType<SpfTreeTerm> = z
  .lazy(() =>
    z.object({
      text: z.string().describe('the term as published'),
      offset: z.number().int().describe('position in its record, in characters from 0'),
      name: z.string().describe('mechanism or modifier in lower case, or "unreadable"'),
      qualifier: z.enum(['+', '-', '~', '?']).optional().describe('qualifier of a mechanism (RFC 7208 section 4.6.2)'),
      target: z.string().optional().describe('domain after macro expansion (RFC 7208 section 7)'),
      macro: z.boolean().describe('true when the target depends on the sender, so that the one shown is an example'),
      state: z
        .enum(['ok', 'void', 'error', 'dns-failure', 'unreachable', 'not-asked', 'loop'])
        .describe(
          'void: DNS holds nothing there; error: receivers answer permerror here; unreachable: comes after all, or is a redirect of a record that has all; not-asked: a limit of this assessment; loop: leads back to a record above',
        ),
      lookups: z.number().int().describe('lookups this term alone costs (RFC 7208 section 4.6.4)'),
      lookupsSoFar: z.number().int().optional().describe('lookups counted up to and with this term'),
      overLimit: z.boolean().describe('true when this term passes the limit of ten lookups, or comes after'),
      voids: VoidCount,
      networks: NetworkCount,
      reason: z.string().optional().describe('one sentence where the state is not plain'),
      limit: ReachedLimit.optional().describe('with state "not-asked": the limit'),
      record: SpfTreeRecord.optional().describe('the record that an include or redirect leads to'),
    }),
  )
  .meta({ id: 'SpfTreeTerm', description: 'One term of an SPF record, with its cost' });

export const SpfTreeRecord: z.ZodType<SpfTreeRecord> = z
  .lazy(() =>
    z.object({
      domain: z.string().describe('domain whose record this is'),
      state: PublishedState,
      text: z.string().optional().describe('the record as published'),
      failure: DnsFailure.optional(),
      reason: z.string().optional().describe('one sentence where the state is not valid'),
      terms: z.array(SpfTreeTerm).describe('the terms in order'),
      lookups: z.number().int().describe('lookups of this record with everything below it'),
    }),
  )
  .meta({ id: 'SpfTreeRecord', description: 'One SPF record of the tree' });

export const SpfPosture = z
  .object({
    state: PublishedState,
    failure: DnsFailure.optional(),
    records: z.array(z.string()).describe('SPF records at the domain; more than one is a permerror'),
    fault: RecordFault.optional().describe('the first fault of the record'),
    outcome: z
      .enum(['none', 'usable', 'permerror', 'temperror'])
      .describe('what check_host() comes to for a sender that nothing matches (RFC 7208 section 2.6)'),
    reason: z.string().describe('one sentence on the outcome, with the place where it comes about'),
    all: z
      .enum(['+', '-', '~', '?'])
      .nullable()
      .describe('qualifier of the all that decides in the end, through redirect; null: none, which reads as ?all'),
    lookups: z.object({
      used: z.number().int().describe('terms that cause lookups, in the whole tree as evaluated'),
      limit: z.number().int().describe('most allowed (RFC 7208 section 4.6.4)'),
      passedAt: z.string().nullable().describe('the term that passes the limit, with the domain of its record'),
    }),
    voids: z.object({
      ip4: z.number().int().describe('void lookups for an IPv4 client'),
      ip6: z.number().int().describe('void lookups for an IPv6 client'),
      limit: z.number().int().describe('most allowed (RFC 7208 section 4.6.4)'),
    }),
    networks: NetworkCount,
    tree: SpfTreeRecord.nullable(),
    complete: z.boolean().describe('false when a limit of this assessment or a DNS failure cut the tree'),
    limits: z.array(ReachedLimit).describe('the limits that cut the tree, each once'),
    questions: z.number().int().describe('DNS questions that the tree took'),
    size: z.object({
      recordBytes: z.number().int().describe('bytes of the record (RFC 7208 section 3.4 advises 450 at most)'),
      answerBytes: z.number().int().describe('bytes of all TXT records at the name; above 512 UDP may not carry them'),
    }),
    type99: z.boolean().nullable().describe('true when the deprecated SPF RRtype is published; null when unknown'),
    sample: z
      .object({ clientIp: z.string(), mailFrom: z.string(), helo: z.string() })
      .describe('values that macros were expanded with: those given, else samples'),
    sender: SpfCheck.optional().describe('with clientIp: whether that sender would pass'),
  })
  .meta({ id: 'SpfPosture', description: 'SPF of the domain (RFC 7208)' });
export type SpfPosture = z.infer<typeof SpfPosture>;
