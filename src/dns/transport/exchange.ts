/**
 * The contract between the tries of a question and the two transports: one query goes to one
 * server, and the matching reply or an error comes back once. A transport knows sockets, ids and
 * matching; it knows nothing of timers, other servers, or what a reply means. Both sides of a try
 * are objects with methods, not functions made for each: a closure holds all that its maker can
 * see, and the collector walks it.
 */
import type { Query } from '../wire/query.ts';
import type { Server } from './servers.ts';

/** Who waits for a try; called once at most, and never during the call that sends. */
export type Receiver = {
  /** The matching reply. The octets are the receiver's. */
  readonly onReply: (bytes: Buffer) => void;
  /** Refused, reset, closed, or no socket could be had. */
  readonly onUnreachable: () => void;
  /** UDP only: somebody guesses replies, so that a datagram which fits may be a forged one. */
  readonly onSpoofed: () => void;
};

/** A try on its way. */
export type OpenTry = {
  /**
   * Its reply is no longer waited for; without effect once the receiver was called.
   * @param isTimeout whether no reply came in time; otherwise another try was answered
   */
  readonly release: (isTimeout: boolean) => void;
  /** Its time passed without a reply, and it stays open; called once at most. */
  readonly overdue: () => void;
};

/**
 * Sends a query to a server.
 * @param query for this try alone: the transport writes the id into it and keeps it to compare the
 * reply
 */
export type Exchange = (server: Server, query: Query, receiver: Receiver) => OpenTry;

/** A transport with sockets to close. */
export type Transport = { readonly exchange: Exchange; readonly close: () => void };

/** A try that no socket was made for: its receiver hears so in the next turn of the event loop. */
export const refuse = (receiver: Receiver): OpenTry => {
  const refusal = setImmediate(() => receiver.onUnreachable());
  return { release: () => clearImmediate(refusal), overdue: () => {} };
};
