/**
 * Collects octets that come in pieces of any size, in memory that grows with the octets and with
 * nothing else: a piece is copied into a block and released, so that a million pieces of one octet
 * hold a megabyte and not a million objects. Counts every block on an account before it is
 * allocated. Judges nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { detachBuffer } from './detach-buffer.ts';

/** An account of memory. */
export type Room = {
  /** Asks for room. @returns false when there is none; nothing is counted then */
  reserve(bytes: number): boolean;
  /** Gives room back. */
  release(bytes: number): void;
};

/** Room that never ends, where nobody else has to share it. */
export const ENDLESS_ROOM: Room = { reserve: () => true, release: () => undefined };

const FIRST_BLOCK_BYTES = 1024;
/** Also the octets copied between two turns of the event loop. */
const LARGEST_BLOCK_BYTES = 1_048_576;

/** Octets of one message or body. */
export class Octets {
  #blocks: Buffer[] = [];
  #last = Buffer.alloc(0);
  #used = 0;
  #reserved = 0;
  /** Octets collected so far. */
  length = 0;
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * Takes a copy.
   * @returns false when there is no room for it; what was collected stays counted until `drop`
   */
  add(piece: Buffer): boolean {
    let at = 0;
    while (at < piece.length) {
      if (this.#used === this.#last.length && !this.#grow()) return false;
      const copied = piece.copy(this.#last, this.#used, at);
      this.#used += copied;
      this.length += copied;
      at += copied;
    }
    return true;
  }

  #grow(): boolean {
    const bytes = Math.min(LARGEST_BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.length));
    if (!this.#room.reserve(bytes)) return false;
    this.#reserved += bytes;
    this.#last = Buffer.allocUnsafeSlow(bytes);
    this.#used = 0;
    this.#blocks.push(this.#last);
    return true;
  }

  /**
   * The octets as one, with memory of their own; `length` octets stay counted until the caller
   * releases them. The collection is empty afterwards.
   */
  async take(): Promise<Buffer> {
    const length = this.length;
    const blocks = this.#blocks;
    const joined = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const [index, block] of blocks.entries()) {
      // Copying 50 MB in one go would keep everybody else waiting.
      if (index > 0 && block.length === LARGEST_BLOCK_BYTES) await nextTurn();
      at += block.copy(joined, at, 0, Math.min(block.length, length - at));
      detachBuffer(block);
    }
    this.#room.release(this.#reserved - length);
    this.#reset();
    return joined;
  }

  /** Forgets the octets and gives their room back. */
  drop(): void {
    for (const block of this.#blocks) detachBuffer(block);
    this.#room.release(this.#reserved);
    this.#reset();
  }

  #reset(): void {
    this.#blocks = [];
    this.#last = Buffer.alloc(0);
    this.#used = 0;
    this.#reserved = 0;
    this.length = 0;
  }
}
