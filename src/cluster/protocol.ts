/**
 * What the supervisor and its workers send each other over node's channel between processes. Types
 * only; nothing of a message ever goes this way.
 */
import type { Workers } from '../../schemas/health.ts';
import type { Settings } from '../settings/read-settings.ts';

/** What a worker gets when it starts. */
export type Role = {
  /** From 1; a replacement takes the number of the worker that it replaces. */
  readonly number: number;
  /** Key for the hashes of addresses in the log where LOG_HASH_KEY is empty, the same for all. */
  readonly randomHashKey: string;
};

/** What a worker is sent. */
export type ToWorker =
  | { readonly kind: 'role'; readonly role: Role; readonly settings: Settings }
  /** Send your gauges. */
  | { readonly kind: 'read-gauges'; readonly id: number }
  | { readonly kind: 'gauges-of-all'; readonly values: readonly unknown[] }
  /** How many workers listen now. */
  | ({ readonly kind: 'listening' } & Workers)
  | { readonly kind: 'flush'; readonly name?: string | undefined };

/** What a worker sends. */
export type FromWorker =
  /** Listens on all its addresses. */
  | { readonly kind: 'listening' }
  /** Ends, and wants its shared listeners closed: whether clients still come to one of them. */
  | { readonly kind: 'quiet'; readonly isQuiet: boolean }
  /** Wants the gauges of all. */
  | { readonly kind: 'gather-gauges' }
  | { readonly kind: 'gauges'; readonly id: number; readonly values: unknown }
  | { readonly kind: 'flush'; readonly name?: string | undefined };
