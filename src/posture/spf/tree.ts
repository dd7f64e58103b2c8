/**
 * The whole tree of a domain's SPF records, asked for level by level, questions of one level
 * at once, so that a tree costs as many round trips as it is deep. Goes on past every limit of RFC
 * 7208 (what they come to is counted afterwards, in count.ts); its own bounds are questions,
 * terms and depth, and a term that they stop is shown as `not-asked`. Never decides about a sender.
 *
 * The evaluation of a sender (src/spf/record-evaluation.ts) walks the same records. The two share
 * what they read out of a record (src/spf/terms.ts), not the walk: that one ends at the first match
 * or limit, in the order of the terms and for one address family; this one asks for both families
 * at once and ends at neither.
 */
import { type LimitName, limitText, type ReachedLimit, reached } from '../../../schemas/limit.ts';
import type { SpfTreeRecord } from '../../../schemas/posture/spf.ts';
import type { DnsFailure } from '../../../schemas/posture/state.ts';
import { type IpAddress, parseIp4, parseIp6 } from '../../ip/address.ts';
import { parseSpf, selectSpf } from '../../records/spf.ts';
import { expandName, type MacroValues } from '../../spf/macro.ts';
import { isDnsName } from '../../spf/target-name.ts';
import { causesLookup, hasAll, mxHosts } from '../../spf/terms.ts';
import { SPF_LIMITS } from '../../spf/walk.ts';
import { type Ask, askMx, askNames, askTexts, type Found, noAnswer } from '../ask.ts';
import { networkOf } from './networks.ts';
import { TreeBounds, type TreeLimits } from './tree-bounds.ts';
import { dependsOnSender, type RecordNode, type TermNode, termNode } from './tree-node.ts';

/** Includes inside includes that are followed; far more than the ten that any receiver follows. */
const MAX_DEPTH = SPF_LIMITS.nesting;
/** Names of one MX answer that are looked up, as receivers do (RFC 7208 section 4.6.4). */
const MX_HOST_LIMIT = SPF_LIMITS.mxHosts;

/** What macros stand for; `domain` is the record's own each time. */
type SampleSender = Omit<MacroValues, 'domain'>;

/** A tree and what it cost. */
type SpfTree = {
  readonly root: RecordNode;
  readonly questions: number;
  /** Limits that cut it. */
  readonly limits: readonly ReachedLimit[];
};

/** Limits of an assessment as a whole, which a receiver does not have. */
const OF_AN_ASSESSMENT: ReadonlySet<LimitName> = new Set<LimitName>(['questions', 'domains']);

/** What a tree is grown with. */
type TreeDependencies = { readonly ask: Ask; readonly sender: SampleSender; readonly limits: TreeLimits };

/**
 * Asks for the tree.
 * @param domain normalized
 * @returns never rejects; a term past a limit of this walk is `not-asked`
 */
export const growSpfTree = async (domain: string, dependencies: TreeDependencies): Promise<SpfTree> => {
  const bounds = new TreeBounds(dependencies.limits);
  bounds.mayAsk(domain, ['TXT']);
  const root = await new Growth(dependencies, bounds).growRecord(domain, []);
  return { root, questions: bounds.questions, limits: bounds.reached };
};

/** One tree while it grows: each method asks what its term needs and fills in its node. */
class Growth {
  private readonly ask: Ask;
  private readonly sender: SampleSender;
  private readonly bounds: TreeBounds;

  constructor({ ask, sender }: TreeDependencies, bounds: TreeBounds) {
    this.ask = ask;
    this.sender = sender;
    this.bounds = bounds;
  }

  async growRecord(name: string, above: readonly string[]): Promise<RecordNode> {
    const shown: SpfTreeRecord = { domain: name, state: 'valid', terms: [], lookups: 0 };
    const found = await askTexts(this.ask, name);
    if (found.kind === 'dns-failure') {
      const { failure } = found;
      const reason = `${noAnswer(failure)} for ${failure.type} of ${failure.name}`;
      Object.assign(shown, { state: 'dns-failure', failure, reason });
      return { shown, terms: [], several: false };
    }
    const selection = selectSpf(found.kind === 'found' ? found.values : []);
    if (selection.kind !== 'one') {
      const several = selection.kind === 'several';
      Object.assign(shown, {
        state: several ? 'invalid' : 'absent',
        reason: several
          ? `${selection.texts.length} SPF records stand at ${name}`
          : found.kind === 'absent' && found.nxdomain
            ? `${name} does not exist`
            : `${name} publishes no SPF record`,
      });
      return { shown, terms: [], several };
    }
    return this.growTerms(shown, selection.text, [...above, name]);
  }

