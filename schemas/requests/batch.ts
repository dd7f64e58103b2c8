/** One line of a batch answer: a verdict, or the problem of that one message. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { Verdict } from '../verdict.ts';

export const BatchLine = z
  .object({
    index: z.number().int().describe('position of the message in the request, from 0'),
    verdict: Verdict.optional(),
    problem: Problem.optional().describe('instead of a verdict'),
  })
  .meta({ id: 'BatchLine', description: 'Outcome of one message of a batch' });
export type BatchLine = z.infer<typeof BatchLine>;
