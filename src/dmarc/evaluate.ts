/**
 * DMARC of a message in two readings: by RFC 9989 (DNS Tree Walk), which is the result, and by RFC 7489 (Public Suffix List), which stands beside it. A failure that
 * could change the result makes it `temperror`, or `permerror` where it is a limit of ours that would strike again.
 */
import { getDomain } from 'tldts';
import type {
  DmarcOlderReading,
  DmarcPolicy,
  DmarcReading,
  DmarcReportAddress,
  DmarcVerdict,
} from '../../schemas/dmarc.ts';
import { limitText } from '../../schemas/limit.ts';
import { causeText, type Failure, isLasting } from '../dns/failure.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type DmarcRecord, readAsRfc7489 } from '../records/dmarc.ts';
import { type AlignmentTest, align, type Identifier, treeWalkAlignment } from './alignment.ts';
import { type BimiGround, bimiGround } from './bimi-ground.ts';
import { applicableRecord, applyPolicy, ONE_LEVEL_LOWER } from './policy.ts';
import { checkReportAddresses } from './report-addresses.ts';
import {
  type DmarcAnswer,
  organizationalDomain,
  type RecordLookup,
  recordLookup,
  type TreeWalk,
  walkTree,
} from './tree-walk.ts';

/** Authenticated identifiers: the SPF domain and the SDIDs, lower case A-labels without the last dot. */
export type Identifiers = { spf: Identifier[]; dkim: Identifier[] };

/** An evaluation that was begun as soon as the Author Domain was known, and is finished with the identifiers. */
export type DmarcEvaluation = {
  /** Alignment of one domain in the mode that the record asks for DKIM; null when unknown. */
  dkimAligned: (domain: string) => Promise<boolean | null>;
  finish: (identifiers: Identifiers) => Promise<DmarcVerdict>;
  /** As soon as the records are known: whether they give ground for BIMI. @param applies the policy that applies; null while it is not known */
  bimiGround: (applies: DmarcPolicy | null) => Promise<BimiGround>;
  /** As soon as the records are known; null when a DNS failure leaves it unknown. */
  organizationalDomain: () => Promise<string | null>;
  /** Where the reports of the record that applies go; asks through a lookup of its own. */
  reports: (lookup: Lookup) => Promise<DmarcReportAddress[]>;
};

const NO_ALIGNMENT = { mode: null, aligned: false, domain: null } as const;

/**
 * Begins: asks for the records at once, so that they come in beside SPF and DKIM.
 * @param authorDomain lower case A-labels without the last dot; an address literal publishes nothing
 */
