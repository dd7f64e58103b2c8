/**
 * One message as the milter receives it: envelope, header fields, body, assembled to the octets
 * that were sent. Once a limit is passed only the search for forged fields goes on, so that they
 * can still be removed. RFC 6376 section 3.4 is why each octet matters; a fold comes as bare LF and
 * is CRLF in the message. Decides nothing.
 */

import type { Memory } from '../../message/memory.ts';
import type { Content } from '../content.ts';
import { createForgedFieldFinder } from '../forged-fields.ts';
import { forEachField } from '../header-block.ts';
import { markStrayLf } from '../line-feeds.ts';
import { CollectedOctets } from './collected-octets.ts';
import { RawBodyDetector } from './raw-body.ts';
import { Recipients } from './recipients.ts';

/** Most that one message may be. */
export type TransactionLimits = {
  readonly maxMessageBytes: number;
  readonly maxFields: number;
};

/** What a transaction depends on. */
type TransactionDependencies = {
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

/** The arguments of MAIL. */
type MailArguments = {
  /** undefined: there was no MAIL. */
  readonly mailFrom: string | undefined;
  readonly mailParameters: readonly string[];
};

/** The message that a MAIL command begins. */
export class Transaction {
  readonly mailFrom: string | undefined;
  readonly mailParameters: readonly string[];
  readonly #dependencies: TransactionDependencies;
  readonly #finder;
  readonly #recipients: Recipients;
  readonly #octets: CollectedOctets;
  readonly #rawBody: RawBodyDetector;

  constructor(dependencies: TransactionDependencies, { mailFrom, mailParameters }: MailArguments) {
    const { limits, memory, ownIds, rawBody } = dependencies;
    this.mailFrom = mailFrom;
    this.mailParameters = mailParameters;
    this.#dependencies = dependencies;
    this.#finder = createForgedFieldFinder(ownIds, limits.maxFields);
    this.#recipients = new Recipients(memory);
    this.#octets = new CollectedOctets(memory, limits.maxMessageBytes, rawBody);
    this.#rawBody = new RawBodyDetector(rawBody);
  }

  /** The first 1,000 recipients; those after the octets were dropped are not kept. */
  get recipients(): readonly string[] {
    return this.#recipients.addresses;
  }

  /** Takes the address of a RCPT command. */
  addRecipient(address: string): void {
    if (this.#octets.overflow !== null) return;
    if (!this.#recipients.add(address)) this.#octets.giveUp('service-full');
  }

  /** Takes a header field: its name and what follows the colon, without the line end. */
  addField(name: string, value: string): void {
    this.#finder.add({ name, value });
    if (this.#finder.fields > this.#dependencies.limits.maxFields) this.#octets.giveUp('over-size');
    if (this.#octets.overflow !== null) return;
    this.#rawBody.addField(name);
    this.#octets.addField(fieldOctets(name, value, this.#dependencies.leadingSpace));
  }

  /** Takes a piece of the body. @returns false when no more is wanted */
  addBody(piece: Buffer): boolean {
    if (this.#octets.overflow !== null) return false;
    if (piece.length === 0) return true;
    this.#rawBody.addBody(piece);
    return this.#octets.addBody(piece);
  }

  /** The assembled message. To be called once, at its end. */
  async content(): Promise<Content> {
    const { limits, ownIds, leadingSpace } = this.#dependencies;
    const { isRaw } = this.#rawBody;
    const octets = await this.#octets.assemble(isRaw);
    let finder = this.#finder;
    if (isRaw && typeof octets !== 'string') {
      finder = createForgedFieldFinder(ownIds, limits.maxFields);
      await forEachField(octets, finder.add);
    }
    return {
      octets: finder.incomplete || finder.fields > limits.maxFields ? 'over-size' : octets,
      exactness: isRaw || leadingSpace ? 'exact' : 'white-space-unknown',
      forged: finder.found(),
      restored: finder.restored(),
      forgedIncomplete: finder.incomplete,
    };
  }

  /** Releases all memory; the transaction is of no use after it. */
  release(): void {
    this.#octets.release();
    this.#recipients.release();
  }
}

const fieldOctets = (name: string, value: string, leadingSpace: boolean): Buffer => {
  // Without HDR_LEADSPC one space was most likely there, except before a fold, a TAB or the end.
  const space = leadingSpace || value === '' || /^[\t\r\n]/.test(value) ? '' : ' ';
  return Buffer.from(`${name}:${space}${markStrayLf(value).replace(/\r?\n/g, '\r\n')}\r\n`, 'latin1');
};
