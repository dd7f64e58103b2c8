/**
 * An aggregate report that this receiver makes and sends (RFC 9990), and what became of it at each
 * address.
 */
import { z } from 'zod';
import { ReportCheck } from './report-check.ts';

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

/** Longest Report-ID that is looked for. */
const MAX_REPORT_ID = 255;

export const OutgoingReportParams = z.object({
  reportId: z.string().describe('Report-ID, as the list of reports has it'),
});

export const OutgoingReportsQuery = z.strictObject({
  domain: z.string().max(253).optional().describe('only reports on this DMARC Policy Domain'),
  state: OutgoingState.optional(),
  after: z.string().max(MAX_REPORT_ID).optional().describe('`next` of the page before'),
  limit: z.coerce
    .number({ error: 'must be a whole number from 1 to 200' })
    .int()
    .min(1)
    .max(200)
    .default(50)
    .describe('most reports of a page'),
});
export type OutgoingReportsQuery = z.infer<typeof OutgoingReportsQuery>;

export const OutgoingReportPage = z
  .object({
    reports: z.array(OutgoingReport).describe('newest first'),
    next: z.string().nullable().describe('value of `after` for the next page; null: this is the last one'),
  })
  .meta({ id: 'OutgoingReportPage', description: 'Reports that this receiver sends' });
export type OutgoingReportPage = z.infer<typeof OutgoingReportPage>;

export const OutgoingReportDetail = z
  .object({
    report: OutgoingReport,
    deliveries: z.array(OutgoingDelivery).describe('empty before the first try'),
  })
  .meta({ id: 'OutgoingReportDetail', description: 'A report, and what became of it at each address' });
export type OutgoingReportDetail = z.infer<typeof OutgoingReportDetail>;

export const ReportingStatus = z
  .object({
    store: z.enum(['sqlite', 'postgres']),
    storeBytes: z.number().int().nullable().describe('octets of the store; null: it does not answer'),
    failure: z.string().nullable().describe('why the store or the last run of the jobs failed; null: nothing did'),
    isSending: z.boolean().describe('true once a check of the reports passed, so that reports are sent'),
    check: ReportCheck.nullable().describe('the last check of report mail; null: none with these settings'),
    counted: z
      .object({
        waiting: z.number().int().describe('messages in memory of this process, not written yet'),
        written: z.number().int().describe('messages that this process wrote'),
        lost: z.number().int().describe('messages that it could not count'),
        openRows: z.number().int().nullable().describe('rows in the store that are in no report yet'),
        openMessages: z.number().int().nullable().describe('messages in them'),
      })
      .describe('messages counted for reports'),
    reports: z
      .object({
        waiting: z.number().int(),
        sent: z.number().int(),
        withheld: z.number().int(),
        'given-up': z.number().int(),
      })
      .nullable()
      .describe('reports in each state; null: the store does not answer'),
  })
  .meta({ id: 'ReportingStatus', description: 'How counting and sending of DMARC reports are' });
export type ReportingStatus = z.infer<typeof ReportingStatus>;

export const Suppression = z
  .object({
    target: z.string().describe('mail address, or a domain for every address at it'),
    reason: z.string().describe('one plain sentence'),
    untilSeconds: z.number().int().nullable().describe('Unix time; null: for good'),
  })
  .meta({ id: 'Suppression', description: 'An address that gets no reports' });
export type Suppression = z.infer<typeof Suppression>;

export const SuppressionList = z
  .object({ suppressions: z.array(Suppression) })
  .meta({ id: 'SuppressionList', description: 'Addresses that get no reports' });
export type SuppressionList = z.infer<typeof SuppressionList>;

const DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i;

/** Cut at the last at sign first: one expression for both would take the square of the length. */
const isMailAddressOrDomain = (text: string): boolean => {
  const at = text.lastIndexOf('@');
  return DOMAIN.test(text.slice(at + 1)) && (at === -1 || /^[^\s@<>]+$/.test(text.slice(0, at)));
};

/** A mail address, or a domain. */
export const MailTarget = z
  .string()
  .min(3)
  .max(320)
  .refine(isMailAddressOrDomain, 'must be a mail address or a domain');

export const SuppressionRequest = z
  .strictObject({
    target: MailTarget.describe('mail address, or a domain for every address at it'),
    reason: z.string().min(1).max(200).default('an operator asked for it').describe('one plain sentence'),
    days: z.number().int().min(1).max(3650).optional().describe('how long; absent: for good'),
  })
  .meta({ id: 'SuppressionRequest', description: 'An address that is to get no reports' });
export type SuppressionRequest = z.infer<typeof SuppressionRequest>;

export const SuppressionQuery = z.strictObject({
  target: MailTarget.describe('mail address, or a domain for every address at it'),
});

export const BounceQuery = z.strictObject({
  recipient: z
    .string()
    .min(3)
    .max(320)
    .describe('RCPT TO of the message that came back: the address its report was sent from'),
});

export const BounceAnswer = z
  .object({
    outcome: z
      .enum(['bounced', 'not-ours', 'no-failure'])
      .describe('not-ours: no report was sent from the recipient; no-failure: the message tells of none'),
    reportId: z.string().optional().describe('with bounced'),
    address: z.string().optional().describe('with bounced: the address that did not take the report'),
    isSuppressed: z.boolean().optional().describe('with bounced: whether the address gets no reports from now on'),
  })
  .meta({ id: 'BounceAnswer', description: 'What a message to an address of reports was' });
export type BounceAnswer = z.infer<typeof BounceAnswer>;
