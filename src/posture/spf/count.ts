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
export const countSpfTree = (root: RecordNode): SpfCount => new Counter().count(root);

/** One tree while it is counted. */
class Counter {
  private lookups = 0;
  private passedAt: string | null = null;
  private complete = true;
  private passesVoidLimit = false;
  private readonly voids = { ip4: 0, ip6: 0 };
  private readonly authorized: Network[] = [];
  private readonly troubles: Trouble[] = [];

  count(root: RecordNode): SpfCount {
    this.countRecord(root, true);
    const { state } = root.shown;
    if (state === 'dns-failure') this.complete = false;
    const { lookups, passedAt, voids, complete } = this;
    const networks = countNetworks(this.authorized);
    return { ...this.outcomeOf(root), all: allOf(root), lookups, passedAt, voids, networks, complete };
  }

  private outcomeOf({ shown: { state, failure, reason = '' } }: RecordNode): Pick<SpfCount, 'outcome' | 'reason'> {
    if (state === 'absent') return { outcome: 'none', reason };
    if (state === 'dns-failure') return { outcome: errorWord(failure ?? null), reason };
    if (state === 'invalid') return { outcome: 'permerror', reason };
    return this.troubles[0] ?? { outcome: 'usable', reason: 'receivers can use the record' };
  }

  private permerror(reason: string): void {
    this.troubles.push({ outcome: 'permerror', reason });
  }

  private countRecord(record: RecordNode, authorizes: boolean): void {
    const before = this.lookups;
    let ended = false;
    // The redirect comes last, wherever it is written (RFC 7208 section 6.1).
    for (const node of [...record.terms].sort((one, other) => order(one) - order(other))) {
      if (node.shown.state === 'unreachable') continue;
      if (ended && (node.parsed.kind === 'mechanism' || node.shown.name === 'redirect')) makeUnreachable(node.shown);
      else this.countTerm(node, record.shown.domain, authorizes);
      ended ||= node.shown.name === 'include' && node.child !== null && allOf(node.child) === '+';
    }
    record.shown.lookups = this.lookups - before;
  }

  private countTerm(node: TermNode, domain: string, authorizes: boolean): void {
    const { shown, parsed } = node;
    const place = `${shown.text} in the record of ${domain}`;
    if (shown.state === 'not-asked' || shown.state === 'dns-failure') this.complete = false;
    this.countLookups(shown, place);
    this.countVoids(shown, place);
    this.judge(node, `at ${place}: ${shown.reason}`);
    const isPass = parsed.kind !== 'mechanism' || parsed.qualifier === '+';
    if (authorizes && isPass) this.authorized.push(...node.networks);
    if (node.child !== null) this.countRecord(node.child, authorizes && isPass);
    shown.networks = countNetworks(node.child === null ? node.networks : networksOf(node.child));
  }

  private countLookups(shown: SpfTreeTerm, place: string): void {
    if (shown.lookups > 0) {
      this.lookups += shown.lookups;
      shown.lookupsSoFar = this.lookups;
      if (this.lookups > LOOKUP_LIMIT && this.passedAt === null) {
        this.passedAt = place;
        this.permerror(`the tree takes more than ${LOOKUP_LIMIT} lookups, passed at ${place}`);
      }
    }
    shown.overLimit = this.passedAt !== null;
  }

  private countVoids(shown: SpfTreeTerm, place: string): void {
    const { voids } = this;
    voids.ip4 += shown.voids.ip4;
    voids.ip6 += shown.voids.ip6;
    if (this.passesVoidLimit || Math.max(voids.ip4, voids.ip6) <= VOID_LIMIT) return;
    this.passesVoidLimit = true;
    this.permerror(`more than ${VOID_LIMIT} lookups find nothing, passed at ${place}`);
  }

  private judge({ shown, parsed, failure }: TermNode, reason: string): void {
    if (shown.state === 'dns-failure') this.troubles.push({ outcome: errorWord(failure), reason });
    else if (shown.state === 'loop') this.permerror(reason);
    else if (shown.state === 'error' && !(shown.macro && parsed.kind === 'mechanism')) this.permerror(reason);
  }
}

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
