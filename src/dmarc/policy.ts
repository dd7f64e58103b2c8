/**
 * Which DMARC record applies to an Author Domain, and which policy of it (RFC 9989 sections 4.10.1
 * and 4.7). Pure but for the existence test that `np` asks for (section A.4).
 */
import type { DmarcPolicy } from '../../schemas/dmarc.ts';
import type { LimitName } from '../../schemas/limit.ts';
import type { Failure } from '../dns/failure.ts';
import type { Lookup } from '../dns/lookup.ts';
import type { DmarcRecord } from '../records/dmarc.ts';
import { type FoundRecord, foundRecords, organizationalDomain, type TreeWalk } from './tree-walk.ts';

/**
 * The record that applies: the Author Domain's own, else that of the Organizational Domain, else
 * that of the public suffix above it.
 * @returns `unknown` when the walk failed before a record could be known to apply
 */
export const applicableRecord = (
  walk: TreeWalk,
): { kind: 'record'; found: FoundRecord } | { kind: 'none' } | { kind: 'unknown'; failure: Failure } => {
  const found = foundRecords(walk);
  const own = found.find(({ domain }) => domain === walk.start);
  // The Author Domain's own record applies whatever is above it, even where the rest of the walk
  // failed.
  if (own !== undefined) return { kind: 'record', found: own };
  if (walk.failure !== null) return { kind: 'unknown', failure: walk.failure };
  const organizational = organizationalDomain(walk);
  const last = found.at(-1);
  const inherited =
    found.find(({ domain }) => domain === organizational) ?? (last?.record.psd === 'y' ? last : undefined);
  return inherited === undefined ? { kind: 'none' } : { kind: 'record', found: inherited };
};

/** A record with policies, and the domain that publishes it. */
type FoundPolicies = {
  readonly domain: string;
  readonly record: DmarcRecord & { readonly policies: NonNullable<DmarcRecord['policies']> };
};

/** The policy that applies, and the tag it came from. */
type AppliedPolicy = { tag: 'p' | 'sp' | 'np'; word: DmarcPolicy };

/** One level lower, which `t=y` asks for (RFC 9989 section 4.7). */
export const ONE_LEVEL_LOWER: Readonly<Record<DmarcPolicy, DmarcPolicy>> = {
  reject: 'quarantine',
  quarantine: 'none',
  none: 'none',
};

/**
 * Chooses between p, sp and np.
 * @param found the record that applies; its `policies` must not be null
 * @returns null when a DNS failure leaves open whether the Author Domain exists and that makes a
 * difference
 */
export const applyPolicy = async (
  { domain, record }: FoundPolicies,
  authorDomain: string,
  exists: ExistenceTest,
): Promise<AppliedPolicy | null> => {
  const { p, sp, np } = record.policies;
  const lower = (word: DmarcPolicy): DmarcPolicy => (record.testing ? ONE_LEVEL_LOWER[word] : word);
  if (domain === authorDomain) return { tag: 'p', word: lower(p) };
  const subdomain: AppliedPolicy = sp === null ? { tag: 'p', word: lower(p) } : { tag: 'sp', word: lower(sp) };
  if (np === null) return subdomain;
  const existing = await exists(authorDomain);
  if (existing === null) return lower(np) === subdomain.word ? subdomain : null;
  return existing ? subdomain : { tag: 'np', word: lower(np) };
};

/** Limits on what an answer holds: there was one. */
const PROVES_EXISTENCE: ReadonlySet<LimitName> = new Set<LimitName>(['records', 'cname-links']);

/** Whether a domain exists; null when a DNS failure leaves it unknown. */
export type ExistenceTest = (domain: string) => Promise<boolean | null>;

/**
 * The existence test (RFC 9989 section A.4): only NXDOMAIN means that a name does not exist. A
 * question for A follows a CNAME and gets the target's NXDOMAIN (RFC 6604 section 3), so the name's
 * own CNAME is asked for as well. A name with more records than are used exists.
 */
export const existenceTest =
  (lookup: Lookup, deadlineMs: number): ExistenceTest =>
  async (domain) => {
    for (const type of ['A', 'CNAME'] as const) {
      const answer = await lookup({ name: domain, type }, deadlineMs);
      if (answer.kind === 'failure') {
        if (answer.failure === 'badname') return false;
        return answer.failure === 'limit' && PROVES_EXISTENCE.has(answer.limit.name) ? true : null;
      }
      if (answer.kind === 'records' || (answer.kind === 'nodata' && type === 'A')) return true;
    }
    return false;
  };
