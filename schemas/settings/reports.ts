/**
 * Settings of the store and of the DMARC reports that this receiver sends (RFC 9990). Reads
 * nothing. Without STORE nothing is kept and nothing is sent.
 */
import { z } from 'zod';
import { choice, list, secret, text, toggle, wholeNumber } from './setting.ts';

/**
 * An address that mail can be sent from: a dot-atom of ASCII at a domain of at least two labels.
 */
const MailAddress = z.union([z.literal(''), z.email({ error: 'must be a mail address as in reports@mx.example' })]);

/** `smtp://host:port` or `smtps://…`, with user and password where the server wants them. */
const SmtpUrl = z.union(
  [z.literal(''), z.url({ protocol: /^smtps?$/, error: 'must be smtp://host:port or smtps://user:password@host' })],
  { error: 'must be smtp://host:port or smtps://user:password@host' },
);

export const ReportSettings = z.object({
  store: secret({
    maxLength: 500,
    about:
      'where counts and reports are kept: sqlite:/var/lib/mailverdict/store.db, or postgres://user:password@host/database where several instances share one; empty: nothing is kept',
  }),
  storeRetentionDays: wholeNumber({
    default: 30,
    min: 3,
    max: 3650,
    unit: 'days',
    about: 'how long reports and their rows are kept after the end of their period',
  }),
  storeMaxMegabytes: wholeNumber({
    default: 2048,
    min: 16,
    max: 1_048_576,
    unit: 'MB',
    about: 'size of the store beyond which no message is counted until old rows are gone',
  }),
  reportSender: MailAddress.default('')
    .describe('address that DMARC reports come from, and the contact in them; empty: no message is counted')
    .meta({ unit: 'mail address' }),
  reportOrgName: text({
    default: '',
    maxLength: 255,
    unit: 'name',
    about: 'name of the organization in reports; empty: the domain of REPORT_SENDER',
  }),
  reportContact: text({
    default: '',
    maxLength: 500,
    unit: 'text',
    about: 'more on how to reach the people behind the reports, such as the address of a web page; empty: nothing',
  }),
  reportSmtp: SmtpUrl.default('')
    .describe(
      'mail server that takes the reports for delivery, as in smtp://127.0.0.1:25 or smtps://user:password@mail.example; empty: reports are built and not sent',
    )
    .meta({ unit: 'secret', secret: true }),
  reportDkimKey: text({
    default: '',
    maxLength: 500,
    unit: 'file',
    about: 'PEM file of a private key that signs report mail; empty: the mail server signs it',
  }),
  reportDkimSelector: text({
    default: '',
    maxLength: 253,
    unit: 'selector',
    about: 'selector of REPORT_DKIM_KEY; the domain is that of REPORT_SENDER',
  }),
  reportPeriodHours: z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,2}$/.test(value.trim()) ? Number(value.trim()) : value),
      z.literal([1, 2, 3, 4, 6, 8, 12, 24], { error: 'must be 1, 2, 3, 4, 6, 8, 12 or 24' }),
    )
    .default(24)
    .describe('length of a reporting period; it divides the UTC day')
    .meta({ unit: 'hours: 1, 2, 3, 4, 6, 8, 12 or 24' }),
  reportFormat: choice({
    words: ['rfc9990', 'rfc7489'],
    default: 'rfc9990',
    about: 'schema of the reports: that of 2026, or the older one for receivers that read nothing else',
  }),
  reportMaxRows: wholeNumber({
    default: 50_000,
    min: 100,
    max: 1_000_000,
    unit: 'rows',
    about: 'rows of one report; the rest of the period goes into further reports',
  }),
  reportMaxMegabytes: wholeNumber({
    default: 50,
    min: 1,
    max: 500,
    unit: 'MB',
    about: 'XML of one report before it is compressed; the rest of the period goes into further reports',
  }),
  reportMinMessages: wholeNumber({
    default: 1,
    min: 1,
    max: 1_000_000,
    unit: 'messages',
    about: 'reports on fewer messages are not sent',
  }),
  reportEnvelopeTo: toggle({
    default: false,
    about: 'name the domain of the recipients in reports; it tells strangers for whom the mail was',
  }),
  reportExclude: list({
    item: z.string().min(1).max(253),
    max: 10_000,
    unit: 'domains',
    about: 'domains that get no report: as Policy Domain, or as domain of a report address',
  }),
  reportSpreadHours: wholeNumber({
    default: 4,
    min: 0,
    max: 12,
    unit: 'hours',
    about: 'the reports of a period are sent over this time, so that nobody gets all at once',
  }),
  reportsPerHostMinute: wholeNumber({
    default: 10,
    min: 1,
    max: 6000,
    unit: 'reports',
    about: 'reports to addresses of one domain in a minute',
  }),
  reportGiveUpHours: wholeNumber({
    default: 48,
    min: 1,
    max: 168,
    unit: 'hours',
    about: 'how long a report that cannot be delivered is tried',
  }),
  reportMaxBounces: wholeNumber({
    default: 3,
    min: 1,
    max: 100,
    unit: 'bounces',
    about: 'bounced reports after which an address gets none for REPORT_SUPPRESS_DAYS',
  }),
  reportSuppressDays: wholeNumber({
    default: 30,
    min: 1,
    max: 365,
    unit: 'days',
    about: 'how long an address gets no report after too many bounces',
  }),
});
export type ReportSettings = z.infer<typeof ReportSettings>;
