/**
 * The octets of one message as they come: header block and body, assembled at the end. Keeps no
 * more than the limits allow: once one is passed, every octet is dropped and none is taken any
 * more. Every octet counts on the account of memory until `release`. Parses nothing.
 */
import type { Memory } from '../../message/memory.ts';
import { Octets } from '../../message/octets.ts';

/** Why the octets of a message were dropped. */
type Overflow = 'over-size' | 'service-full';

const CRLF = Buffer.from('\r\n');

/** Header block and body of one message. */
export class CollectedOctets {
  readonly #memory: Memory;
  readonly #maxBytes: number;
  readonly #header: Octets;
  /** The same as `#header` unless the body is separate. */
  readonly #body: Octets;
  #isBodyBegun = false;
  /** Octets on the account that are not those of `#header` and `#body`. */
  #reserved = 0;
  #overflow: Overflow | null = null;
  #isReleased = false;

  /**
   * @param maxBytes most octets of header block and body
   * @param isBodySeparate true when the body alone may turn out to be the message
   */
  constructor(memory: Memory, maxBytes: number, isBodySeparate: boolean) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
    this.#header = new Octets(memory);
    this.#body = isBodySeparate ? new Octets(memory) : this.#header;
  }

  /** Why the octets were dropped; null: they are complete so far. */
  get overflow(): Overflow | null {
    return this.#overflow;
  }

  /** Drops the octets. The first reason stays. */
  giveUp(why: Overflow): void {
    this.#overflow ??= why;
    this.#drop();
  }

  /** Adds a header field with its line end. */
  addField(field: Buffer): void {
    this.#add(this.#header, field);
  }

  /** Adds a piece of the body. @returns false when no more is wanted */
  addBody(piece: Buffer): boolean {
    this.#beginBody();
    return this.#add(this.#body, piece);
  }

  /**
   * The message as one. To be called once; its octets count until `release`.
   * @param isBodyWhole true when the body alone is the message
   */
  async assemble(isBodyWhole: boolean): Promise<Buffer | Overflow> {
    if (this.#overflow !== null) return this.#overflow;
    this.#beginBody();
    if (isBodyWhole) this.#header.drop();
    else if (this.#body !== this.#header) {
      const body = await this.#take(this.#body);
      if (typeof body === 'string') return body;
      if (this.#add(this.#header, CRLF) && this.#add(this.#header, body)) {
        this.#memory.release(body.length);
        this.#reserved -= body.length;
      }
    }
    return this.#overflow ?? this.#take(isBodyWhole ? this.#body : this.#header);
  }

  /** Releases all memory, also while the message is assembled. */
  release(): void {
    this.#isReleased = true;
    this.#drop();
  }

  #beginBody(): void {
    if (!this.#isBodyBegun && this.#body === this.#header) this.#add(this.#header, CRLF);
    this.#isBodyBegun = true;
  }

  #add(target: Octets, octets: Buffer): boolean {
    if (this.#overflow !== null) return false;
    if (this.#size() + octets.length > this.#maxBytes) this.giveUp('over-size');
    else if (!target.add(octets)) this.giveUp('service-full');
    return this.#overflow === null;
  }

  #size(): number {
    return this.#header.length + (this.#body === this.#header ? 0 : this.#body.length);
  }

  /**
   * Takes octets out of a collection; they stay counted here. Pieces and whole are in memory at the
   * same time for a moment.
   */
  async #take(collected: Octets): Promise<Buffer | Overflow> {
    const { length } = collected;
    if (!this.#memory.reserve(length)) {
      this.giveUp('service-full');
      return 'service-full';
    }
    const octets = await collected.take();
    this.#memory.release(this.#isReleased ? 2 * length : length);
    if (this.#isReleased) return 'service-full';
    this.#reserved += length;
    return octets;
  }

  #drop(): void {
    this.#memory.release(this.#reserved);
    this.#reserved = 0;
    this.#header.drop();
    this.#body.drop();
  }
}
