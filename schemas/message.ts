/**
 * Facts of the message itself: what it is made of, and what it declares. Never holds message
 * content beyond From, Subject, Message-ID and Date, and names that the message gives attachments
 * and, in a delivery status notification, recipients.
 */
import { z } from 'zod';

/** What a delivery status notification says of one recipient. */
const ReportedRecipient = z.object({
  finalRecipient: z
    .string()
    .nullable()
    .describe('address of Final-Recipient without its type (RFC 3464 section 2.3.2), at most 320 characters'),
  action: z
    .enum(['failed', 'delayed', 'delivered', 'relayed', 'expanded'])
    .nullable()
    .describe(
      'Action (RFC 3464 section 2.3.3): failed: given up; delayed: still being tried; relayed: handed on to where no further report comes from; expanded: sent on to several addresses',
    ),
  status: z.string().nullable().describe('Status (RFC 3464 section 2.3.4), as in "5.1.1"'),
});

const DeliveryStatus = z
  .object({
    recipients: z
      .array(ReportedRecipient)
      .describe('at most 20; null where a field is missing, written twice or not in its grammar'),
    complete: z.boolean().describe('false when the report could not be read, or not as a whole'),
  })
  .meta({
    id: 'DeliveryStatus',
    description: 'What a delivery status notification (RFC 3464) says; anybody can write one',
  });

const Attachment = z.object({
  name: z.string().nullable().describe('file name, decoded (RFC 2231, RFC 2047), at most 255 characters'),
  type: z.string().nullable().describe('media type that it declares; null when that cannot be read'),
  size: z.number().int().describe('octets as transferred: base64 takes a third more than the file'),
});

export const MimeFacts = z
  .object({
    type: z.string().nullable().describe('media type of the message; null when Content-Type cannot be read'),
    parts: z.number().int().describe('parts within the message, multiparts included; 0: a message without parts'),
    complete: z.boolean().describe('false when a limit or a multipart without a usable boundary ended the reading'),
    attachmentCount: z.number().int().describe('parts that are declared as attachments or have a file name'),
    attachments: z.array(Attachment).describe('the first 20 of them'),
    inlinePgp: z
      .array(z.enum(['message', 'signed-message', 'signature', 'public-key', 'private-key']))
      .describe(
        'OpenPGP blocks that begin in a text part, by their armor header line (RFC 4880 section 6.2); not verified',
      ),
    smimeSigner: z
      .array(z.string())
      .nullable()
      .describe(
        'addresses in the certificate of who signed with S/MIME (RFC 8550 section 3); the signature is not verified; null: not signed, or not known',
      ),
  })
  .meta({ id: 'MimeFacts', description: 'MIME structure of the message (RFC 2046)' });
export type MimeFacts = z.infer<typeof MimeFacts>;

export const MessageFacts = z
  .object({
    size: z.number().int().describe('octets, as received'),
    sha256: z.string().describe('SHA-256 of the octets, lower-case hexadecimal'),
    from: z.array(z.string()).describe('addresses of the From fields'),
    subject: z.string().nullable().describe('Subject, decoded (RFC 2047), at most 500 characters'),
    messageId: z.string().nullable().describe('Message-ID'),
    date: z.string().nullable().describe('Date as written'),
    headerCount: z.number().int().describe('header fields'),
    signatureCount: z.number().int().describe('DKIM-Signature fields'),
    protection: z
      .array(z.enum(['smime-signed', 'smime-encrypted', 'openpgp-signed', 'openpgp-encrypted']))
      .describe('end-to-end protection by MIME type (RFC 8551, RFC 3156); reported, not verified'),
    deliveryStatus: DeliveryStatus.optional().describe('when the message is a delivery status notification'),
    mime: MimeFacts.optional().describe('with include=mime'),
  })
  .meta({ id: 'MessageFacts', description: 'Facts of the message itself' });
export type MessageFacts = z.infer<typeof MessageFacts>;
