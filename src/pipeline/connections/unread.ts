/**
 * Octets of a connection that are not read yet. A chunk that comes while there are none is kept as
 * it is; what comes on top of others is copied into memory that doubles, so that a stream of single
 * octets costs its length and not its square. Counts on an account what is kept beside the first
 * chunk.
 */
import type { Memory } from '../../message/memory.ts';

const EMPTY = Buffer.alloc(0);

/** The unread octets of one connection. */
export class Unread {
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  #reserved = 0;
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** The octets: a view that the next `push` may change. */
  get octets(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /**
   * Takes a chunk.
   * @returns false when there is no memory for it; the octets are then incomplete for good
   */
  push(chunk: Buffer): boolean {
    if (this.length === 0) {
      this.clear();
      this.#bytes = chunk;
      this.#end = chunk.length;
      return true;
    }
    const needed = this.length + chunk.length;
    // A chunk that came from the socket is shared with others and has no room at its end.
    if (this.#reserved === 0 || this.#end + chunk.length > this.#bytes.length) {
      const size = 2 * needed;
      if (!this.#memory.reserve(size)) return false;
      const grown = Buffer.allocUnsafeSlow(size);
      const length = this.octets.copy(grown);
      this.#memory.release(this.#reserved);
      this.#reserved = size;
      this.#bytes = grown;
      this.#start = 0;
      this.#end = length;
    }
    this.#end += chunk.copy(this.#bytes, this.#end);
    return true;
  }

  /** Steps over octets that were read. */
  skip(count: number): void {
    this.#start += count;
  }

  /** Forgets everything and gives its memory back. */
  clear(): void {
    this.#memory.release(this.#reserved);
    this.#reserved = 0;
    this.#bytes = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }
}
