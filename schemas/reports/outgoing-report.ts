/**
 * An aggregate report that this receiver makes and sends (RFC 9990), and what became of it at each
 * address.
 */
import { z } from 'zod';

/** A period in which messages are counted. */
export const ReportPeriod = z.object({
  beginSeconds: z.number().int().describe('first second of the period, Unix time'),
  periodSeconds: z.number().int().describe('length in seconds'),
});
export type ReportPeriod = z.infer<typeof ReportPeriod>;

/** One policy configuration: each has reports of its own. */
export const PolicyConfiguration = z.object({
  policyDomain: z.string().describe('DMARC Policy Domain: the domain whose record applied (RFC 9989)'),
  record: z.string().describe('its record as published'),
});
export type PolicyConfiguration = z.infer<typeof PolicyConfiguration>;

export const OutgoingState = z
  .enum(['waiting', 'sent', 'withheld', 'given-up'])
  .describe(
    'waiting: to be sent, or tried again; sent: every address that may have it has it; withheld: nobody may have it; given-up: not taken within the time for tries',
  );
export type OutgoingState = z.infer<typeof OutgoingState>;

export const OutgoingDelivery = z
  .object({
    uri: z.string().describe('address as published, as in mailto:reports@brand.example'),
    state: OutgoingState,
    tries: z.number().int().describe('tries so far'),
    reason: z.string().describe('one plain sentence: what came of the last try'),
    changedSeconds: z.number().int().describe('when the state was reached, Unix time'),
  })
  .meta({ id: 'OutgoingDelivery', description: 'An outgoing report at one address' });
export type OutgoingDelivery = z.infer<typeof OutgoingDelivery>;

export const OutgoingReport = z
  .object({
    reportId: z.string().describe('Report-ID (RFC 9990)'),
    ...PolicyConfiguration.shape,
    ...ReportPeriod.shape,
    rows: z.number().int().describe('rows'),
    messages: z.number().int().describe('messages counted in its rows'),
    state: OutgoingState,
    tries: z.number().int().describe('tries so far'),
    nextTrySeconds: z.number().int().describe('while it waits: when it is tried next, Unix time'),
    reason: z.string().describe('one plain sentence: what came of the last try; empty before the first'),
    builtSeconds: z.number().int().describe('when it was built, Unix time'),
  })
  .meta({ id: 'OutgoingReport', description: 'A DMARC aggregate report that is sent' });
export type OutgoingReport = z.infer<typeof OutgoingReport>;
