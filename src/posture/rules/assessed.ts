/**
 * What the rules and the grade look at: every part of a posture, and the record sets as published
 * that a suggestion must keep. Types only.
 */
import type { DnsUsage } from '../../../schemas/dns.ts';
import type { Posture } from '../../../schemas/posture/posture.ts';
import type { FindingFacts, Occurrence } from '../../findings/finding.ts';

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

/** What a rule found; severity and section are those of the rule. */
export type Hit = Omit<Occurrence, 'severity' | 'section'>;

/** One rule: a stable code, what is known of its findings, and the test. */
export type Rule = FindingFacts & {
  readonly code: string;
  /** Pure. */
  readonly find: (assessed: Assessed) => Hit | readonly Hit[] | null;
};
