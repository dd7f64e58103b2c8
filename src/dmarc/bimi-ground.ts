/**
 * Whether DMARC records give ground for BIMI: items 7 to 9 of section 7.1 of
 * draft-brand-indicators-for-message-identification (revision 06), over the records of the Author
 * Domain and of its Organizational Domain. A message and the domain view ask this one function.
 * Pure.
 */
import type { DmarcPolicy } from '../../schemas/dmarc.ts';
import type { Failure } from '../dns/failure.ts';
import type { DmarcRecord } from '../records/dmarc.ts';
import { findTag } from '../records/tag-list.ts';
import { applicableRecord, ONE_LEVEL_LOWER } from './policy.ts';
import { foundRecords, organizationalDomain, type TreeWalk } from './tree-walk.ts';

/** What the records say; `reason` is one plain sentence that names the domain and the tag. */
export type BimiGround =
  | { readonly kind: 'fits' }
  | { readonly kind: 'unfit'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly failure: Failure };

/**
 * Judges the records of a walk.
 * @param applies the policy that applies to the Author Domain, after `np` and `t`; null while it is
 * not known
 */
export const bimiGround = (walk: TreeWalk, applies: DmarcPolicy | null): BimiGround => {
  const applicable = applicableRecord(walk);
  if (applicable.kind === 'none') return unfit(`${walk.start} has no DMARC record`);
  if (applicable.kind === 'unknown') return applicable;
  const author = applicable.found;
  const fault =
    policyFault(author, author.domain === walk.start) ??
    (applies === 'none' ? `the DMARC policy that applies to ${walk.start} is none` : null);
  if (fault !== null) return unfit(fault);
  if (walk.failure !== null) return { kind: 'unknown', failure: walk.failure };
  const domain = organizationalDomain(walk);
  // A domain right below a public suffix may have no record of its own: the suffix's record, judged
  // above, is then its policy too.
  const organizational = foundRecords(walk).find((found) => found.domain === domain);
  const faultAbove = organizational === undefined ? null : policyFault(organizational, true);
  return faultAbove === null ? { kind: 'fits' } : unfit(faultAbove);
};

const unfit = (reason: string): BimiGround => ({ kind: 'unfit', reason });

/**
 * @param isOwn true: `p` is the domain's policy; false: the record is inherited, so `sp` is, where
 * there is one
 */
const policyFault = (
  { domain, record }: { readonly domain: string; readonly record: DmarcRecord },
  isOwn: boolean,
): string | null => {
  const { policies, testing } = record;
  if (policies === null) return `the DMARC record of ${domain} has no valid policy`;
  // t=y lowers each policy by one level (RFC 9989 section 4.7), as pct=0 did.
  const lowered = (word: DmarcPolicy): DmarcPolicy => (testing ? ONE_LEVEL_LOWER[word] : word);
  const lowers = testing ? ', and t=y lowers it by one level' : '';
  const [tag, word] = isOwn || policies.sp === null ? (['p', policies.p] as const) : (['sp', policies.sp] as const);
  if (lowered(word) === 'none') return `the DMARC record of ${domain} says ${tag}=${word}${lowers}`;
  if (policies.sp !== null && lowered(policies.sp) === 'none')
    return `the DMARC record of ${domain} says sp=${policies.sp}${lowers}`;
  const percent = findTag(record, 'pct')?.value;
  // RFC 9989 removed pct; BIMI still asks for it, because receivers of RFC 7489 act on it.
  if (word === 'quarantine' && percent !== undefined && percent !== '100')
    return `the DMARC record of ${domain} says ${tag}=quarantine with pct=${percent.slice(0, 10)}`;
  return null;
};
