/**
 * The older reading of DMARC: the record of the Author Domain or of its Organizational Domain by
 * the Public Suffix List. RFC 7489 section 6.6.3.
 */
import type { DmarcOlderReading, DmarcPolicy, DmarcReading } from '../../schemas/dmarc.ts';
import { causeText } from '../dns/failure.ts';
import { organizationalDomainByList } from '../dns/public-suffix.ts';
import { readAsRfc7489 } from '../records/dmarc.ts';
import type { AlignmentTest } from './alignment.ts';
import { ONE_LEVEL_LOWER } from './policy.ts';
import { alignAll, errorWord, type Identifiers, NO_ALIGNMENT, noRecord, resultOf } from './reading.ts';
import type { DmarcAnswer, RecordLookup } from './tree-walk.ts';

/**
 * RFC 7489 section 6.6.3: the record of the Author Domain, else that of its Organizational Domain
 * by the Public Suffix List.
 */
export const readByPublicSuffix = async (
  authorDomain: string,
  identifiers: Identifiers,
  askRecord: RecordLookup,
): Promise<DmarcOlderReading> => {
  const organizational = organizationalDomainByList(authorDomain);
  const test: AlignmentTest = async (domain, mode) =>
    domain === authorDomain || (mode === 'relaxed' && organizationalDomainByList(domain) === organizational);
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
  // RFC 7489 section 6.6.4: a message outside the sample gets the next lower policy; with pct=0
  // that is every message.
  const applies = percent === 0 ? ONE_LEVEL_LOWER[word] : word;
  return older({ ...resultOf(alignment), ...common }, { applies, percent });
};

/** A reading in the form of the older one. */
export const older = (
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
