/**
 * The recipients of one message, counted on the account of memory. They stay when the octets of the
 * message are dropped: what is done with the message depends on them. Judges none.
 */
import type { Memory } from '../../message/memory.ts';

/** Recipients past these are not kept: they decide nothing but overrides by domain. */
const MAX_RECIPIENTS = 1000;
/** What a recipient costs beside its text: its place in the list. */
const RECIPIENT_BYTES = 64;

/** A bounded list. */
export class Recipients {
  readonly #memory: Memory;
  readonly #addresses: string[] = [];
  #reserved = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The recipients in the order of their RCPT commands. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Adds one, as long as there are fewer than 1,000. @returns false when there is no memory */
  add(address: string): boolean {
    if (this.#addresses.length >= MAX_RECIPIENTS) return true;
    const bytes = address.length + RECIPIENT_BYTES;
    if (!this.#memory.reserve(bytes)) return false;
    this.#reserved += bytes;
    this.#addresses.push(address);
    return true;
  }

  /** Releases the memory; the addresses stay readable. */
  release(): void {
    this.#memory.release(this.#reserved);
    this.#reserved = 0;
  }
}
