/**
 * Replies that go out in one write: TCP would delay each of several small writes until the one
 * before is acknowledged, 40 ms a message. Bounded; knows no socket.
 */
import { type Reply, writeReplies } from './wire.ts';

/** Replies of one write; a mail server that pipelines has a handful of them. */
const MAX_REPLIES = 1_000;

/** Replies that are not written yet. */
export class ReplyBatch {
  readonly #write: (octets: Buffer) => void;
  #replies: Reply[] = [];

  constructor(write: (octets: Buffer) => void) {
    this.#write = write;
  }

  /** Adds a reply; a full batch is written at once. */
  add(reply: Reply): void {
    this.#replies.push(reply);
    if (this.#replies.length === MAX_REPLIES) this.flush();
  }

  /** Writes what was added since the last time. */
  flush(): void {
    if (this.#replies.length > 0) this.#write(writeReplies(this.#replies));
    this.#replies = [];
  }
}
