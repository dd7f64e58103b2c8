/**
 * SPF results (RFC 7208): one check per identity, and the trace that tells how a result came to be.
 * Result words are those of section 2.6.
 */
import { z } from 'zod';
import { FailureKind } from './dns.ts';
import { ReachedLimit } from './limit.ts';

export const SpfResult = z
  .enum(['none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror'])
  .describe('result of check_host() (RFC 7208 section 2.6)');
export type SpfResult = z.infer<typeof SpfResult>;

/** One DNS question of an SPF evaluation, as the trace shows it. */
const SpfTraceAnswer = z.object({
  name: z.string().describe('name asked for'),
  type: z.string().describe('record type asked for'),
  outcome: z.enum(['records', 'nodata', 'nxdomain', 'failure']).describe('kind of the answer'),
  values: z.array(z.string()).describe('the records as text, at most 50, each cut after 500 characters'),
  failure: FailureKind.optional(),
  limit: ReachedLimit.optional().describe('with failure "limit"'),
  void: z.boolean().describe('true when this answer counts as a void lookup (RFC 7208 section 4.6.4)'),
});

/** A term of a record as it was evaluated: mechanism or modifier. */
export interface SpfTraceTerm {
  /** The term as published. */
  text: string;
  kind: 'mechanism' | 'modifier';
  /** Mechanism or modifier name in lower case. */
  name: string;
  /** Qualifier of a mechanism. */
  qualifier?: '+' | '-' | '~' | '?' | undefined;
  /** Domain-spec or network after macro expansion. */
  target?: string | undefined;
  /**
   * Its outcome; `not-reached` for terms after the deciding one, `skipped` for a redirect
   * beside `all`.
   */
  outcome: 'match' | 'no-match' | 'error' | 'not-reached' | 'skipped' | 'noted';
  /**
   * Lookups this term alone cost, without what it included (RFC 7208 section 4.6.4); in a whole
   * tree, what a term not reached would cost.
   */
  lookups: number;
  /** Void lookups this term alone caused. */
  voids: number;
  /** True on the term that decided the result of its record. */
  decided: boolean;
  /**
   * The limit that was passed at this term: one of section 4.6.4, or `questions` and `nesting`,
   * which bound a whole tree.
   */
  limit?: 'lookups' | 'voids' | 'mx' | 'ptr' | 'time' | 'questions' | 'nesting' | undefined;
  /** True where the target is a domain whose record leads to this term. */
  loop?: boolean | undefined;
  reason?: string | undefined;
  answers: z.infer<typeof SpfTraceAnswer>[];
  /** The record of an include or redirect target. */
  record?: SpfTraceRecord | undefined;
}

/** One SPF record as it was evaluated. */
export interface SpfTraceRecord {
  domain: string;
  /** The record, absent where none was had. */
  text?: string | undefined;
  /** null: seen for the whole tree only, the check had ended before. */
  result: SpfResult | null;
  reason: string;
  terms: SpfTraceTerm[];
  /** Terms left out because the trace was full. */
  omittedTerms?: number | undefined;
}

export const SpfTraceTerm: z.ZodType<SpfTraceTerm> = z
  .lazy(() =>
    z.object({
      text: z.string().describe('the term as published'),
      kind: z.enum(['mechanism', 'modifier']),
      name: z.string().describe('name in lower case (RFC 7208 sections 5 and 6)'),
      qualifier: z.enum(['+', '-', '~', '?']).optional().describe('qualifier of a mechanism (RFC 7208 section 4.6.2)'),
      target: z.string().optional().describe('domain-spec or network after macro expansion (RFC 7208 section 7)'),
      outcome: z
        .enum(['match', 'no-match', 'error', 'not-reached', 'skipped', 'noted'])
        .describe(
          'not-reached: after the deciding term; skipped: a redirect beside all; noted: a modifier that does not decide',
        ),
      lookups: z
        .number()
        .int()
        .describe(
          'lookups this term alone cost (RFC 7208 section 4.6.4); in a whole tree, what a term not reached would cost',
        ),
      voids: z.number().int().describe('void lookups this term alone caused'),
      decided: z.boolean().describe('true on the term that decided its record'),
      limit: z
        .enum(['lookups', 'voids', 'mx', 'ptr', 'time', 'questions', 'nesting'])
        .optional()
        .describe(
          'limit that was passed at this term: of RFC 7208 section 4.6.4, or questions and nesting, which bound a whole tree',
        ),
      loop: z.boolean().optional().describe('true where the target is a domain whose record leads to this term'),
      reason: z.string().optional().describe('one sentence where the outcome is not plain'),
      answers: z.array(SpfTraceAnswer).describe('DNS answers this term used'),
      record: SpfTraceRecord.optional().describe('the record of an include or redirect target'),
    }),
  )
  .meta({ id: 'SpfTraceTerm', description: 'One evaluated term' });

export const SpfTraceRecord: z.ZodType<SpfTraceRecord> = z
  .lazy(() =>
    z.object({
      domain: z.string().describe('domain whose record this is'),
      text: z.string().optional().describe('the record as published'),
      result: SpfResult.nullable().describe('null: seen for the whole tree only, the check had ended before'),
      reason: z.string().describe('one sentence'),
      terms: z.array(SpfTraceTerm).describe('the terms in order'),
      omittedTerms: z.number().int().optional().describe('terms left out because the trace was full'),
    }),
  )
  .meta({ id: 'SpfTraceRecord', description: 'One evaluated SPF record' });

const Count = z.object({
  used: z.number().int().describe('counted so far'),
  limit: z.number().int().describe('most allowed (RFC 7208 section 4.6.4)'),
});

/** The check of one identity. */
export const SpfCheck = z
  .object({
    identity: z.enum(['mailfrom', 'helo']).describe('identity checked (RFC 7208 sections 2.3 and 2.4)'),
    domain: z.string().describe('domain checked, as an A-label name'),
    result: SpfResult,
    reason: z.string().describe('one plain sentence'),
    explanation: z
      .string()
      .optional()
      .describe('text published by the domain through exp= (RFC 7208 section 6.2); a third party wrote it'),
    record: z.string().optional().describe('SPF record of the domain'),
    matched: z.string().optional().describe('the term that decided, as published, with the record that holds it'),
    lookups: Count.describe('terms that cause DNS lookups'),
    voids: Count.describe('lookups without an answer'),
    trace: SpfTraceRecord.optional().describe('with include=trace: the whole evaluation'),
  })
  .meta({ id: 'SpfCheck', description: 'SPF check of one identity' });
export type SpfCheck = z.infer<typeof SpfCheck>;

/** SPF of a message: the identity that counts, and both checks. */
export const SpfVerdict = z
  .object({
    result: SpfResult,
    identity: z
      .enum(['mailfrom', 'helo'])
      .nullable()
      .describe('identity this result is of; null when nothing could be checked'),
    domain: z.string().nullable().describe('domain this result is of'),
    reason: z.string().optional().describe('one plain sentence, where the result is not that of a check below'),
    mailFrom: SpfCheck.nullable().describe(
      'check of the MAIL FROM identity; null for the null reverse-path or when unknown',
    ),
    helo: SpfCheck.nullable().describe('check of the HELO identity; null for an address literal or when unknown'),
  })
  .meta({ id: 'SpfVerdict', description: 'SPF (RFC 7208)' });
export type SpfVerdict = z.infer<typeof SpfVerdict>;
