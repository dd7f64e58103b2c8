/**
 * The contract between the tries of a question and the two transports: one query goes to one server, and the matching reply or an error comes back once.
 * A transport knows sockets, ids and matching; it knows nothing of timers, other servers, or what a reply means.
 */
import type { Query } from './query.ts';
import type { Server } from './servers.ts';

/** How one try ended. `unreachable`: refused, reset, closed, or no socket could be had. */
export type TryOutcome = { readonly kind: 'reply'; readonly bytes: Buffer } | { readonly kind: 'unreachable' };

/**
 * Sends a query to a server.
 * @param onOutcome called at most once, never during the call itself
 * @returns releases the try: its reply is no longer waited for
 */
export type Exchange = (server: Server, query: Query, onOutcome: (outcome: TryOutcome) => void) => () => void;

/** A transport with sockets to close. */
export type Transport = { readonly exchange: Exchange; readonly close: () => void };
