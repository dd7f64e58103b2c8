/**
 * Facts of the message itself, as the verdict reports them: bounded, decoded, without control
 * characters. Holds no content beyond From, Subject, Message-ID and Date.
 */
import type { MessageFacts } from '../../schemas/message.ts';
import { decodeWords, showControls } from '../message/encoded-words.ts';
import { fieldsNamed } from '../message/message.ts';
import type { Mail } from './mail.ts';
import { deliveryStatusFacts, mimeFacts } from './mime-facts.ts';

const MAX_SUBJECT_CHARACTERS = 500;
const MAX_FIELD_CHARACTERS = 998;

/**
 * Reads the facts.
 * @param sha256 of the octets, lower-case hexadecimal
 * @param withMime true where the MIME structure was asked for
 */
export const readMessageFacts = ({ message, author, mime }: Mail, sha256: string, withMime: boolean): MessageFacts => {
  const first = (key: string): string | null => fieldsNamed(message, key)[0]?.value() ?? null;
  const subject = first('subject');
  const { protection, reading } = mime;
  const deliveryStatus = deliveryStatusFacts(reading);
  return {
    size: message.size,
    sha256,
    from: author.addresses.map(showControls),
    subject: subject === null ? null : decodeWords(subject, MAX_SUBJECT_CHARACTERS),
    messageId: bounded(first('message-id')),
    date: bounded(first('date')),
    headerCount: message.fields.length,
    signatureCount: fieldsNamed(message, 'dkim-signature').length,
    protection,
    ...(deliveryStatus !== undefined && { deliveryStatus }),
    ...(withMime && reading !== null && { mime: mimeFacts(reading) }),
  };
};

const bounded = (text: string | null): string | null =>
  text === null ? null : showControls(text.slice(0, MAX_FIELD_CHARACTERS));
