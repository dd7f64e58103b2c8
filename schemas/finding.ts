/**
 * A finding: one fact worth a person's attention, with a stable code that programs may rely on.
 * Never carries markup; a value taken from a message or from DNS appears in the sentence as plain
 * text.
 */
import { z } from 'zod';
import { ReachedLimit } from './limit.ts';

/** One finding of a verdict or a posture. */
export const Finding = z
  .object({
    code: z
      .string()
      .describe(
        'stable machine-readable code, kebab-case, as in "spf-void-limit"; GET /findings and docs/findings.md tell what each means',
      ),
    severity: z
      .enum(['error', 'warning', 'advice', 'good', 'info'])
      .describe(
        'error: something is broken; warning: something will break or be abused; advice: could be better; good: as it should be; info: a fact',
      ),
    message: z.string().describe('one plain sentence'),
    section: z.string().optional().describe('the rule behind it, as in "RFC 7208 section 4.6.4"'),
    limit: ReachedLimit.optional().describe('with code "limit-reached": which limit'),
    field: z.string().optional().describe('path of the verdict or posture field it speaks of, as in "dkim[0]"'),
  })
  .meta({ id: 'Finding', description: 'One fact worth attention' });
export type Finding = z.infer<typeof Finding>;
