/**
 * SPF of a domain: its record tree with every cost, and on request whether one sender would pass
 * (RFC 7208). The tree is grown and counted elsewhere; both are joined with what else is published
 * at the name.
 */
import type { SpfPosture } from '../../../schemas/posture/spf.ts';
import type { SpfCheck } from '../../../schemas/spf.ts';
import type { Lookup } from '../../dns/lookup.ts';
import { parseClientIp } from '../../ip/address.ts';
import { parseSpf, selectSpf } from '../../records/spf.ts';
import { checkHost } from '../../spf/check-host.ts';
import { type Ask, askTexts } from '../ask.ts';
import { countSpfTree, LOOKUP_LIMIT, VOID_LIMIT } from './count.ts';
import { growSpfTree } from './tree.ts';
import type { TreeLimits } from './tree-bounds.ts';

/**
 * An address of documentation (RFC 5737), so that a sample of a macro asks for no one's real
 * address.
 */
const SAMPLE_CLIENT_IP = '192.0.2.1';
/**
 * DNS header, then QTYPE, QCLASS and the two octets that end and begin a name (RFC 1035 section
 * 4.1).
 */
const HEADER_BYTES = 12;
const QUESTION_BYTES = 6;
/** A compressed owner name, TYPE, CLASS, TTL and RDLENGTH (RFC 1035 section 4.1.3). */
const RECORD_BYTES = 12;

/** Who sends, as far as the caller says. */
export type GivenSender = {
  readonly clientIp?: string | undefined;
  readonly mailFrom?: string | undefined;
  readonly helo?: string | undefined;
};

/** What the check works with. */
type SpfDependencies = {
  readonly ask: Ask;
  readonly lookup: Lookup;
  readonly deadlineMs: number;
  readonly monotonicMs: () => number;
  readonly epochSeconds: number;
  readonly limits: TreeLimits;
};

/** Looks at SPF. @param domain normalized @returns never rejects */
export const assessSpf = async (
  domain: string,
  given: GivenSender,
  dependencies: SpfDependencies,
): Promise<SpfPosture> => {
  const sample = {
    clientIp: given.clientIp ?? SAMPLE_CLIENT_IP,
    mailFrom: given.mailFrom ?? `postmaster@${domain}`,
    helo: given.helo ?? `mail.${domain}`,
  };
  const at = sample.mailFrom.lastIndexOf('@');
  const ip = parseClientIp(sample.clientIp) ?? { family: 4, bytes: Uint8Array.of(192, 0, 2, 1) };
  const [tree, found, type99, sender] = await Promise.all([
    growSpfTree(domain, {
      ask: dependencies.ask,
      limits: dependencies.limits,
      sender: {
        ip,
        localPart: at > 0 ? sample.mailFrom.slice(0, at) : 'postmaster',
        senderDomain: sample.mailFrom.slice(at + 1),
        helo: sample.helo,
        validatedName: 'unknown',
        receiver: 'unknown',
        epochSeconds: dependencies.epochSeconds,
      },
    }),
    askTexts(dependencies.ask, domain),
    dependencies.ask(domain, 'SPF'),
    given.clientIp === undefined ? undefined : checkSender(domain, sample, dependencies),
  ]);
  const texts = found.kind === 'found' ? found.values : [];
  const selection = selectSpf(texts);
  const records = selection.kind === 'none' ? [] : selection.kind === 'one' ? [selection.text] : [...selection.texts];
  const parsed = records.length === 1 ? parseSpf(records[0] ?? '') : null;
  const count = countSpfTree(tree.root);
  const { state, failure } = tree.root.shown;
  return {
    state,
    ...(failure !== undefined && { failure }),
    records,
    ...(parsed?.kind === 'fault' && { fault: { offset: parsed.fault.offset, reason: parsed.fault.reason } }),
    outcome: count.outcome,
    reason: count.reason,
    all: count.all,
    lookups: { used: count.lookups, limit: LOOKUP_LIMIT, passedAt: count.passedAt },
    voids: { ...count.voids, limit: VOID_LIMIT },
    networks: count.networks,
    tree: records.length === 0 && state !== 'dns-failure' ? null : tree.root.shown,
    complete: count.complete && tree.limits.length === 0,
    limits: [...tree.limits],
    questions: tree.questions,
    size: { recordBytes: Math.max(0, ...records.map((text) => text.length)), answerBytes: answerBytes(domain, texts) },
    type99: type99.kind === 'failure' ? null : type99.kind === 'records',
    sample,
    ...(sender !== undefined && { sender }),
  };
};

/** Bytes of a UDP answer with these TXT records, without EDNS0. */
const answerBytes = (domain: string, texts: readonly string[]): number =>
  texts.reduce(
    (total, text) => total + RECORD_BYTES + text.length + Math.max(1, Math.ceil(text.length / 255)),
    HEADER_BYTES + domain.length + QUESTION_BYTES,
  );

/**
 * Whether the sender would pass. The evaluation asks in its own order and needs no prefetch: the
 * tree asks the same questions beside it, level by level, under the same budget.
 */
const checkSender = async (
  domain: string,
  sample: SpfPosture['sample'],
  dependencies: SpfDependencies,
): Promise<SpfCheck> => {
  const checked = await checkHost(
    { ip: sample.clientIp, domain, sender: sample.mailFrom, helo: sample.helo, receiver: '' },
    { ...dependencies, limits: {} },
  );
  return {
    identity: 'mailfrom',
    domain: checked.domain,
    result: checked.result,
    reason: checked.reason,
    ...(checked.explanation !== null && { explanation: checked.explanation }),
    ...(checked.record !== null && { record: checked.record }),
    ...(checked.matched !== null && { matched: `${checked.matched.term} in the record of ${checked.matched.domain}` }),
    lookups: checked.lookups,
    voids: checked.voids,
    trace: checked.trace,
  };
};
