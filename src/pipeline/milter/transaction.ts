/**
 * One message as the milter tells it: envelope, header fields, body, put together again to the octets that were sent. Holds no more than the limits allow: once
 * one is passed, everything held is let go and only the search for forged fields goes on, so that they can still be removed.
 * RFC 6376 section 3.4 is why each octet matters; a fold comes as bare LF and is CRLF in the message.
 */
import type { Content } from '../evaluation.ts';
import { createForgedFieldFinder, type ForgedFieldFinder } from '../forged-fields.ts';
import type { Memory } from '../memory.ts';

/** Most that one message may be. */
export type TransactionLimits = {
  readonly maxMessageBytes: number;
  readonly maxFields: number;
};

/** What a transaction is made of. */
export type TransactionParts = {
  readonly limits: TransactionLimits;
  readonly memory: Memory;
  /** Authserv-ids that are ours. */
  readonly ownIds: readonly string[];
  /** False when header values come without the white space after the colon (HDR_LEADSPC not negotiated). */
  readonly leadingSpace: boolean;
  /** True for a peer that may send the whole raw message as body (Stalwart). */
  readonly rawBody: boolean;
};

/** Why a message is not held any more. */
export type Overflow = 'over-size' | 'service-full';

/** One message. */
export type Transaction = {
  readonly mailFrom: string | undefined;
  readonly mailParameters: readonly string[];
  readonly recipients: string[];
  addField(name: string, value: string): void;
  /** @returns false when no more body is wanted */
  addBody(chunk: Buffer): boolean;
  /** The message put together. To be called once, at its end. */
  content(): Content;
  /** Gives all memory back; the transaction is of no use after it. */
  release(): void;
};

const MAX_RECIPIENTS = 1000;

/** Makes the message that a MAIL command begins. Recipients past 1,000 are not kept: they decide nothing but overrides by domain. */
export const createTransaction = (
  parts: TransactionParts,
  envelope: { mailFrom: string | undefined; mailParameters: readonly string[] },
): Transaction => {
  const { limits, memory } = parts;
  const told = createForgedFieldFinder(parts.ownIds, limits.maxFields);
  let header: Buffer[] = [];
  let body: Buffer[] = [];
  let headerBytes = 0;
  let bodyBytes = 0;
  let reserved = 0;
  let overflow: Overflow | null = null;

  const letGo = (): void => {
    memory.release(reserved);
    reserved = 0;
    header = [];
    body = [];
  };

  const reserve = (bytes: number): boolean => {
    if (overflow !== null) return false;
    if (headerBytes + bodyBytes + bytes > limits.maxMessageBytes) overflow = 'over-size';
    else if (!memory.reserve(bytes)) overflow = 'service-full';
    if (overflow !== null) {
      letGo();
      return false;
    }
    reserved += bytes;
    return true;
  };

  /** For a raw body the header fields told beside it are copies that lost octets. */
  const isRaw = (): boolean => {
    const first = header[0];
    if (!parts.rawBody || first === undefined) return false;
    const name = first.toString('latin1', 0, first.indexOf(COLON)).toLowerCase();
    const start = Buffer.concat(body.slice(0, 2)).toString('latin1', 0, name.length + 80);
    const colon = start.indexOf(':');
    return colon > 0 && start.slice(0, colon).trimEnd().toLowerCase() === name;
  };

  const assemble = (raw: boolean): Buffer | Overflow => {
    const size = raw ? bodyBytes : headerBytes + CRLF.length + bodyBytes;
    // Both the pieces and the whole are held for a moment.
    if (!memory.reserve(size)) {
      letGo();
      return 'service-full';
    }
    const whole = Buffer.concat(raw ? body : [...header, CRLF, ...body], size);
    letGo();
    reserved = size;
    return whole;
  };

  return {
    ...envelope,
    recipients: [],
    addField: (name, value) => {
      told.add({ name, value });
      const octets = fieldOctets(name, value, parts.leadingSpace);
      if (header.length >= limits.maxFields && overflow === null) {
        overflow = 'over-size';
        letGo();
      }
      if (!reserve(octets.length)) return;
      header.push(octets);
      headerBytes += octets.length;
    },
    addBody: (chunk) => {
      if (chunk.length === 0) return overflow === null;
      if (!reserve(chunk.length)) return false;
      body.push(chunk);
      bodyBytes += chunk.length;
      return true;
    },
    content: () => {
      const raw = isRaw();
      const octets = overflow ?? assemble(raw);
      const finder = raw && typeof octets !== 'string' ? findInRaw(octets, parts) : told;
      return {
        octets: finder.incomplete ? 'over-size' : octets,
        exactness: raw || parts.leadingSpace ? 'exact' : 'white-space-unknown',
        forged: finder.found(),
        forgedIncomplete: finder.incomplete,
      };
    },
    release: letGo,
  };
};

/** True while another recipient is kept. */
export const keepsRecipient = (transaction: Transaction): boolean => transaction.recipients.length < MAX_RECIPIENTS;

const CRLF = Buffer.from('\r\n');
const COLON = 0x3a;

const fieldOctets = (name: string, value: string, leadingSpace: boolean): Buffer => {
  // Without HDR_LEADSPC one space was most likely there, except before a fold, a TAB or the end.
  const space = leadingSpace || value === '' || /^[\t\r\n]/.test(value) ? '' : ' ';
  return Buffer.from(`${name}:${space}${value.replace(/(?<!\r)\n/g, '\r\n')}\r\n`, 'latin1');
};

/** Searches the fields of a raw message. A line that begins with white space belongs to the field above it. */
const findInRaw = (message: Buffer, parts: TransactionParts): ForgedFieldFinder => {
  const finder = createForgedFieldFinder(parts.ownIds, parts.limits.maxFields);
  const end = message.indexOf('\r\n\r\n');
  const block = message.toString('latin1', 0, end === -1 ? message.length : end);
  for (const field of block.split(/\r?\n(?![ \t])/)) {
    const colon = field.indexOf(':');
    if (colon > 0) finder.add({ name: field.slice(0, colon), value: field.slice(colon + 1) });
  }
  return finder;
};