export const beginDmarc = (authorDomain: string, lookup: Lookup, deadlineMs: number): DmarcEvaluation => {
  const askRecord = recordLookup(lookup, deadlineMs);
  const isLiteral = authorDomain.startsWith('[') || /^[\d.]+$/.test(authorDomain);
  const walk = isLiteral
    ? Promise.resolve<TreeWalk>({ start: authorDomain, steps: [], failure: null })
    : walkTree(authorDomain, askRecord);
  // One test for all, so that the bound on its walks holds for the message.
  const test = walk.then((made) => treeWalkAlignment(made, askRecord));
  return {
    bimiGround: async (applies) => bimiGround(await walk, applies),
    organizationalDomain: async () => organizationalDomain(await walk),
    reports: async (aside) => {
      const made = await walk;
      const applicable = applicableRecord(made);
      if (applicable.kind !== 'record') return [];
      const { record, domain } = applicable.found;
      const ask = (name: string, type: 'TXT') => aside({ name, type }, deadlineMs);
      return checkReportAddresses(record, domain, organizationalDomain(made), ask, recordLookup(aside, deadlineMs));
    },
    dkimAligned: async (domain) => {
      const made = await walk;
      const record = applicableRecord(made);
      const mode = record.kind === 'record' ? record.found.record.adkim : 'relaxed';
      const aligned = await (await test)(domain, mode);
      return typeof aligned === 'boolean' ? aligned : null;
    },
    finish: async (identifiers) => {
      const [rfc9989, rfc7489] = await Promise.all([
        readByTreeWalk(await walk, identifiers, await test, lookup, deadlineMs),
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

const noRecord = (reason: string, organizational: string | null): DmarcReading => ({
  result: 'none',
  reason,
  organizationalDomain: organizational,
  recordDomain: null,
  record: null,
  policy: null,
  alignment: { spf: NO_ALIGNMENT, dkim: NO_ALIGNMENT },
});

/** Neither pass nor fail can be said (RFC 9989 section 5.3.6); which error it is hangs on whether a later attempt may end otherwise. */
const errorWord = (failure: Failure): 'temperror' | 'permerror' => (isLasting(failure) ? 'permerror' : 'temperror');

const readByTreeWalk = async (
  walk: TreeWalk,
  identifiers: Identifiers,
  test: AlignmentTest,
  lookup: Lookup,
  deadlineMs: number,
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
  const applied = await applyPolicy({ ...record, policies }, recordDomain, authorDomain, lookup, deadlineMs);
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

/** RFC 7489 section 6.6.3: the record of the Author Domain, else that of its Organizational Domain by the Public Suffix List. */
const readByPublicSuffix = async (
  authorDomain: string,
  identifiers: Identifiers,
  askRecord: RecordLookup,
): Promise<DmarcOlderReading> => {
  const organizational = byPublicSuffix(authorDomain);
  const test: AlignmentTest = async (domain, mode) =>
    domain === authorDomain || (mode === 'relaxed' && byPublicSuffix(domain) === organizational);
  let recordDomain = authorDomain;
  let answer: DmarcAnswer = await askRecord(authorDomain);
  if (answer.kind === 'none' && organizational !== authorDomain) {
    recordDomain = organizational;
    answer = await askRecord(organizational);
  }
  if (answer.kind === 'failure') {
    const reason = `${causeText(answer.failure)} left the DMARC record of ${recordDomain} unknown`;
    const unknown = { ...NO_ALIGNMENT, aligned: null };
    return older(
      {
        ...noRecord(reason, organizational),
        result: errorWord(answer.failure),
        alignment: { spf: unknown, dkim: unknown },
      },
      null,
    );
  }
  if (answer.kind === 'none') {
    return older(
      noRecord(`neither ${authorDomain} nor ${organizational} publishes a DMARC record`, organizational),
      null,
    );
  }
  const { record } = answer;
  const { policies, percent } = readAsRfc7489(record);
  const alignment = await alignAll(identifiers, record.aspf, record.adkim, test);
  const common = { organizationalDomain: organizational, recordDomain, alignment };
  if (policies === null) {
    const reason = `the record of ${recordDomain} has no valid policy and no address for reports`;
    return older({ result: 'none', reason, ...common }, null);
  }
  const word = recordDomain !== authorDomain && policies.sp !== null ? policies.sp : policies.p;
  // RFC 7489 section 6.6.4: a message outside the sample gets the next lower policy; with pct=0 that is every message.
  const applies = percent === 0 ? ONE_LEVEL_LOWER[word] : word;
  return older({ ...resultOf(alignment), ...common }, { applies, percent });
};

const older = (
  reading: Pick<DmarcReading, 'result' | 'reason' | 'organizationalDomain' | 'recordDomain' | 'alignment'>,
  policy: { applies: DmarcPolicy; percent: number } | null,
): DmarcOlderReading => ({
  result: reading.result,
  reason: reading.reason,
  organizationalDomain: reading.organizationalDomain,
  recordDomain: reading.recordDomain,
  applies: policy?.applies ?? null,
  percent: policy?.percent ?? null,
  spfAligned: reading.alignment.spf.aligned,
  dkimAligned: reading.alignment.dkim.aligned,
});

/** Organizational Domain by the Public Suffix List, private suffixes included, as receivers of RFC 7489 use it (section 3.2). */
const byPublicSuffix = (domain: string): string =>
  getDomain(domain, { allowPrivateDomains: true, validateHostname: false, extractHostname: false, detectIp: false }) ??
  domain;

const alignAll = async (
  identifiers: Identifiers,
  aspf: DmarcRecord['aspf'],
  adkim: DmarcRecord['adkim'],
  test: AlignmentTest,
): Promise<DmarcReading['alignment']> => {
  const [spf, dkim] = await Promise.all([align(identifiers.spf, aspf, test), align(identifiers.dkim, adkim, test)]);
  return { spf, dkim };
};

const resultOf = ({ spf, dkim }: DmarcReading['alignment']): Pick<DmarcReading, 'result' | 'reason'> => {
  const by = [...(spf.aligned ? [`SPF (${spf.domain})`] : []), ...(dkim.aligned ? [`DKIM (${dkim.domain})`] : [])];
  if (by.length > 0) return { result: 'pass', reason: `${by.join(' and ')} ${by.length > 1 ? 'align' : 'aligns'}` };
  const open = [spf, dkim].filter(({ aligned }) => aligned === null);
  const [limit] = open.flatMap((one) => one.limit ?? []);
  if (limit !== undefined && open.every((one) => one.limit !== undefined)) {
    return { result: 'permerror', reason: `${limitText(limit)} left open whether an identifier aligns` };
  }
  if (open.length > 0) {
    return { result: 'temperror', reason: 'a temporary failure left open whether an identifier aligns' };
  }
  return { result: 'fail', reason: 'no authenticated identifier aligns with the author domain' };
};

/** Whether the readings agree, and the first thing that makes them differ. */
const compare = (newer: DmarcReading, older: DmarcOlderReading): Pick<DmarcVerdict, 'agree' | 'difference'> => {
  if (newer.result === older.result && (newer.policy?.applies ?? null) === older.applies) return { agree: true };
  return { agree: false, difference: difference(newer, older) };
};

const difference = (newer: DmarcReading, older: DmarcOlderReading): string => {
  const told = (result: string, policy: DmarcPolicy | null): string =>
    policy === null ? result : `${result} with policy ${policy}`;
  const words = `RFC 9989 gives ${told(newer.result, newer.policy?.applies ?? null)}, RFC 7489 ${told(older.result, older.applies)}`;
  if (newer.recordDomain !== older.recordDomain) {
    return `${words}: the Tree Walk uses the record of ${newer.recordDomain ?? 'no domain'}, the Public Suffix List that of ${older.recordDomain ?? 'no domain'}`;
  }
  if (newer.organizationalDomain !== older.organizationalDomain && newer.result !== older.result) {
    return `${words}: the organizational domain is ${newer.organizationalDomain ?? 'unknown'} by the Tree Walk and ${older.organizationalDomain} by the Public Suffix List`;
  }
  if (newer.policy?.testing) return `${words}: t=y lowers the policy by one level, which RFC 7489 does not know`;
  if (newer.policy?.tag === 'np')
    return `${words}: np applies to this non-existent subdomain, which RFC 7489 does not know`;
  if (older.percent === 0) return `${words}: pct=0 lowers the policy in RFC 7489 and is ignored by RFC 9989`;
  return `${words}: the tags of the record are read differently`;
};
