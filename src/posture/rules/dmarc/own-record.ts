/**
 * What the rules about DMARC share: the policy that applies, and the domain's own record rewritten.
 * Pure.
 */
import type { DmarcPosture } from '../../../../schemas/posture/dmarc.ts';
import type { Suggestion } from '../../../../schemas/posture/posture.ts';
import type { Assessed } from '../assessed.ts';
import { rewriteDmarc } from '../suggest.ts';

/** Policies by how much they protect. */
export const STRENGTH = { none: 0, quarantine: 1, reject: 2 } as const;

/** The applied policies, where there is a usable record. */
export const usable = ({ dmarc }: Assessed): NonNullable<DmarcPosture['policy']> | null =>
  dmarc.state === 'valid' ? dmarc.policy : null;

/**
 * A changed record is suggested where the domain publishes its own; mending another domain's record
 * is that domain's business.
 */
export const mend = (assessed: Assessed, change: Readonly<Record<string, string | null>>): Suggestion | undefined =>
  assessed.dmarc.inherited ? undefined : rewriteDmarc(assessed, change);
