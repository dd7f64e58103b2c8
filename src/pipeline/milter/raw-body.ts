/**
 * Recognizes a peer that sends the whole raw message as the body, header block included, as
 * Stalwart does: the body then begins with the name of the first header field. Keeps the first
 * octets only. For such a body the header fields sent before it are copies that lost octets.
 */

/** Octets of a field name that are compared. */
const MAX_NAME_LENGTH = 256;

/** Compares the first field of one message with the start of its body. */
export class RawBodyDetector {
  readonly #isPossible: boolean;
  #firstName: string | undefined;
  #bodyStart = '';

  /** @param isPossible false for a peer that never does so: the answer is no */
  constructor(isPossible: boolean) {
    this.#isPossible = isPossible;
  }

  /** Takes the name of a header field; the first one counts. */
  addField(name: string): void {
    if (this.#isPossible) this.#firstName ??= name.slice(0, MAX_NAME_LENGTH).toLowerCase();
  }

  /** Takes a piece of the body. */
  addBody(piece: Buffer): void {
    if (!this.#isPossible || this.#bodyStart.length >= MAX_NAME_LENGTH) return;
    this.#bodyStart += piece.toString('latin1', 0, MAX_NAME_LENGTH);
  }

  /** Whether the body is the whole message, as far as it has come. */
  get isRaw(): boolean {
    const colon = this.#bodyStart.indexOf(':');
    const name = this.#bodyStart.slice(0, colon).trimEnd().toLowerCase();
    return colon > 0 && this.#firstName !== '' && name === this.#firstName;
  }
}
