/**
 * What the rules and the grade look at: every part of a posture, and the record sets as published
 * that a suggestion must keep. Types only.
 */
import type { DnsUsage } from '../../../schemas/dns.ts';
import type { ReachedLimit } from '../../../schemas/limit.ts';
import type { Posture, Suggestion } from '../../../schemas/posture/posture.ts';

/** A domain with everything that was found out about it. */
export type Assessed = Pick<
  Posture,
  'spf' | 'dmarc' | 'dkim' | 'mail' | 'mtaSts' | 'tlsRpt' | 'bimi' | 'dnssec' | 'zone' | 'sendsMail'
> & {
  /** A-labels. */
  readonly domain: string;
  /**
   * All TXT texts at each name that a suggestion may be for, since it must keep those of other
   * kinds.
   */
  readonly texts: {
    readonly domain: readonly string[];
    readonly dmarc: readonly string[];
    readonly mtaSts: readonly string[];
    readonly tlsRpt: readonly string[];
  };
  readonly usage: DnsUsage;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
};

/** What a rule found. */
export type Hit = {
  /** One plain sentence without a full stop. */
  readonly message: string;
  /** Path in the posture. */
  readonly field?: string;
  readonly limit?: ReachedLimit | undefined;
  readonly suggestion?: Suggestion | undefined;
};

/** One rule: a stable code, how much it matters, the standard behind it, and the test. */
export type Rule = {
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'advice' | 'good' | 'info';
  readonly section: string;
  /** What it is about, for the catalogue in the documents: one sentence that names no domain. */
  readonly about: string;
  /** Pure. */
  readonly find: (assessed: Assessed) => Hit | readonly Hit[] | null;
};
