/**
 * What the two readings of DMARC have in common: alignment of all identifiers, and the result.
 * Pure.
 */
import type { DmarcReading, IdentifierAlignment } from '../../schemas/dmarc.ts';
import { limitText } from '../../schemas/limit.ts';
import { type Failure, isLasting } from '../dns/failure.ts';
import type { DmarcRecord } from '../records/dmarc.ts';
import { type AlignmentTest, align, type Identifier } from './alignment.ts';

/**
 * Authenticated identifiers: the SPF domain and the SDIDs, lower case A-labels without the last
 * dot.
 */
export type Identifiers = { spf: Identifier[]; dkim: Identifier[] };

/** No identifier aligns. */
export const NO_ALIGNMENT: IdentifierAlignment = { mode: null, aligned: false, domain: null, compared: [] };

/** A reading without a record. */
export const noRecord = (reason: string, organizational: string | null): DmarcReading => ({
  result: 'none',
  reason,
  organizationalDomain: organizational,
  recordDomain: null,
  record: null,
  policy: null,
  alignment: { spf: NO_ALIGNMENT, dkim: NO_ALIGNMENT },
});

/**
 * Neither pass nor fail can be said (RFC 9989 section 5.3.6); which error it is hangs on whether a
 * later attempt may end otherwise.
 */
export const errorWord = (failure: Failure): 'temperror' | 'permerror' =>
  isLasting(failure) ? 'permerror' : 'temperror';

/** Aligns the identifiers of both methods. */
export const alignAll = async (
  identifiers: Identifiers,
  aspf: DmarcRecord['aspf'],
  adkim: DmarcRecord['adkim'],
  test: AlignmentTest,
): Promise<DmarcReading['alignment']> => {
  const [spf, dkim] = await Promise.all([align(identifiers.spf, aspf, test), align(identifiers.dkim, adkim, test)]);
  return { spf, dkim };
};

/** Pass, fail, or the error that left it open. */
export const resultOf = ({ spf, dkim }: DmarcReading['alignment']): Pick<DmarcReading, 'result' | 'reason'> => {
  const by = [...(spf.aligned ? [`SPF (${spf.domain})`] : []), ...(dkim.aligned ? [`DKIM (${dkim.domain})`] : [])];
  if (by.length > 0) return { result: 'pass', reason: `${by.join(' and ')} ${by.length > 1 ? 'align' : 'aligns'}` };
  const open = [spf, dkim].filter(({ aligned }) => aligned === null);
  const [limit] = open.flatMap((one) => one.limit ?? []);
  if (limit !== undefined && open.every((one) => one.limit !== undefined)) {
    return { result: 'permerror', reason: `${limitText(limit)} left open whether an identifier aligns` };
  }
  if (open.length > 0) {
    return { result: 'temperror', reason: 'a temporary failure left open whether an identifier aligns' };
  }
  return { result: 'fail', reason: 'no authenticated identifier aligns with the author domain' };
};
