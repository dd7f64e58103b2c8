/**
 * DMARC of a message in two readings: by RFC 9989 (DNS Tree Walk), which is the result, and by RFC 7489 (Public Suffix List), which stands beside it. A DNS failure
 * that could change the result makes it `temperror`.
 */
import { getDomain } from 'tldts';
import type { DmarcReading, DmarcVerdict } from '../../schemas/dmarc.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type DmarcRecord, readAsRfc7489 } from '../records/dmarc.ts';
import { type AlignmentTest, align, type Identifier, treeWalkAlignment } from './alignment.ts';
import { applicableRecord, applyPolicy, ONE_LEVEL_LOWER } from './policy.ts';
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
  return {
    dkimAligned: async (domain) => {
      const made = await walk;
      const record = applicableRecord(made);
      const mode = record.kind === 'record' ? record.found.record.adkim : 'relaxed';
      return treeWalkAlignment(authorDomain, organizationalDomain(made), askRecord)(domain, mode);
    },
    finish: async (identifiers) => {
      const [rfc9989, rfc7489] = await Promise.all([
        readByTreeWalk(await walk, identifiers, askRecord, lookup, deadlineMs),
        isLiteral
          ? noRecord('an address literal publishes no record', authorDomain)
          : readByPublicSuffix(authorDomain, identifiers, askRecord),
      ]);
      return { result: rfc9989.result, authorDomain, rfc9989, rfc7489, ...compare(rfc9989, rfc7489) };
    },
  };
};

/** The verdict for a message without exactly one Author Domain (RFC 9989 section 5.3.1). */
export const noAuthorDomain = (reason: string): DmarcVerdict => {
  const reading: DmarcReading = { ...noRecord(reason, null), result: 'permerror' };
  return { result: 'permerror', authorDomain: null, rfc9989: reading, rfc7489: reading, agree: true };
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

const readByTreeWalk = async (
  walk: TreeWalk,
  identifiers: Identifiers,
  askRecord: RecordLookup,
  lookup: Lookup,
  deadlineMs: number,
): Promise<DmarcReading> => {
  const authorDomain = walk.start;
  const organizational = organizationalDomain(walk);
  const test = treeWalkAlignment(authorDomain, organizational, askRecord);
  const applicable = applicableRecord(walk);
  if (applicable.kind === 'unknown') {
    return {
      ...noRecord(`a DNS failure (${applicable.failure}) left the DMARC record of ${authorDomain} unknown`, null),
      result: 'temperror',
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
    percent: null,
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
): Promise<DmarcReading> => {
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
    return {
      ...noRecord(`a DNS failure (${answer.failure}) left the DMARC record of ${recordDomain} unknown`, organizational),
      result: 'temperror',
      alignment: { spf: { ...NO_ALIGNMENT, aligned: null }, dkim: { ...NO_ALIGNMENT, aligned: null } },
    };
  }
  if (answer.kind === 'none')
    return noRecord(`neither ${authorDomain} nor ${organizational} publishes a DMARC record`, organizational);
  const { record } = answer;
  const older = readAsRfc7489(record);
  const alignment = await alignAll(identifiers, record.aspf, record.adkim, test);
  const common = { organizationalDomain: organizational, recordDomain, record: record.text, alignment };
  if (older.policies === null) {
    return {
      result: 'none',
      reason: `the record of ${recordDomain} has no valid policy and no address for reports`,
      policy: null,
      ...common,
    };
  }
  return {
    ...resultOf(alignment),
    policy: olderPolicy(older.policies, older.percent, recordDomain !== authorDomain),
    ...common,
  };
};

const olderPolicy = (
  { p, sp }: NonNullable<ReturnType<typeof readAsRfc7489>['policies']>,
  percent: number,
  inherited: boolean,
): NonNullable<DmarcReading['policy']> => {
  const tag = inherited && sp !== null ? 'sp' : 'p';
  const word = tag === 'sp' && sp !== null ? sp : p;
  // RFC 7489 section 6.6.4: a message outside the sample gets the next lower policy; with pct=0 that is every message.
  return {
    published: { p, sp, np: null },
    tag,
    testing: false,
    percent,
    applies: percent === 0 ? ONE_LEVEL_LOWER[word] : word,
  };
};

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
  const by = [spf.aligned && `SPF domain ${spf.domain}`, dkim.aligned && `DKIM signature of ${dkim.domain}`].filter(
    (word) => word,
  );
  if (by.length > 0)
    return { result: 'pass', reason: `the ${by.join(' and the ')} ${by.length > 1 ? 'align' : 'aligns'}` };
  if (spf.aligned === null || dkim.aligned === null) {
    return { result: 'temperror', reason: 'a temporary failure left open whether an identifier aligns' };
  }
  return { result: 'fail', reason: 'no authenticated identifier aligns with the author domain' };
};

/** Whether the readings agree, and the first thing that makes them differ. */
const compare = (newer: DmarcReading, older: DmarcReading): Pick<DmarcVerdict, 'agree' | 'difference'> => {
  if (newer.result === older.result && newer.policy?.applies === older.policy?.applies) return { agree: true };
  return { agree: false, difference: difference(newer, older) };
};

const difference = (newer: DmarcReading, older: DmarcReading): string => {
  const told = (reading: DmarcReading): string =>
    `${reading.result}${reading.policy ? ` with policy ${reading.policy.applies}` : ''}`;
  const words = `RFC 9989 gives ${told(newer)}, RFC 7489 ${told(older)}`;
  if (newer.recordDomain !== older.recordDomain) {
    return `${words}: the Tree Walk uses the record of ${newer.recordDomain ?? 'no domain'}, the Public Suffix List that of ${older.recordDomain ?? 'no domain'}`;
  }
  if (newer.organizationalDomain !== older.organizationalDomain && newer.result !== older.result) {
    return `${words}: the organizational domain is ${newer.organizationalDomain ?? 'unknown'} by the Tree Walk and ${older.organizationalDomain} by the Public Suffix List`;
  }
  if (newer.policy?.testing) return `${words}: t=y lowers the policy by one level, which RFC 7489 does not know`;
  if (newer.policy?.tag === 'np')
    return `${words}: np applies to this non-existent subdomain, which RFC 7489 does not know`;
  if (older.policy?.percent === 0) return `${words}: pct=0 lowers the policy in RFC 7489 and is ignored by RFC 9989`;
  return `${words}: the tags of the record are read differently`;
};
