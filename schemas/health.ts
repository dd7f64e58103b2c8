/** Health of the service. */
import { z } from 'zod';

export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health', description: 'The service is well' });
export type Health = z.infer<typeof Health>;
