/**
 * ARC of a message as the verdict reports it (RFC 8617): the state of the chain, and what each
 * sealer claimed. Claims are reported as claims and decide nothing by themselves. Pure.
 */
import type { ArcVerdict } from '../../../schemas/arc.ts';
import type { ArcOutcome } from '../../dkim/arc-chain.ts';
import type { Message } from '../../message/message.ts';
import { readClaims } from './claims.ts';
import { isoTime } from './dkim.ts';

/** @param trustedSealers sealers whose chain may explain a failure, in lower case */
export const toArcVerdict = (arc: ArcOutcome, message: Message, trustedSealers: readonly string[]): ArcVerdict => ({
  result: arc.result,
  reason: arc.result === 'fail' || arc.result === 'temperror' ? `${arc.reason} (${arc.section})` : arc.reason,
  instances: arc.sets.map((set) => ({
    instance: set.instance,
    sealer: set.sealer,
    selector: set.selector,
    cv: set.cv,
    sealedAt: isoTime(set.sealedAtSeconds),
    ...readClaims(message.fields[set.authenticationResultsIndex]?.value() ?? ''),
    trusted: set.sealer !== null && trustedSealers.includes(set.sealer.toLowerCase()),
  })),
});
