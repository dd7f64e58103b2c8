/**
 * The content of a message as a face received it, and which of its header fields must not go on.
 * Types only.
 */
import type { Exactness } from './exactness.ts';
import type { HeaderAddition, HeaderRemoval } from './header-edits.ts';

/** The content of one message. */
export type Content = {
  /** The octets, the evaluation's own, or why they were not kept. */
  readonly octets: Buffer | 'over-size' | 'service-full';
  readonly exactness: Exactness;
  /** Forged fields, in the order in which to remove them. */
  readonly forged: readonly HeaderRemoval[];
  /** Fields that go back on top in place of removed ones, each above the one before. */
  readonly restored: readonly HeaderAddition[];
  /** True when there are more forged fields than are kept, so that `forged` is not all. */
  readonly forgedIncomplete: boolean;
};
