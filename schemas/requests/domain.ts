/**
 * What a caller may ask of the domain view. Unknown keys are errors, so that a typo is reported.
 */
import { z } from 'zod';
import { OverlayRecord } from '../dns.ts';
import { words } from './words.ts';

/** Most domains of one request. */
const MAX_DOMAINS = 100;
/** Most selectors of one request. */
const MAX_SELECTORS = 50;

const Selector = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/,
    'must be a DKIM selector: labels of letters, digits and hyphens (RFC 6376 section 3.1)',
  );

const sender = {
  clientIp: z
    .union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' })
    .optional()
    .describe('would this host pass SPF?'),
  mailFrom: z
    .string()
    .min(1)
    .max(320)
    .regex(/^[^\u0000-\u0020\u007f<>]+$/, 'must be a mail address without angle brackets')
    .optional()
    .describe('envelope sender for SPF macros; by default postmaster at the domain'),
  helo: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\u0000-\u0020\u007f]+$/, 'must be a host name')
    .optional()
    .describe('HELO name for SPF macros'),
};

const Selectors = z.array(Selector).min(1).max(MAX_SELECTORS);
const Probe = z
  .enum(['smtp'])
  .describe('smtp: look at STARTTLS of each mail host on port 25; the service must allow it');
const Include = z.array(z.enum(['evidence'])).max(1);

/** Query of GET /v1/domains/{domain}. */
export const PostureQuery = z.strictObject({
  selectors: z.preprocess(words, Selectors.optional()).describe('DKIM selectors, separated by commas'),
  probe: Probe.optional(),
  include: z.preprocess(words, Include.optional()).describe('evidence: every DNS question with its answer'),
  ...sender,
});
export type PostureQuery = z.infer<typeof PostureQuery>;

/** Body of POST /v1/domains/{domain}. */
export const PostureRequest = z
  .strictObject({
    selectors: Selectors.optional().describe('DKIM selectors'),
    probe: Probe.optional(),
    include: Include.optional(),
    ...sender,
    dns: z
      .array(OverlayRecord)
      .max(100)
      .optional()
      .describe('unpublished records, used in place of real DNS for this assessment only'),
  })
  .meta({ id: 'PostureRequest', description: 'Records to judge before they are published' });
export type PostureRequest = z.infer<typeof PostureRequest>;

/**
 * Body of POST /v1/domains. Each name is checked on its own line of the answer, so one wrong name
 * does not spoil the others.
 */
export const PosturesRequest = z
  .strictObject({
    domains: z.array(z.string().min(1).max(1024)).min(1).max(MAX_DOMAINS),
    selectors: Selectors.optional().describe('DKIM selectors, the same for every domain'),
  })
  .meta({ id: 'PosturesRequest', description: 'Several domains' });
export type PosturesRequest = z.infer<typeof PosturesRequest>;
