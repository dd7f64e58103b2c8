/**
 * Whether an author is known as well as a caller requires: a pure function of the answer, so that
 * it can be asked of a verdict that was kept. What is not known satisfies nothing.
 */
import type { AuthorVerdict, Decision, RequiredLevel } from '../../../schemas/author.ts';

/** Decides. @param required vouched is satisfied by proven too */
export const decideOn = (required: RequiredLevel, { level, domain, summary }: AuthorVerdict): Decision => {
  const isProven = level === 'proven' && domain !== null;
  const isVouched = level === 'vouched' && domain !== null;
  const satisfied = isProven || (required === 'vouched' && isVouched);
  const reason = !satisfied && isVouched ? ['Only proven is enough here, and others vouch for the domain.'] : [];
  return { required, satisfied, reasons: [...reason, summary] };
};
