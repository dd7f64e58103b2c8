/**
 * The table of findings: every rule once, with its stable code, how much it matters, its RFC
 * section, and where one can be written the record to publish instead. Pure; a rule tells a fact or
 * says nothing, and never changes what the parts say.
 */
import type { PostureFinding } from '../../../schemas/posture/posture.ts';
import { AROUND_RULES } from './around.ts';
import type { Assessed, Rule } from './assessed.ts';
import { DKIM_RULES } from './dkim.ts';
import { DMARC_RULES } from './dmarc.ts';
import { MAIL_RULES } from './mail.ts';
import { SPF_RULES } from './spf.ts';

/** Every rule, in the order in which findings of one severity are listed. */
export const RULES: readonly Rule[] = [...SPF_RULES, ...DMARC_RULES, ...DKIM_RULES, ...MAIL_RULES, ...AROUND_RULES];

/** Findings of one rule that are listed: a tree of a thousand dead terms is one thing to mend. */
export const MAX_FINDINGS_PER_RULE = 20;

const WEIGHT = { error: 0, warning: 1, advice: 2, info: 3, good: 4 } as const;

/** All findings, what matters most first. */
export const collectFindings = (assessed: Assessed): PostureFinding[] =>
  RULES.flatMap(({ code, severity, section, find }) =>
    [find(assessed) ?? []]
      .flat()
      .slice(0, MAX_FINDINGS_PER_RULE)
      .map(
        ({ message, field, limit, suggestion }): PostureFinding => ({
          code,
          severity,
          message,
          section,
          ...(field !== undefined && { field }),
          ...(limit !== undefined && { limit }),
          ...(suggestion !== undefined && { suggestion }),
        }),
      ),
  ).toSorted((one, other) => WEIGHT[one.severity] - WEIGHT[other.severity]);
