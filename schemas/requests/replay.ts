/**
 * A replay: a message and its earlier verdict in, the verdict again out. Of the earlier verdict
 * only what the evaluation needs is checked, so that one of an older version can still be replayed;
 * the rest is compared unchanged.
 */
import { z } from 'zod';
import { RequiredLevel } from '../author.ts';
import { Evidence, OverlayRecord } from '../dns.ts';
import { SmtpFacts } from '../smtp.ts';
import { Verdict, VerdictSettings } from '../verdict.ts';
import { MessageText } from './verify.ts';

const Traced = z.looseObject({ trace: z.unknown().optional() }).nullable().optional();

/**
 * True for what a verdict can hold: `toISOString` writes years beyond 9999 with a sign and six
 * digits, which z.iso does not know.
 */
const isTime = (text: string): boolean => {
  if (z.iso.datetime().safeParse(text).success) return true;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
};

/** An earlier verdict that was given with `include=evidence`. */
export const ReplayedVerdict = z
  .looseObject({
    evaluatedAt: z
      .string()
      .max(64)
      .refine(isTime, 'must be an ISO 8601 time in UTC, such as 2025-02-03T12:00:00.000Z')
      .describe('the time that the evaluation took as now'),
    engine: z.looseObject({ settings: VerdictSettings }).describe('with the settings that decided'),
    smtp: SmtpFacts,
    derived: z
      .looseObject({
        trustReceived: z.array(z.string()).max(20).optional(),
        trustedAuthservIds: z.array(z.string()).optional(),
        facts: z.array(z.string()),
      })
      .optional(),
    decision: z.looseObject({ required: RequiredLevel }).optional(),
    message: z.looseObject({ sha256: z.string(), mime: z.unknown().optional() }),
    spf: z.looseObject({ mailFrom: Traced, helo: Traced }).optional(),
    dmarc: z.looseObject({ rfc9989: z.looseObject({ reports: z.unknown().optional() }) }).optional(),
    evidence: z.array(Evidence).max(10_000).describe('every DNS question with its answer'),
  })
  .meta({ id: 'ReplayedVerdict', description: 'A verdict that was given with include=evidence' });
export type ReplayedVerdict = z.infer<typeof ReplayedVerdict>;

export const ReplayRequest = z
  .strictObject({
    ...MessageText,
    verdict: ReplayedVerdict,
    dns: z.array(OverlayRecord).max(100).optional().describe('unpublished records, used in place of the evidence'),
  })
  .meta({ id: 'ReplayRequest', description: 'A message and its earlier verdict' });
export type ReplayRequest = z.infer<typeof ReplayRequest>;

export const ReplayAnswer = z
  .object({
    same: z.boolean().describe('true when the verdict is the same, apart from id and run time'),
    differences: z
      .array(
        z.object({
          path: z.string().describe('where, as in "dmarc.result"'),
          before: z.unknown().describe('in the earlier verdict; null where it had nothing'),
          after: z.unknown().describe('in the new verdict; null where it has nothing'),
        }),
      )
      .describe('at most 200'),
    verdict: Verdict.describe('the new verdict'),
  })
  .meta({ id: 'ReplayAnswer', description: 'Outcome of a replay' });
export type ReplayAnswer = z.infer<typeof ReplayAnswer>;
