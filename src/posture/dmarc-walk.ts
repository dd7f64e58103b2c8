/**
 * DMARC of a domain: the Tree Walk step by step, the record that applies with each tag's meaning,
 * the policies for the domain and below it, the receivers of reports, and how the older reading
 * differs. RFC 9989 section 4.10, RFC 9990 section 4, RFC 7489 section 6.6.3.
 */
import type { DmarcPosture } from '../../schemas/posture/dmarc.ts';
import type { DnsFailure } from '../../schemas/posture/state.ts';
import { type BimiGround, bimiGround } from '../dmarc/bimi-ground.ts';
import { beginDmarc } from '../dmarc/evaluate.ts';
import { applicableRecord } from '../dmarc/policy.ts';
import { checkReportAddresses } from '../dmarc/report-addresses.ts';
import { organizationalDomain, recordLookup, type TreeWalk, walkTree } from '../dmarc/tree-walk.ts';
import type { Lookup } from '../dns/lookup.ts';
import type { DmarcRecord } from '../records/dmarc.ts';
import { selectDmarc } from '../records/dmarc.ts';
import { type Ask, noAnswer } from './ask.ts';
import { explainTags } from './dmarc-tags.ts';

/** Steps of a walk (RFC 9989 section 4.10). */
const MAX_STEPS = 8;

/** DMARC of a domain, and whether its policy lets receivers show a logo, from one walk. */
export type AssessedDmarc = { readonly posture: DmarcPosture; readonly ground: BimiGround };

/** Looks at DMARC. @param domain normalized @returns never rejects */
export const assessDmarc = async (
  domain: string,
  ask: Ask,
  lookup: Lookup,
  deadlineMs: number,
): Promise<AssessedDmarc> => {
  prefetchRecords(domain, ask);
  const askRecord = recordLookup(lookup, deadlineMs);
  const [walk, verdict] = await Promise.all([
    walkTree(domain, askRecord),
    // No identifier at all: what is left is which record and which policy each reading applies.
    beginDmarc(domain, lookup, deadlineMs).finish({ spf: [], dkim: [] }),
  ]);
  const ground = bimiGround(walk, verdict.rfc9989.policy?.applies ?? null);
  const organizational = organizationalDomain(walk);
  const applicable = applicableRecord(walk);
  const older = verdict.rfc7489;
  const common = {
    steps: stepsOf(walk),
    organizationalDomain: organizational,
    several: severalAt(domain, walk),
    rfc7489: {
      organizationalDomain: older.organizationalDomain ?? domain,
      recordDomain: older.recordDomain,
      policy: older.applies,
      percent: older.percent,
      ...(older.result === 'temperror' && failureOf(walk)),
    },
    agree: verdict.agree,
    ...(verdict.difference !== undefined && { difference: verdict.difference }),
  };
  if (applicable.kind !== 'record') {
    const unusable = unusableAt(domain, walk);
    const posture: DmarcPosture = {
      state: applicable.kind === 'unknown' ? 'dns-failure' : unusable === null ? 'absent' : 'invalid',
      ...failureOf(walk),
      ...common,
      recordDomain: null,
      record: unusable,
      inherited: false,
      tags: [],
      faults: [],
      policy: null,
      reports: [],
    };
    return { posture, ground };
  }
  const { record, domain: recordDomain } = applicable.found;
  const posture: DmarcPosture = {
    state: record.policies === null ? 'invalid' : 'valid',
    ...failureOf(walk),
    ...common,
    recordDomain,
    record: record.text,
    inherited: recordDomain !== domain,
    tags: explainTags(record),
    faults: record.faults.map(({ offset, reason }) => ({ offset, reason })),
    policy: policyOf(record, verdict.rfc9989.policy?.tag ?? (recordDomain === domain ? 'p' : null)),
    reports: await checkReportAddresses(applicable.found, organizational, ask, askRecord),
  };
  return { posture, ground };
};

/** Every step of a walk is known beforehand: prefetched at once they cost one round trip. */
const prefetchRecords = (domain: string, ask: Ask): void => {
  const labels = domain.split('.');
  for (let left = Math.min(labels.length, MAX_STEPS - 1); left > 0; left -= 1)
    void ask(`_dmarc.${labels.slice(-left).join('.')}`, 'TXT');
  void ask(`_dmarc.${domain}`, 'TXT');
};

const stepsOf = (walk: TreeWalk): DmarcPosture['steps'] =>
  walk.steps.map(({ domain, answer }) => {
    const step = { domain, name: `_dmarc.${domain}` };
    switch (answer.kind) {
      case 'record':
        return { ...step, outcome: 'record', record: answer.record.text };
      case 'none':
        return { ...step, outcome: 'none', reason: answer.reason };
      case 'failure':
        return { ...step, outcome: 'dns-failure', reason: noAnswer(answer.failure) };
      default:
        return answer satisfies never;
    }
  });

const failureOf = (walk: TreeWalk): { failure?: DnsFailure } => {
  const last = walk.steps.at(-1);
  return last?.answer.kind === 'failure'
    ? { failure: { name: `_dmarc.${last.domain}`, type: 'TXT', ...last.answer.failure } }
    : {};
};

/**
 * A text at the domain's own name that means to be a DMARC record and is none; several are none
 * (RFC 9989 section 4.10 step 2).
 */
const unusableAt = (domain: string, walk: TreeWalk): string | null => {
  const own = walk.steps.find((step) => step.domain === domain);
  if (own?.answer.kind !== 'none') return null;
  return own.answer.texts.find((text) => /^\s*v\s*=\s*dmarc1/i.test(text)) ?? null;
};

const severalAt = (domain: string, walk: TreeWalk): boolean => {
  const own = walk.steps.find((step) => step.domain === domain);
  return own?.answer.kind === 'none' && selectDmarc(own.answer.texts).kind === 'several';
};

/**
 * Policies as published.
 * @param tag the one that applies to the domain; null when DNS leaves open which
 */
const policyOf = (record: DmarcRecord, tag: 'p' | 'sp' | 'np' | null): DmarcPosture['policy'] => {
  if (record.policies === null || tag === null) return null;
  const { p } = record.policies;
  const subdomains = record.policies.sp ?? p;
  const nonExistent = record.policies.np ?? subdomains;
  return {
    domain: { p, sp: subdomains, np: nonExistent }[tag],
    subdomains,
    nonExistent,
    testing: record.testing,
  };
};
