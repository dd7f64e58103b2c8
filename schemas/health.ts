/** Health of the service. */
import { z } from 'zod';

const count = () => z.int().min(0).max(1000);

/** The processes of a service with WORKERS. */
export const Workers = z
  .object({
    listening: count().describe('processes that take work now'),
    configured: count().describe('processes that WORKERS asks for; those that are missing are being started again'),
  })
  .meta({ id: 'Workers', description: 'How many processes of the service take work' });
export type Workers = z.infer<typeof Workers>;

export const Health = z
  .object({
    status: z.literal('ok'),
    store: z
      .literal('failing')
      .optional()
      .describe('in /readyz: the store does not answer; mail is judged, and counts for reports wait in memory'),
    workers: Workers.optional().describe('in /readyz of a service with several processes'),
  })
  .meta({ id: 'Health', description: 'The service is well' });
export type Health = z.infer<typeof Health>;
