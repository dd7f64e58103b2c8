/**
 * The two edits that a mail server is asked for: remove a header field, add one on top. Types only.
 */

/** A field to remove: the `occurrence`th of its name from the top, from 1; `name` as written. */
export type HeaderRemoval = { readonly name: string; readonly occurrence: number };

/**
 * A field to put on top of the message; of several, each goes above the one before. `value` is
 * folded with CRLF and begins after the space.
 */
export type HeaderAddition = { readonly name: string; readonly value: string };