  /** Reads a record and grows its terms. @param path domains down to the record's own */
  private async growTerms(shown: SpfTreeRecord, text: string, path: readonly string[]): Promise<RecordNode> {
    const record = parseSpf(text);
    shown.text = record.text;
    if (record.kind === 'fault')
      Object.assign(shown, {
        state: 'invalid',
        reason: `${record.fault.reason} (character ${record.fault.offset + 1})`,
      });
    const isRedirectIdle = hasAll(record.terms);
    let ended = false;
    const nodes: TermNode[] = [];
    const growing: Promise<void>[] = [];
    for (const parsed of record.terms) {
      if (!this.bounds.mayRead()) break;
      const node = termNode(parsed);
      nodes.push(node);
      shown.terms.push(node.shown);
      const isRedirectBesideAll = parsed.kind === 'modifier' && parsed.name === 'redirect' && isRedirectIdle;
      if ((ended && parsed.kind === 'mechanism') || isRedirectBesideAll) {
        node.shown.state = 'unreachable';
        node.shown.reason = isRedirectBesideAll
          ? 'a redirect beside "all" is ignored'
          : 'no sender gets past the "all" before it';
      } else growing.push(this.growTerm(node, shown.domain, path));
      if (parsed.kind === 'mechanism' && parsed.name === 'all') ended = true;
    }
    await Promise.all(growing);
    return { shown, terms: nodes, several: false };
  }

  private async growTerm(node: TermNode, domainOfRecord: string, path: readonly string[]): Promise<void> {
    const { parsed, shown } = node;
    if (parsed.kind === 'unreadable') {
      Object.assign(shown, { state: 'error', reason: parsed.fault.reason });
      return;
    }
    if (parsed.kind === 'mechanism' && (parsed.name === 'ip4' || parsed.name === 'ip6')) {
      node.networks.push(networkOf(parsed.network, parsed.prefixLength));
      return;
    }
    if (parsed.kind === 'unknown-modifier' || parsed.name === 'all') return;
    const spec = parsed.domain;
    const target = spec === null ? domainOfRecord : expandName(spec.tokens, { ...this.sender, domain: domainOfRecord });
    shown.target = target.slice(0, 255).replace(/[^\x20-\x7e]/g, '?');
    shown.macro = dependsOnSender(spec);
    if (!causesLookup(parsed)) return;
    shown.lookups = 1;
    // Whom a ptr lets pass depends on the client, so there is nothing to ask.
    if (parsed.name === 'ptr') return;
    if (!isDnsName(target)) {
      Object.assign(shown, { state: 'error', reason: `"${shown.target}" is not a name that DNS can carry` });
      return;
    }
    switch (parsed.name) {
      case 'include':
      case 'redirect':
        return this.follow(node, target.toLowerCase(), path);
      case 'exists':
        return this.growExists(node, target);
      case 'a':
        return this.growAddresses(node, target, parsed);
      case 'mx':
        return this.growMx(node, target, parsed);
      default:
        return parsed satisfies never;
    }
  }

  private notAsked(node: TermNode, limit = this.bounds.ofQuestions): void {
    Object.assign(node.shown, {
      state: 'not-asked',
      reason: `not asked because of ${limitText(limit)}`,
      limit: this.bounds.cutBy(limit),
    });
  }

  /**
   * Writes a failure to the term that it stops; a limit that is this assessment's own says nothing
   * of what receivers come to.
   */
  private stop(node: TermNode, failure: DnsFailure): void {
    const { limit } = failure;
    if (limit !== undefined && OF_AN_ASSESSMENT.has(limit.name)) this.notAsked(node, limit);
    else {
      node.failure = failure;
      const reason = `${noAnswer(failure)} for ${failure.type} of ${failure.name}`;
      Object.assign(node.shown, { state: 'dns-failure', reason });
    }
  }

