/**
 * One message as the milter receives it: envelope, header fields, body, assembled again to the
 * octets that were sent. Holds no more than the limits allow: once one is passed, every octet
 * is released and only the search for forged fields goes on, so that they can still be removed. RFC
 * 6376 section 3.4 is why each octet matters; a fold comes as bare LF and is CRLF in the message.
 */

import type { Memory } from '../../message/memory.ts';
import { Octets } from '../../message/octets.ts';
import type { Content } from '../content.ts';
import { createForgedFieldFinder } from '../forged-fields.ts';
import { forEachField } from '../header-block.ts';
import { markStrayLf } from '../line-feeds.ts';

/** Most that one message may be. */
export type TransactionLimits = {
  readonly maxMessageBytes: number;
  readonly maxFields: number;
};

/** What a transaction is made of. */
type TransactionParts = {
  readonly limits: TransactionLimits;
  readonly memory: Memory;
  /** Authserv-ids that are ours. */
  readonly ownIds: readonly string[];
  /**
   * False when header values come without the white space after the colon (HDR_LEADSPC not
   * negotiated).
   */
  readonly leadingSpace: boolean;
  /** True for a peer that may send the whole raw message as body (Stalwart). */
  readonly rawBody: boolean;
};

/** Why the octets of a message were released. */
type Overflow = 'over-size' | 'service-full';

/** One message. */
export type Transaction = {
  readonly mailFrom: string | undefined;
  readonly mailParameters: readonly string[];
  readonly recipients: readonly string[];
  addRecipient(address: string): void;
  addField(name: string, value: string): void;
  /** @returns false when no more body is wanted */
  addBody(chunk: Buffer): boolean;
  /** The assembled message. To be called once, at its end. */
  content(): Promise<Content>;
  /** Gives all memory back; the transaction is of no use after it. */
  release(): void;
};

const MAX_RECIPIENTS = 1000;

/**
 * Makes the message that a MAIL command begins. Recipients past 1,000 are not kept: they decide
 * nothing but overrides by domain.
 */
export const createTransaction = (
  parts: TransactionParts,
  envelope: { mailFrom: string | undefined; mailParameters: readonly string[] },
): Transaction => {
  const { limits, memory } = parts;
  const told = createForgedFieldFinder(parts.ownIds, limits.maxFields);
  const recipients: string[] = [];
  const header = new Octets(memory);
  // For a peer that may send the whole message as body the two stay apart until it is known.
  const body = parts.rawBody ? new Octets(memory) : header;
  let firstName = '';
  let bodyStart = '';
  let bodyBegun = false;
  /** Octets of the account that are not those of `header` and `body`. */
  let reserved = 0;
  /**
   * Recipients stay known, and counted, when the octets are released: what is done with the message
   * depends on them.
   */
  let recipientBytes = 0;
  let overflow: Overflow | null = null;
  let released = false;

  const letGo = (): void => {
    memory.release(reserved);
    reserved = 0;
    header.drop();
    body.drop();
  };

  const giveUp = (why: Overflow): void => {
    overflow ??= why;
    letGo();
  };

  const size = (): number => header.length + (body === header ? 0 : body.length);

  const add = (target: Octets, octets: Buffer): boolean => {
    if (overflow === null && size() + octets.length > limits.maxMessageBytes) giveUp('over-size');
    if (overflow === null && !target.add(octets)) giveUp('service-full');
    return overflow === null;
  };

  const beginBody = (): void => {
    if (!bodyBegun && body === header) add(header, CRLF);
    bodyBegun = true;
  };

  /** For a raw body the header fields sent with it are copies that lost octets. */
  const isRaw = (): boolean => {
    const colon = bodyStart.indexOf(':');
    return firstName !== '' && colon > 0 && bodyStart.slice(0, colon).trimEnd().toLowerCase() === firstName;
  };

  /**
   * Takes octets out of a collection; they stay counted here. Pieces and whole are held side by
   * side for a moment.
   */
  const take = async (collected: Octets): Promise<Buffer | Overflow> => {
    const { length } = collected;
    if (!memory.reserve(length)) {
      giveUp('service-full');
      return 'service-full';
    }
    const octets = await collected.take();
    memory.release(released ? 2 * length : length);
    if (released) return 'service-full';
    reserved += length;
    return octets;
  };

  const assemble = async (raw: boolean): Promise<Buffer | Overflow> => {
    beginBody();
    if (raw) header.drop();
    else if (body !== header) {
      const rest = await take(body);
      if (typeof rest === 'string') return rest;
      if (add(header, CRLF) && add(header, rest)) {
        memory.release(rest.length);
        reserved -= rest.length;
      }
    }
    return overflow ?? take(raw ? body : header);
  };

  return {
    ...envelope,
    recipients,
    addRecipient: (address) => {
      if (recipients.length >= MAX_RECIPIENTS || overflow !== null) return;
      // Counted as what it costs: text and its place in the list.
      const bytes = address.length + RECIPIENT_BYTES;
      if (!memory.reserve(bytes)) {
        giveUp('service-full');
        return;
      }
      recipientBytes += bytes;
      recipients.push(address);
    },
    addField: (name, value) => {
      told.add({ name, value });
      if (told.fields > limits.maxFields) giveUp('over-size');
      if (overflow !== null) return;
      if (parts.rawBody && told.fields === 1) firstName = name.slice(0, MAX_NAME_LENGTH).toLowerCase();
      add(header, fieldOctets(name, value, parts.leadingSpace));
    },
    addBody: (chunk) => {
      if (chunk.length === 0 || overflow !== null) return overflow === null;
      beginBody();
      if (parts.rawBody && bodyStart.length < MAX_NAME_LENGTH)
        bodyStart += chunk.toString('latin1', 0, MAX_NAME_LENGTH);
      return add(body, chunk);
    },
    content: async () => {
      const raw = isRaw();
      const octets = overflow ?? (await assemble(raw));
      const finder = raw && typeof octets !== 'string' ? createForgedFieldFinder(parts.ownIds, limits.maxFields) : told;
      if (finder !== told && typeof octets !== 'string') await forEachField(octets, finder.add);
      return {
        octets: finder.incomplete || finder.fields > limits.maxFields ? 'over-size' : octets,
        exactness: raw || parts.leadingSpace ? 'exact' : 'white-space-unknown',
        forged: finder.found(),
        restored: finder.restored(),
        forgedIncomplete: finder.incomplete,
      };
    },
    release: () => {
      released = true;
      letGo();
      memory.release(recipientBytes);
      recipientBytes = 0;
    },
  };
};

const CRLF = Buffer.from('\r\n');
const MAX_NAME_LENGTH = 256;
const RECIPIENT_BYTES = 64;

const fieldOctets = (name: string, value: string, leadingSpace: boolean): Buffer => {
  // Without HDR_LEADSPC one space was most likely there, except before a fold, a TAB or the end.
  const space = leadingSpace || value === '' || /^[\t\r\n]/.test(value) ? '' : ' ';
  return Buffer.from(`${name}:${space}${markStrayLf(value).replace(/\r?\n/g, '\r\n')}\r\n`, 'latin1');
};
