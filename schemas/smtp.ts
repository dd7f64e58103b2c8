/**
 * The SMTP transport facts: what the receiving server saw of the session. All optional; nothing is
 * guessed when one is missing. Words of RFC 5321 (envelope), RFC 3848 (transmission types), RFC
 * 4954 (AUTH), RFC 8601 (authserv-id).
 */
import { z } from 'zod';

const Text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    // A control character in a fact would travel into header fields and log lines.
    .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters');

/**
 * An IPv4 or IPv6 address; IPv4-mapped IPv6 is accepted and judged as IPv4 (RFC 7208 section 5).
 */
const IpAddress = z
  .union([z.ipv4(), z.ipv6()], { error: 'must be an IPv4 or IPv6 address' })
  .describe('IPv4, IPv6 or IPv4-mapped IPv6 address');

const Reversepath = Text(1000).describe(
  'reverse-path of MAIL FROM without angle brackets; "" or "<>" is the null reverse-path (RFC 5321 section 4.5.5)',
);

/** TLS as the receiving server negotiated it. */
const SmtpTls = z.strictObject({
  version: Text(32).optional().describe('protocol version, as in "TLSv1.3"'),
  cipher: Text(128).optional().describe('cipher suite name'),
  bits: z.number().int().min(0).max(65536).optional().describe('strength of the cipher in bits'),
  mode: z.enum(['starttls', 'implicit']).optional().describe('starttls (RFC 3207) or implicit TLS (RFC 8314)'),
  clientCertificate: z
    .strictObject({
      subject: Text(1000).optional().describe('subject of the client certificate'),
      verified: z.boolean().optional().describe('true when the server verified it'),
    })
    .optional()
    .describe('certificate that the client presented'),
});

/** SMTP AUTH as the receiving server saw it. */
const SmtpAuth = z.strictObject({
  mechanism: Text(64).optional().describe('SASL mechanism, as in "PLAIN" (RFC 4954)'),
  identity: Text(1000).optional().describe('identity that authenticated'),
});

/** Transport facts of one message. */
export const SmtpFacts = z
  .strictObject({
    clientIp: IpAddress.optional(),
    clientName: Text(255).optional().describe('host name the server resolved for the client'),
    clientNameCheck: z
      .enum(['ok', 'fail', 'forged', 'temperror'])
      .optional()
      .describe(
        'what the server found when it resolved the client: the name is confirmed, absent, does not lead back, or DNS failed',
      ),
    helo: Text(1000)
      .optional()
      .describe('argument of HELO or EHLO: a name or an address literal (RFC 5321 section 4.1.1.1)'),
    mailFrom: Reversepath.optional(),
    rcptTo: z.array(Text(1000)).max(1000).optional().describe('forward-paths of RCPT TO'),
    protocol: Text(32).optional().describe('transmission type, as in ESMTP, ESMTPS, ESMTPSA (RFC 3848)'),
    tls: SmtpTls.optional(),
    auth: SmtpAuth.optional(),
    queueId: Text(255).optional().describe('queue id of the receiving server'),
    daemonName: Text(255).optional().describe('name of the listener that took the connection, as the server calls it'),
    receiver: z
      .string()
      .max(255)
      .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+$/, 'must be a token such as a host name')
      .optional()
      .describe('authserv-id to put into Authentication-Results (RFC 8601 section 2.5)'),
  })
  .meta({ id: 'SmtpFacts', description: 'SMTP transport facts, all optional' });
export type SmtpFacts = z.infer<typeof SmtpFacts>;

/** What the facts say of the way the message came. */
export const Transport = z
  .object({
    encryption: z
      .enum(['none', 'opportunistic', 'forced', 'unknown'])
      .describe(
        'opportunistic: STARTTLS; forced: implicit TLS; none: the facts give the session and no TLS; unknown: the facts do not say',
      ),
    authenticated: z
      .boolean()
      .nullable()
      .describe('true when the facts give SMTP AUTH; null when the facts do not say'),
    nullReversePath: z
      .boolean()
      .nullable()
      .describe('true for MAIL FROM:<> (RFC 5321 section 4.5.5); null when MAIL FROM is unknown'),
  })
  .meta({ id: 'Transport', description: 'Readings of the transport facts' });
export type Transport = z.infer<typeof Transport>;
