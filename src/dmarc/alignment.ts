/**
 * Identifier Alignment (RFC 9989 section 4.4, 4.10.2; RFC 7489 section 3.1): authenticated
 * identifiers compared with the Author Domain. An identifier whose check failed for a temporary
 * reason is carried as unknown, so that a DNS failure can never turn into a DMARC failure.
 */

import type { IdentifierAlignment } from '../../schemas/dmarc.ts';
import { reached } from '../../schemas/limit.ts';
import { type Failure, isLasting } from '../dns/failure.ts';
import { organizationalDomain, type RecordLookup, type TreeWalk, walkTree } from './tree-walk.ts';

/**
 * Tree Walks that identifiers may cause; RFC 9989 section 4.10.2 leaves their number to the
 * receiver.
 */
const MAX_ALIGNMENT_WALKS = 10;

/** Identifiers that are reported; a message may have a hundred signatures. */
const MAX_COMPARED = 10;

/** An identifier and what its check came to: passed, or left open by a failure. */
export type Identifier = { domain: string; state: 'pass' | 'unknown' };

/** Whether a domain aligns, or the failure that leaves it open. */
export type AlignmentTest = (domain: string, mode: 'relaxed' | 'strict') => Promise<boolean | Failure>;

/**
 * The test of RFC 9989: relaxed alignment compares Organizational Domains found by Tree Walks.
 * @param author the walk from the Author Domain
 */
export const treeWalkAlignment = (author: TreeWalk, askRecord: RecordLookup): AlignmentTest => {
  const authorDomain = author.start;
  const authorOrganizational = organizationalDomain(author);
  const walks = new Map<string, Promise<TreeWalk>>();
  return async (domain, mode) => {
    if (domain === authorDomain) return true;
    if (mode === 'strict') return false;
    // Without a label in common no walk could make them align.
    if (domain.split('.').at(-1) !== authorDomain.split('.').at(-1)) return false;
    if (author.failure !== null) return author.failure;
    // An Organizational Domain is the domain itself or one of its parents, so only what lies under
    // the author's needs a walk.
    if (domain !== authorOrganizational && !domain.endsWith(`.${authorOrganizational}`)) return false;
    let walk = walks.get(domain);
    if (walk === undefined) {
      if (walks.size >= MAX_ALIGNMENT_WALKS)
        return { failure: 'limit', limit: reached('alignment-walks', MAX_ALIGNMENT_WALKS) };
      walk = walkTree(domain, askRecord);
      walks.set(domain, walk);
    }
    const made = await walk;
    return made.failure ?? organizationalDomain(made) === authorOrganizational;
  };
};

/**
 * Holds identifiers of one method against the Author Domain; the first that passed and aligns is
 * reported. Where nothing but limits of ours that would strike again leave it open, one of them is
 * reported.
 */
export const align = async (
  identifiers: readonly Identifier[],
  mode: 'relaxed' | 'strict',
  test: AlignmentTest,
): Promise<IdentifierAlignment> => {
  const tests = await Promise.all(
    identifiers.map(async ({ domain, state }) => ({ domain, state, aligned: await test(domain, mode) })),
  );
  const passing = tests.find(({ state, aligned }) => state === 'pass' && aligned === true);
  const compared = [...new Set(identifiers.filter(({ state }) => state === 'pass').map(({ domain }) => domain))].slice(
    0,
    MAX_COMPARED,
  );
  if (passing !== undefined) return { mode, aligned: true, domain: passing.domain, compared };
  const open = tests.filter(({ state, aligned }) => typeof aligned === 'object' || (state === 'unknown' && aligned));
  if (open.length === 0) return { mode, aligned: false, domain: null, compared };
  const lasting = open.flatMap(({ aligned }) =>
    typeof aligned === 'object' && aligned.failure === 'limit' && isLasting(aligned) ? [aligned.limit] : [],
  );
  const [limit] = lasting;
  return {
    mode,
    aligned: null,
    domain: null,
    compared,
    ...(limit !== undefined && lasting.length === open.length && { limit }),
  };
};
