/**
 * Facts of a message's MIME structure, as the verdict tells them: bounded, decoded, without
 * content. Read where they were asked for, and where a finding or a fact of every verdict needs
 * them: an S/MIME signature, a delivery status notification.
 */
import type { MessageFacts, MimeFacts } from '../../schemas/message.ts';
import type { Message } from '../message/message.ts';
import { isDeliveryStatus, readDeliveryStatus } from '../message/mime/delivery-status.ts';
import { findInlinePgp } from '../message/mime/inline-pgp.ts';
import { contentTypeOf, parameterText } from '../message/mime/media-type.ts';
import { type MimeParts, type Part, readParts } from '../message/mime/parts.ts';
import { readProtection } from '../message/mime/protection.ts';
import { readSmimeSigner } from '../message/mime/smime-signer.ts';

/** What was read of the structure. */
type MimeReading = MimeParts & {
  /** Addresses in the certificate of who signed with S/MIME; null: unknown, or not signed. */
  readonly smimeSigner: readonly string[] | null;
};

/** Attachments that are told. */
export const MAX_ATTACHMENTS = 20;
const MAX_NAME_CHARS = 255;

/** The MIME side of a message. */
export type Mime = {
  readonly protection: MessageFacts['protection'];
  /** The structure; null where nothing needs it. */
  readonly reading: MimeReading | null;
};

/**
 * Reads it, the structure only where it is needed.
 * @param isAsked true where the caller wants the facts
 */
export const readMime = async (message: Message, isAsked: boolean): Promise<Mime> => {
  const contentType = contentTypeOf(message.fields);
  const protection = readProtection(contentType, message.body);
  const isSigned = protection.includes('smime-signed');
  const isReport = contentType !== null && isDeliveryStatus(contentType);
  if (!isAsked && !isSigned && !isReport) return { protection, reading: null };
  const read = await readParts(message);
  return { protection, reading: { ...read, smimeSigner: isSigned ? readSmimeSigner(read.parts) : null } };
};

/** What became of other mail, where the message is a notification of that. */
export const deliveryStatusFacts = (reading: MimeReading | null): MessageFacts['deliveryStatus'] => {
  const root = reading?.parts[0];
  if (reading === null || root === undefined || !isDeliveryStatus(root)) return undefined;
  const { recipients, isComplete } = readDeliveryStatus(reading.parts);
  return { recipients: [...recipients], complete: isComplete && reading.isComplete };
};

/** The structure for a verdict. */
export const mimeFacts = ({ parts, isComplete, smimeSigner }: MimeReading): MimeFacts => {
  const attachments = parts.filter(isAttachment);
  return {
    type: parts[0]?.type ?? null,
    parts: parts.length - 1,
    complete: isComplete,
    attachmentCount: attachments.length,
    attachments: attachments
      .slice(0, MAX_ATTACHMENTS)
      .map((part) => ({ name: nameOf(part), type: part.type, size: part.body.length })),
    inlinePgp: findInlinePgp(parts.filter((part) => !isAttachment(part))),
    smimeSigner: smimeSigner === null ? null : [...smimeSigner],
  };
};

/** Declared so, or with a name, as pictures within a text have one. */
const isAttachment = (part: Part): boolean =>
  part.type?.startsWith('multipart/') !== true && (part.disposition?.type === 'attachment' || nameOf(part) !== null);

/** The name in Content-Disposition (RFC 2183 section 2.3), or else that of the type. */
const nameOf = ({ disposition, parameters }: Part): string | null =>
  (disposition === null ? null : parameterText(disposition.parameters, 'filename', MAX_NAME_CHARS)) ??
  parameterText(parameters, 'name', MAX_NAME_CHARS);
