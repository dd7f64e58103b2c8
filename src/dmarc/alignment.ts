/**
 * Identifier Alignment (RFC 9989 section 4.4, 4.10.2; RFC 7489 section 3.1): authenticated identifiers held against the Author Domain. An identifier whose check
 * failed for a temporary reason is carried as unknown, so that a DNS failure can never turn into a DMARC failure.
 */

import type { z } from 'zod';
import type { IdentifierAlignment } from '../../schemas/dmarc.ts';
import { organizationalDomain, type RecordLookup, walkTree } from './tree-walk.ts';

/** Tree Walks that identifiers may cause; RFC 9989 section 4.10.2 leaves their number to the receiver. */
export const MAX_ALIGNMENT_WALKS = 10;

/** An identifier and what its check came to: passed, or left open by a failure. */
export type Identifier = { domain: string; state: 'pass' | 'unknown' };

/** true, false, or null when a failure leaves it open. */
export type AlignmentTest = (domain: string, mode: 'relaxed' | 'strict') => Promise<boolean | null>;

/**
 * The test of RFC 9989: relaxed alignment compares Organizational Domains found by Tree Walks.
 * @param authorOrganizational null when the author's own walk failed
 */
export const treeWalkAlignment = (
  authorDomain: string,
  authorOrganizational: string | null,
  askRecord: RecordLookup,
): AlignmentTest => {
  const walks = new Map<string, Promise<string | null>>();
  return async (domain, mode) => {
    if (domain === authorDomain) return true;
    if (mode === 'strict') return false;
    // Without a label in common no walk could make them align.
    if (domain.split('.').at(-1) !== authorDomain.split('.').at(-1)) return false;
    if (authorOrganizational === null) return null;
    // An Organizational Domain is the domain itself or one of its parents, so only what lies under the author's needs a walk.
    if (domain !== authorOrganizational && !domain.endsWith(`.${authorOrganizational}`)) return false;
    let walk = walks.get(domain);
    if (walk === undefined) {
      if (walks.size >= MAX_ALIGNMENT_WALKS) return null;
      walk = walkTree(domain, askRecord).then(organizationalDomain);
      walks.set(domain, walk);
    }
    const organizational = await walk;
    return organizational === null ? null : organizational === authorOrganizational;
  };
};

/** Holds identifiers of one method against the Author Domain; the first that passed and aligns is told. */
export const align = async (
  identifiers: readonly Identifier[],
  mode: 'relaxed' | 'strict',
  test: AlignmentTest,
): Promise<z.infer<typeof IdentifierAlignment>> => {
  const tests = await Promise.all(
    identifiers.map(async ({ domain, state }) => ({ domain, state, aligned: await test(domain, mode) })),
  );
  const passing = tests.find(({ state, aligned }) => state === 'pass' && aligned === true);
  if (passing !== undefined) return { mode, aligned: true, domain: passing.domain };
  const open = tests.some(({ state, aligned }) => aligned === null || (state === 'unknown' && aligned));
  return { mode, aligned: open ? null : false, domain: null };
};