  private async follow(node: TermNode, target: string, path: readonly string[]): Promise<void> {
    if (path.includes(target)) {
      Object.assign(node.shown, { state: 'loop', reason: `leads back to ${target}, which includes it` });
      return;
    }
    if (path.length > MAX_DEPTH) return this.notAsked(node, reached('spf-depth', MAX_DEPTH));
    if (this.bounds.isFull) return this.notAsked(node, this.bounds.ofTerms);
    if (!this.bounds.mayAsk(target, ['TXT'])) return this.notAsked(node);
    const child = await this.growRecord(target, path);
    node.child = child;
    node.shown.record = child.shown;
    const { state, failure } = child.shown;
    if (state === 'dns-failure' && failure !== undefined) this.stop(node, failure);
    else if (state === 'absent') {
      node.shown.state = 'error';
      node.shown.reason = child.shown.reason;
      node.shown.voids = { ip4: 1, ip6: 1 };
    } else if (state === 'invalid') Object.assign(node.shown, { state: 'error', reason: child.shown.reason });
  }

  private async growExists(node: TermNode, target: string): Promise<void> {
    if (!this.bounds.mayAsk(target, ['A'])) return this.notAsked(node);
    const found = await askNames(this.ask, target, 'A');
    // An IPv6 client asks for A as well (RFC 7208 section 5.7).
    this.attribute(node, target, { ip4: found, ip6: found });
  }

  private async growAddresses(node: TermNode, target: string, lengths: PrefixLengths): Promise<void> {
    if (!this.bounds.mayAsk(target, ['A', 'AAAA'])) return this.notAsked(node);
    const [ip4, ip6] = await Promise.all([askNames(this.ask, target, 'A'), askNames(this.ask, target, 'AAAA')]);
    addNetworks(node, [ip4, ip6], lengths);
    this.attribute(node, target, { ip4, ip6 });
  }

  private async growMx(node: TermNode, target: string, lengths: PrefixLengths): Promise<void> {
    if (!this.bounds.mayAsk(target, ['MX'])) return this.notAsked(node);
    const found = await askMx(this.ask, target);
    this.attribute(node, target, { ip4: found, ip6: found });
    if (found.kind !== 'found') return;
    const hosts = mxHosts(found.values);
    if (hosts.length > MX_HOST_LIMIT)
      Object.assign(node.shown, {
        state: 'error',
        reason: `${target} has ${hosts.length} MX hosts, more than the ${MX_HOST_LIMIT} that receivers look up`,
      });
    await Promise.all(
      hosts.slice(0, MX_HOST_LIMIT).map(async (host) => {
        if (!this.bounds.mayAsk(host, ['A', 'AAAA'])) return this.notAsked(node);
        const answers = await Promise.all([askNames(this.ask, host, 'A'), askNames(this.ask, host, 'AAAA')]);
        addNetworks(node, answers, lengths);
        const failed = answers.find((answer) => answer.kind === 'dns-failure');
        if (failed?.kind === 'dns-failure') this.stop(node, failed.failure);
      }),
    );
  }

  /** Writes void lookups and failures to the term that caused them. */
  private attribute(node: TermNode, target: string, { ip4, ip6 }: ByFamily): void {
    const { shown } = node;
    const answers = [ip4, ip6];
    const failed = answers.find((answer) => answer.kind === 'dns-failure');
    if (failed?.kind === 'dns-failure') this.stop(node, failed.failure);
    else if (answers.every((answer) => answer.kind === 'absent'))
      Object.assign(shown, {
        state: 'void',
        reason: answers.some((answer) => answer.kind === 'absent' && answer.nxdomain)
          ? `${target} does not exist`
          : `${target} has no record of this kind`,
      });
    shown.voids = { ip4: ip4.kind === 'absent' ? 1 : 0, ip6: ip6.kind === 'absent' ? 1 : 0 };
  }
}

type ByFamily = { readonly ip4: Found<unknown>; readonly ip6: Found<unknown> };

type PrefixLengths = { readonly ip4PrefixLength: number; readonly ip6PrefixLength: number };

const addNetworks = (node: TermNode, answers: readonly Found<string>[], lengths: PrefixLengths): void => {
  for (const answer of answers) {
    if (answer.kind !== 'found') continue;
    for (const text of answer.values) {
      const address: IpAddress | null = parseIp4(text) ?? parseIp6(text);
      if (address !== null)
        node.networks.push(
          networkOf(address, address.family === 4 ? lengths.ip4PrefixLength : lengths.ip6PrefixLength),
        );
    }
  }
};
