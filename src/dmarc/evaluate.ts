/**
 * DMARC of a message in two readings: by RFC 9989 (DNS Tree Walk), which is the result, and by RFC
 * 7489 (Public Suffix List), for comparison. A failure that could change the result makes
 * it `temperror`, or `permerror` where it is a limit of ours that would strike again.
 */
import type { DmarcPolicy, DmarcReading, DmarcReportAddress, DmarcVerdict } from '../../schemas/dmarc.ts';
import { causeText } from '../dns/failure.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type AlignmentTest, treeWalkAlignment } from './alignment.ts';
import { type BimiGround, bimiGround } from './bimi-ground.ts';
import { compare } from './difference.ts';
import { applicableRecord, applyPolicy, type ExistenceTest, existenceTest } from './policy.ts';
import { alignAll, errorWord, type Identifiers, NO_ALIGNMENT, noRecord, resultOf } from './reading.ts';
import { checkReportAddresses } from './report-addresses.ts';
import { older, readByPublicSuffix } from './rfc7489.ts';
import { organizationalDomain, recordLookup, type TreeWalk, walkTree } from './tree-walk.ts';

/**
 * An evaluation that was begun as soon as the Author Domain was known, and is finished with the
 * identifiers.
 */
export type DmarcEvaluation = {
  /**
   * Alignment of one domain in the mode that the record asks for the method; null when unknown.
   */
  isAligned: (domain: string, method: 'spf' | 'dkim') => Promise<boolean | null>;
  finish: (identifiers: Identifiers) => Promise<DmarcVerdict>;
  /**
   * As soon as the records are known: whether they give ground for BIMI.
   * @param applies the policy that applies; null while it is not known
   */
  bimiGround: (applies: DmarcPolicy | null) => Promise<BimiGround>;
  /** As soon as the records are known; null when a DNS failure leaves it unknown. */
  organizationalDomain: () => Promise<string | null>;
  /** Where the reports of the record that applies go; asks through a lookup of its own. */
  reports: (lookup: Lookup) => Promise<DmarcReportAddress[]>;
};

/**
 * Begins: asks for the records at once, so that they come in beside SPF and DKIM.
 * @param authorDomain lower case A-labels without the last dot; an address literal publishes
 * nothing
 */
export const beginDmarc = (authorDomain: string, lookup: Lookup, deadlineMs: number): DmarcEvaluation => {
  const askRecord = recordLookup(lookup, deadlineMs);
  const isLiteral = authorDomain.startsWith('[') || /^[\d.]+$/.test(authorDomain);
  const walk = isLiteral
    ? Promise.resolve<TreeWalk>({ start: authorDomain, steps: [], failure: null })
    : walkTree(authorDomain, askRecord);
  // One test for all, so that the bound on its walks is one for the message.
  const test = walk.then((made) => treeWalkAlignment(made, askRecord));
  return {
    bimiGround: async (applies) => bimiGround(await walk, applies),
    organizationalDomain: async () => organizationalDomain(await walk),
    reports: async (reportLookup) => {
      const made = await walk;
      const applicable = applicableRecord(made);
      if (applicable.kind !== 'record') return [];
      const ask = (name: string, type: 'TXT') => reportLookup({ name, type }, deadlineMs);
      const askReportRecord = recordLookup(reportLookup, deadlineMs);
      return checkReportAddresses(applicable.found, organizationalDomain(made), ask, askReportRecord);
    },
    isAligned: async (domain, method) => {
      const made = await walk;
      const applicable = applicableRecord(made);
      const record = applicable.kind === 'record' ? applicable.found.record : null;
      const mode = (method === 'spf' ? record?.aspf : record?.adkim) ?? 'relaxed';
      const aligned = await (await test)(domain, mode);
      return typeof aligned === 'boolean' ? aligned : null;
    },
    finish: async (identifiers) => {
      const [rfc9989, rfc7489] = await Promise.all([
        readByTreeWalk(await walk, identifiers, await test, existenceTest(lookup, deadlineMs)),
        isLiteral
          ? older(noRecord('an address literal publishes no record', authorDomain), null)
          : readByPublicSuffix(authorDomain, identifiers, askRecord),
      ]);
      const { reason, ...rest } = rfc7489;
      return {
        result: rfc9989.result,
        authorDomain,
        rfc9989,
        rfc7489: reason === rfc9989.reason ? rest : rfc7489,
        ...compare(rfc9989, rfc7489),
      };
    },
  };
};

/** The verdict for a message without exactly one Author Domain (RFC 9989 section 5.3.1). */
export const noAuthorDomain = (reason: string): DmarcVerdict => {
  const reading: DmarcReading = { ...noRecord(reason, null), result: 'permerror' };
  return { result: 'permerror', authorDomain: null, rfc9989: reading, rfc7489: older(reading, null), agree: true };
};

const readByTreeWalk = async (
  walk: TreeWalk,
  identifiers: Identifiers,
  test: AlignmentTest,
  exists: ExistenceTest,
): Promise<DmarcReading> => {
  const authorDomain = walk.start;
  const organizational = organizationalDomain(walk);
  const applicable = applicableRecord(walk);
  if (applicable.kind === 'unknown') {
    return {
      ...noRecord(`${causeText(applicable.failure)} left the DMARC record of ${authorDomain} unknown`, null),
      result: errorWord(applicable.failure),
      alignment: { spf: { ...NO_ALIGNMENT, aligned: null }, dkim: { ...NO_ALIGNMENT, aligned: null } },
    };
  }
  if (applicable.kind === 'none') {
    const alignment = await alignAll(identifiers, 'relaxed', 'relaxed', test);
    return {
      ...noRecord(`neither ${authorDomain} nor a domain above it publishes a DMARC record`, organizational),
      alignment: { spf: { ...alignment.spf, mode: null }, dkim: { ...alignment.dkim, mode: null } },
    };
  }
  const { record, domain: recordDomain } = applicable.found;
  const alignment = await alignAll(identifiers, record.aspf, record.adkim, test);
  const common = { organizationalDomain: organizational, recordDomain, record: record.text, alignment };
  const { policies } = record;
  if (policies === null) {
    return {
      result: 'none',
      reason: `the record of ${recordDomain} has no valid policy and no address for reports, so it asks for nothing`,
      policy: null,
      ...common,
    };
  }
  const applied = await applyPolicy({ domain: recordDomain, record: { ...record, policies } }, authorDomain, exists);
  const policy = applied && {
    published: { p: policies.p, sp: policies.sp, np: policies.np },
    tag: applied.tag,
    testing: record.testing,
    applies: applied.word,
  };
  const outcome = resultOf(alignment);
  if (outcome.result === 'fail' && policy === null) {
    return {
      result: 'temperror',
      reason: `a DNS failure left open whether ${authorDomain} exists, which decides its policy`,
      policy,
      ...common,
    };
  }
  return { ...outcome, policy, ...common };
};
