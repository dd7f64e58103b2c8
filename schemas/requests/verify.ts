/**
 * What a caller sends to have a message judged: as JSON, or as query parameters beside the raw
 * message. Unknown keys are errors, so that a typo is reported.
 */
import { z } from 'zod';
import { RequiredLevel } from '../author.ts';
import { OverlayRecord } from '../dns.ts';
import { wholeNumber } from '../settings/setting.ts';
import { SmtpFacts } from '../smtp.ts';
import { words } from './words.ts';

/** Parts of a verdict that are left out unless asked for. */
export const IncludeWord = z
  .enum(['trace', 'evidence', 'reports', 'mime'])
  .describe(
    'trace: the whole SPF evaluation; evidence: every DNS question with its answer, and the settings; reports: where DMARC reports go, and whether the domains there agreed to take them; mime: the parts and attachments of the message',
  );
export type IncludeWord = z.infer<typeof IncludeWord>;

/** A message inside JSON. */
export const MessageText = {
  message: z.string().min(1).describe('the message, header block and body'),
  encoding: z
    .enum(['utf8', 'base64'])
    .default('utf8')
    .describe(
      'how the octets are written: as text in UTF-8, or in base64 (the way to send an 8-bit message unchanged)',
    ),
};

/** A host of the caller, as Received fields name it. */
const OwnHost = z
  .union(
    [
      z.ipv4(),
      z.ipv6(),
      z.cidrv4(),
      z.cidrv6(),
      z
        .string()
        .min(1)
        .max(255)
        .regex(/^(?:\*\.)?[^\s*,/]+$/),
    ],
    { error: 'must be a host name, "*." and a domain, an IP address, or a network such as 192.0.2.0/24' },
  )
  .describe('host name, *. and a domain for every name below it, IP address, or network in CIDR notation');

const MANY = 20;

/** How to read the transport facts of a message that was already delivered. */
export const TrustReceived = z
  .union([OwnHost, z.array(OwnHost).min(1).max(MANY)], {
    error: `must be one own host or 1 to ${MANY}: host name, "*." and a domain, IP address, or network such as 192.0.2.0/24`,
  })
  .optional()
  .describe(
    'your own mail hosts, as they name themselves after "by" in Received fields, and the public addresses from which they send to each other; facts are derived from the field that took the message in (RFC 5321 section 4.4)',
  );
export const TrustedAuthservIds = z
  .array(z.string().min(1).max(255))
  .max(MANY)
  .optional()
  .describe('authserv-ids whose Authentication-Results are believed (RFC 8601 section 5)');
const Delivered = { trustReceived: TrustReceived, trustedAuthservIds: TrustedAuthservIds };

export const VerifyRequest = z
  .strictObject({
    ...MessageText,
    smtp: SmtpFacts.optional().describe('transport facts'),
    include: z.array(IncludeWord).max(4).optional().describe('parts to add to the verdict'),
    dns: z
      .array(OverlayRecord)
      .max(100)
      .optional()
      .describe('unpublished records, used in place of real DNS for this verification only'),
    ...Delivered,
    require: RequiredLevel.optional().describe(
      'adds decision: whether the Author Domain is proven, or at least vouched for by a party that the operator trusts',
    ),
  })
  .meta({ id: 'VerifyRequest', description: 'A message and its transport facts' });
export type VerifyRequest = z.infer<typeof VerifyRequest>;

const { smtp: _, message: __, encoding: ___, dns: ____, ...rest } = VerifyRequest.shape;
const { tls, auth, rcptTo, ...plainFacts } = SmtpFacts.shape;
const tlsShape = tls.unwrap().shape;
const authShape = auth.unwrap().shape;

/** The same facts as query parameters; those inside an object are written with a dot. */
export const VerifyQuery = z
  .strictObject({
    ...plainFacts,
    rcptTo: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), rcptTo)
      .describe('forward-path; may be repeated'),
    'tls.version': tlsShape.version,
    'tls.cipher': tlsShape.cipher,
    'tls.bits': wholeNumber({ default: 0, min: 0, max: 65536, unit: 'bits', about: 'strength of the cipher in bits' })
      .unwrap()
      .optional()
      .describe('strength of the cipher in bits'),
    'tls.mode': tlsShape.mode,
    'auth.mechanism': authShape.mechanism,
    'auth.identity': authShape.identity,
    include: z.preprocess(words, rest.include).describe('trace, evidence, reports, mime; separated by commas'),
    trustReceived: z.preprocess(words, rest.trustReceived).describe('your own mail hosts, separated by commas'),
    trustedAuthservIds: z.preprocess(words, rest.trustedAuthservIds).describe('authserv-ids, separated by commas'),
    require: rest.require,
  })
  .describe('Transport facts as query parameters');
export type VerifyQuery = z.infer<typeof VerifyQuery>;
