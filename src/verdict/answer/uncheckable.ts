/** Signatures of delivered messages that nobody can check any more: their key is gone. Pure. */
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';
import type { AnswerGrounds } from './grounds.ts';

/**
 * A signature of the Author Domain on a delivered message whose key is not published: long after
 * delivery that says nothing about the day when it was used. Null: there is none.
 */
export const findUncheckable = ({ isDelivered, dkim, outcomes }: AnswerGrounds): DkimSignature | null =>
  (isDelivered ? dkim.find(({ aligned }, at) => aligned === true && hasNoKey(outcomes[at])) : undefined) ?? null;

/** Of a signature that was read, the first thing that can be missing is its key. */
const hasNoKey = (outcome: SignatureOutcome | undefined): boolean =>
  outcome?.section === 'RFC 6376 section 6.1.2' && outcome.keyFailure === null && outcome.keyRecordCount === 0;
