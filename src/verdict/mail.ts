/**
 * What is judged: the message as it was read within its limits, the transport facts, and the
 * author. Pure but for the turns that a large message takes.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { scanInTurns } from '../message/line-ends.ts';
import { type Message, readMessage } from '../message/message.ts';
import { type Author, readAuthor } from './author.ts';
import { type DerivedFacts, deriveFacts } from './derived/derive.ts';
import { Fault } from './fault.ts';
import { type Mime, readMime } from './mime-facts.ts';
import type { Run } from './run.ts';

/** A message with its transport facts. */
export type Mail = DerivedFacts & {
  readonly message: Message;
  readonly author: Author;
  readonly mime: Mime;
};

/**
 * Reads it.
 * @param given what the caller knows of the transport; what is missing may be derived from Received
 * @throws Fault `header-too-large`
 */
export const readMail = async (run: Run, bytes: Buffer, given: SmtpFacts): Promise<Mail> => {
  run.progress('read');
  const message = readMessage(bytes, run.parts.messageLimits, await scanInTurns(bytes));
  if (message.kind === 'header-too-large')
    throw new Fault('header-too-large', `the header block passes the limit ${message.limit} of ${message.max}`);
  const mime = await readMime(message, run.includes('mime'));
  return { ...deriveFacts(message, given, run.options), message, author: readAuthor(message), mime };
};
