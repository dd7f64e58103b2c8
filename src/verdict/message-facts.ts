/**
 * Facts of the message itself, as the verdict reports them: bounded, decoded, without control
 * characters. Holds no content beyond From, Subject, Message-ID and Date.
 */
import type { MessageFacts } from '../../schemas/verdict.ts';
import { decodeWords, showControls } from '../message/encoded-words.ts';
import { fieldsNamed, type Message } from '../message/message.ts';
import { readProtection } from '../message/mime.ts';
import type { Author } from './author.ts';

const MAX_SUBJECT_CHARACTERS = 500;
const MAX_FIELD_CHARACTERS = 998;

/** Reads the facts. @param sha256 of the octets, lower-case hexadecimal */
export const readMessageFacts = (message: Message, author: Author, sha256: string): MessageFacts => {
  const first = (key: string): string | null => fieldsNamed(message, key)[0]?.value() ?? null;
  const subject = first('subject');
  return {
    size: message.size,
    sha256,
    from: author.addresses.map(showControls),
    subject: subject === null ? null : decodeWords(subject, MAX_SUBJECT_CHARACTERS),
    messageId: bounded(first('message-id')),
    date: bounded(first('date')),
    headerCount: message.fields.length,
    signatureCount: fieldsNamed(message, 'dkim-signature').length,
    protection: readProtection(message),
  };
};

const bounded = (text: string | null): string | null =>
  text === null ? null : showControls(text.slice(0, MAX_FIELD_CHARACTERS));
