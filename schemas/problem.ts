/**
 * An error answer (RFC 9457). Names the field that is wrong; never a path of the machine, a
 * resolver or a setting.
 */
import { z } from 'zod';

export const Problem = z
  .object({
    type: z
      .string()
      .describe(
        'stable identifier of the kind of problem, a URN; GET /problems and docs/problems.md tell what each means',
      ),
    title: z.string().describe('the kind of problem in a few words'),
    status: z.number().int().describe('HTTP status code'),
    detail: z.string().optional().describe('what was wrong this time'),
    errors: z
      .array(
        z.object({
          path: z.string().describe('where, as in "smtp.clientIp" or "query.clientIp"'),
          message: z.string().describe('what is wrong there'),
        }),
      )
      .optional()
      .describe('each wrong field'),
    requestId: z.string().optional().describe('id of this request in the log'),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457)' });
export type Problem = z.infer<typeof Problem>;
