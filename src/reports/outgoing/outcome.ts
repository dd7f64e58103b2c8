/**
 * What was done with a message and why, in the words of an aggregate report: disposition (RFC 9990
 * appendix A) and policy override reasons (section 3.1.6). Pure. A disposition that differs from
 * the published policy always has a reason.
 */
import type { DmarcPolicy, DmarcReading } from '../../../schemas/dmarc.ts';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import type { Disposition, Override } from '../../../schemas/verdict.ts';
import type { Decision } from '../../pipeline/decision.ts';
import { plainSentence } from './sentence.ts';

/** Disposition and reasons of one message. */
type Outcome = Pick<ReportRow, 'disposition' | 'reasons'>;

/** A DMARC policy that was applied, with the result. */
export type AppliedReading = Pick<DmarcReading, 'policy'> & {
  readonly result: 'pass' | 'fail';
  /** Whether every policy that may apply asks for an action. */
  readonly isEnforcing: boolean;
};

/** What was carried out. The face may have been milder than the verdict. */
type CarriedOut = { readonly action: Exclude<Decision['action'], 'tempfail'>; readonly disposition: Disposition };

/**
 * Disposition and reasons. `pass` stands for a message that passes under an enforcing policy,
 * `none` for every other that was let through.
 */
export const toOutcome = (carriedOut: CarriedOut, reading: AppliedReading): Outcome => {
  const { action } = carriedOut;
  const letThrough = reading.result === 'pass' && reading.isEnforcing ? 'pass' : 'none';
  const reasons = reading.result === 'pass' ? reasonsOfPass(carriedOut) : reasonsOfFailure(carriedOut, reading);
  return {
    disposition: action === 'accept' ? letThrough : action,
    reasons: reasons.map(({ type, comment }) => ({ type, comment: plainSentence(comment) })),
  };
};

const reasonsOfPass = (carriedOut: CarriedOut): Override[] =>
  carriedOut.action === 'accept' ? [] : [localPolicy(OTHER_CAUSES[carriedOut.disposition.cause])];

const reasonsOfFailure = (carriedOut: CarriedOut, { policy }: AppliedReading): Override[] => {
  const { action, disposition } = carriedOut;
  const done: DmarcPolicy = action === 'accept' ? 'none' : action;
  const published = (policy === null ? null : (policy.published[policy.tag] ?? policy.published.p)) ?? 'none';
  const applies = policy?.applies ?? 'none';
  const reasons: Override[] = [];
  if (done !== published && applies !== published) {
    reasons.push({
      type: 'policy_test_mode',
      comment: `the record says t=y: ${applies} applies in place of ${published}`,
    });
  }
  if (done !== applies) reasons.push(whyNotApplied(carriedOut));
  else if (action !== 'accept' && disposition.cause !== 'dmarc')
    reasons.push(localPolicy(OTHER_CAUSES[disposition.cause]));
  return reasons;
};

/** Why a message that fails was treated in another way than the policy asks for. */
const whyNotApplied = ({ action, disposition }: CarriedOut): Override => {
  if (action !== 'accept') return localPolicy(OTHER_CAUSES[disposition.cause]);
  if (disposition.override !== undefined) return disposition.override;
  return localPolicy(
    disposition.action === 'accept' && disposition.wouldBe !== 'accept'
      ? 'this receiver does not enforce the policies of senders'
      : 'this receiver does not enforce the policies of senders for all of its recipients',
  );
};

/** Why a message was not accepted, where it was not for its policy. */
const OTHER_CAUSES = {
  dmarc: 'a rule of this receiver is stricter than the policy',
  author: 'the message was refused for its From field, not for its policy',
  relay: 'the message was refused because its recipients are not at this receiver, not for its policy',
  header: 'the message was refused for octets that no header may have, not for its policy',
} as const satisfies Record<Disposition['cause'], string>;

const localPolicy = (comment: string): Override => ({ type: 'local_policy', comment });
