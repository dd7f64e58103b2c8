/**
 * What a tree of SPF records comes to for a sender that nothing matches: the strict count of RFC
 * 7208 section 4.6.4 in the order of evaluation, the term that passes a limit, and the first thing
 * that ends in permerror or temperror. Pure; fills the counts into the shown tree. Asks nothing.
 */
import { LIMITS } from '../../../schemas/limit.ts';
import type { NetworkCount, SpfTreeTerm, VoidCount } from '../../../schemas/posture/spf.ts';
import type { DnsFailure } from '../../../schemas/posture/state.ts';
import type { SpfQualifier } from '../../records/spf.ts';
import { SPF_LIMITS } from '../../spf/walk.ts';
import { countNetworks, type Network } from './networks.ts';
import type { RecordNode, TermNode } from './tree-node.ts';

/** Terms that cause lookups (RFC 7208 section 4.6.4). */
export const LOOKUP_LIMIT = SPF_LIMITS.lookups;
/** Void lookups (RFC 7208 section 4.6.4). */
export const VOID_LIMIT = SPF_LIMITS.voids;

/** The count of a tree. */
type SpfCount = {
  readonly outcome: 'none' | 'usable' | 'permerror' | 'temperror';
  readonly reason: string;
  /** Qualifier that decides in the end. */
  readonly all: SpfQualifier | null;
  readonly lookups: number;
  readonly passedAt: string | null;
  readonly voids: VoidCount;
  readonly networks: NetworkCount;
  /** False where a limit of the walk or a DNS failure cut the tree. */
  readonly complete: boolean;
};

type Trouble = { readonly outcome: 'permerror' | 'temperror'; readonly reason: string };

/** Counts a tree and fills in its terms. */
export const countSpfTree = (root: RecordNode): SpfCount => {
  let lookups = 0;
  let passedAt: string | null = null;
  let complete = true;
  const voids = { ip4: 0, ip6: 0 };
  const authorized: Network[] = [];
  const troubles: Trouble[] = [];
  const permerror = (reason: string): number => troubles.push({ outcome: 'permerror', reason });

  const countTerm = (node: TermNode, domain: string, authorizes: boolean): void => {
    const { shown, parsed } = node;
    if (shown.state === 'not-asked' || shown.state === 'dns-failure') complete = false;
    if (shown.lookups > 0) {
      lookups += shown.lookups;
      shown.lookupsSoFar = lookups;
      if (lookups > LOOKUP_LIMIT && passedAt === null) {
        passedAt = `${shown.text} in the record of ${domain}`;
        permerror(`the tree takes more than ${LOOKUP_LIMIT} lookups, passed at ${passedAt}`);
      }
    }
    shown.overLimit = passedAt !== null;
    voids.ip4 += shown.voids.ip4;
    voids.ip6 += shown.voids.ip6;
    if (
      Math.max(voids.ip4, voids.ip6) > VOID_LIMIT &&
      !troubles.some(({ reason }) => reason.startsWith(`more than ${VOID_LIMIT} `))
    )
      permerror(`more than ${VOID_LIMIT} lookups find nothing, passed at ${shown.text} in the record of ${domain}`);
    const place = `at ${shown.text} in the record of ${domain}: ${shown.reason}`;
    if (shown.state === 'dns-failure') troubles.push({ outcome: errorWord(node.failure), reason: place });
    else if (shown.state === 'loop') permerror(place);
    else if (shown.state === 'error' && !(shown.macro && parsed.kind === 'mechanism')) permerror(place);
    const isPass = parsed.kind !== 'mechanism' || parsed.qualifier === '+';
    if (authorizes && isPass) authorized.push(...node.networks);
    if (node.child !== null) countRecord(node.child, authorizes && isPass);
    shown.networks = countNetworks(node.child === null ? node.networks : networksOf(node.child));
  };

  const countRecord = (record: RecordNode, authorizes: boolean): void => {
    const before = lookups;
    let ended = false;
    // The redirect comes last, wherever it is written (RFC 7208 section 6.1).
    for (const node of [...record.terms].sort((one, other) => order(one) - order(other))) {
      if (node.shown.state === 'unreachable') continue;
      if (ended && (node.parsed.kind === 'mechanism' || node.shown.name === 'redirect')) makeUnreachable(node.shown);
      else countTerm(node, record.shown.domain, authorizes);
      ended ||= node.shown.name === 'include' && node.child !== null && allOf(node.child) === '+';
    }
    record.shown.lookups = lookups - before;
  };

  countRecord(root, true);
  const { state, reason: stateReason = '' } = root.shown;
  if (state === 'invalid') troubles.unshift({ outcome: 'permerror', reason: stateReason });
  if (state === 'dns-failure') complete = false;
  const first =
    state === 'dns-failure' ? { outcome: errorWord(root.shown.failure ?? null), reason: stateReason } : troubles[0];
  const settled =
    state === 'absent'
      ? { outcome: 'none' as const, reason: stateReason }
      : (first ?? { outcome: 'usable' as const, reason: 'receivers can use the record' });
  return {
    ...settled,
    all: allOf(root),
    lookups,
    passedAt,
    voids,
    networks: countNetworks(authorized),
    complete,
  };
};

/**
 * What the verifier comes to as well: a limit on one answer strikes every receiver that runs this
 * service.
 */
const errorWord = (failure: DnsFailure | null): 'permerror' | 'temperror' =>
  failure?.limit !== undefined && LIMITS[failure.limit.name].lasting ? 'permerror' : 'temperror';

const order = ({ shown }: TermNode): number => (shown.name === 'redirect' ? 1 : 0);

const makeUnreachable = (shown: SpfTreeTerm): void => {
  shown.state = 'unreachable';
  shown.reason = 'no sender gets past the include before it, which passes everyone';
  shown.lookups = 0;
  shown.voids = { ip4: 0, ip6: 0 };
};

/** Networks that pass a record. */
const networksOf = (record: RecordNode): Network[] =>
  record.terms.flatMap(({ parsed, shown, networks, child }) => {
    if (shown.state === 'unreachable' || (parsed.kind === 'mechanism' && parsed.qualifier !== '+')) return [];
    return child === null ? networks : networksOf(child);
  });

/**
 * The qualifier that decides a record for a sender that nothing else matches; null: neither all nor
 * a redirect to one.
 */
const allOf = (record: RecordNode): SpfQualifier | null => {
  for (const { parsed, child, shown } of record.terms) {
    if (parsed.kind === 'mechanism' && parsed.name === 'all') return parsed.qualifier;
    if (shown.name === 'redirect' && child !== null && shown.state !== 'unreachable') {
      const beyond = allOf(child);
      if (beyond !== null) return beyond;
    }
  }
  return null;
};
