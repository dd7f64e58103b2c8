/**
 * A decision → the replies that answer the end of a message, in the order that both Postfix and
 * Sendmail understand: removals from the highest occurrence down, additions at index 0, quarantine,
 * and one final reply. Pure. Never sends an edit that was not negotiated.
 */
import type { Decision } from '../decision.ts';
import { replyLine } from '../smtp-reply.ts';
import { type Agreement, SMFIF, SMFIP } from './negotiation.ts';
import type { Reply } from './wire.ts';

/**
 * Makes the replies.
 * @param quarantine what quarantine means: `hold` needs the QUARANTINE action
 */
export const repliesFor = (decision: Decision, agreement: Agreement, quarantine: 'header' | 'hold'): Reply[] => {
  const may = (action: number): boolean => (agreement.actions & action) !== 0;
  if (decision.smtpReply !== null && (decision.action === 'reject' || decision.action === 'tempfail')) {
    return [{ kind: 'replycode', line: replyLine(decision.smtpReply) }];
  }
  const leadingSpace = (agreement.protocol & SMFIP.HDR_LEADSPC) === 0 ? '' : ' ';
  const removals = may(SMFIF.CHGHDRS) ? decision.remove : [];
  const hold = decision.action === 'quarantine' && quarantine === 'hold' && may(SMFIF.QUARANTINE);
  return [
    ...removals.map(({ name, occurrence }): Reply => ({ kind: 'change-header', occurrence, name, value: '' })),
    ...decision.add.map(
      ({ name, value }): Reply => ({
        kind: 'insert-header',
        index: 0,
        name,
        // A carriage return in a fold would stay in the queue file of Postfix.
        value: Buffer.from(`${leadingSpace}${value.replaceAll('\r\n', '\n')}`).toString('latin1'),
      }),
    ),
    // Postfix cuts the reason at 100 octets.
    ...(hold
      ? [{ kind: 'quarantine' as const, reason: decision.reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 100) }]
      : []),
    { kind: 'continue' },
  ];
};
