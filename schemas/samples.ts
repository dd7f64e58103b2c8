/**
 * What the page offers to try: example messages with their transport facts, and the DNS records
 * they need.
 */
import { z } from 'zod';
import { OverlayRecord } from './dns.ts';
import { SmtpFacts } from './smtp.ts';

export const Samples = z
  .object({
    messages: z.array(
      z.object({
        file: z.string().describe('name of the file'),
        title: z.string().describe('one line on what it shows'),
        smtp: SmtpFacts,
        message: z.string().describe('the message, one octet = one code unit (Latin-1)'),
      }),
    ),
    dns: z.array(OverlayRecord).describe('records that the samples need and the service does not answer by itself'),
  })
  .meta({ id: 'Samples', description: 'Messages to try' });
export type Samples = z.infer<typeof Samples>;
