/**
 * A decision that was carried out → what an aggregate report counts of it (RFC 9990 section 3.1),
 * or nothing. Pure. Holds no recipient, no local-part and no subject. LIMITS: 100 signatures, names
 * of 253 characters, sentences of 200.
 */
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { DmarcReading, DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { PolicyConfiguration } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportDkim, ReportRow, ReportSpf } from '../../../schemas/reports/report-row.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { normalizeName } from '../../dns/name.ts';
import { formatIp, parseClientIp } from '../../ip/address.ts';
import type { Decision } from '../../pipeline/decision.ts';
import { parseDmarc } from '../../records/dmarc.ts';
import { comparable, domainOf } from '../../verdict/methods/identifiers.ts';
import { isNullReversePath } from '../../verdict/transport.ts';
import { bareAddress } from '../sending/mailbox.ts';
import { isAboutReports } from './exempt.ts';
import { type AppliedReading, toOutcome } from './outcome.ts';
import { mayQuote, plainSentence } from './sentence.ts';

/** Settings that decide what is counted. */
type CountSettings = Pick<ReportSettings, 'reportSender' | 'reportEnvelopeTo'>;

/** One message: the reports it goes into, and its row there. */
type Counted = { readonly policy: PolicyConfiguration; readonly row: ReportRow };

/** Signatures of a row (RFC 9990 section 3.1.3). */
const MAX_SIGNATURES = 100;

/**
 * What a report counts of a message. Only a verdict that was carried out counts, where a record
 * with policies and an address for reports applied and DMARC passed or failed. A message that is
 * answered 4xx comes again and is counted then.
 * @returns null for what no report counts
 */
export const toCounted = (decision: Decision, facts: SmtpFacts, settings: CountSettings): Counted | null => {
  const { action, verdict } = decision;
  if (verdict === null || action === 'tempfail' || settings.reportSender === '') return null;
  const applied = toApplied(verdict.dmarc);
  const client = parseClientIp(facts.clientIp ?? '');
  if (applied === null || client === null) return null;
  if (isAboutReports(verdict, facts, settings.reportSender)) return null;
  const { alignment } = verdict.dmarc.rfc9989;
  return {
    policy: applied.configuration,
    row: {
      sourceIp: formatIp(client),
      ...toOutcome({ action, disposition: verdict.disposition }, applied.reading),
      dkim: alignment.dkim.aligned === true ? 'pass' : 'fail',
      spf: alignment.spf.aligned === true ? 'pass' : 'fail',
      headerFrom: applied.authorDomain,
      envelopeFrom: toEnvelopeFrom(facts),
      envelopeTo: settings.reportEnvelopeTo ? toEnvelopeTo(facts) : null,
      dkimResults: toDkimResults(verdict.dkim, applied.authorDomain),
      spfResult: toSpfResult(verdict, facts),
    },
  };
};

/** A record that applied. */
type Applied = {
  readonly authorDomain: string;
  readonly configuration: PolicyConfiguration;
  readonly reading: AppliedReading;
};

const toApplied = ({ authorDomain, rfc9989 }: DmarcVerdict): Applied | null => {
  const { result, recordDomain, record, policy } = rfc9989;
  if (authorDomain === null || recordDomain === null || record === null) return null;
  if (result !== 'pass' && result !== 'fail') return null;
  const parsed = parseDmarc(record);
  if (parsed.kind !== 'record' || parsed.policies === null) return null;
  // Reports go by mail only: no other scheme has a transport (RFC 9990 section 3.5).
  if (!parsed.rua.some(({ mailDomain }) => mailDomain !== null)) return null;
  return {
    authorDomain,
    configuration: { policyDomain: recordDomain, record },
    reading: { result, policy, isEnforcing: isEnforcing(policy, parsed.policies) },
  };
};

/** A pass whose policy a DNS failure left open counts as enforced where each candidate is. */
const isEnforcing = (
  policy: DmarcReading['policy'],
  { p, sp, np }: NonNullable<DmarcReading['policy']>['published'],
): boolean => (policy === null ? [sp ?? p, np ?? sp ?? p].every((word) => word !== 'none') : policy.applies !== 'none');

/** A host name as rows have it: lower case, A-labels; null for what is none. */
const hostName = (domain: string): string | null => {
  const name = normalizeName(comparable(domain));
  return name !== null && /^[a-z0-9_.-]+$/.test(name) ? name : null;
};

const toEnvelopeFrom = ({ mailFrom }: SmtpFacts): string | null => {
  if (mailFrom === undefined) return null;
  if (isNullReversePath(mailFrom)) return '';
  return mailFrom.includes('@') ? hostName(domainOf(bareAddress(mailFrom))) : null;
};

/** The one domain of all recipients; a row has room for no more. */
const toEnvelopeTo = ({ rcptTo = [] }: SmtpFacts): string | null => {
  const domains = new Set(rcptTo.map((path) => hostName(domainOf(bareAddress(path)))));
  const [domain = null] = domains;
  return domains.size === 1 ? domain : null;
};

/** In the order of RFC 9990 section 3.1.3: what tells most of the author comes first. */
const toDkimResults = (signatures: readonly DkimSignature[], authorDomain: string): ReportDkim[] =>
  signatures
    .flatMap(({ sdid, selector, result, reason, aligned }) => {
      const domain = hostName(sdid ?? '');
      const name = hostName(selector ?? '');
      if (domain === null || name === null) return [];
      const rank = result !== 'pass' ? 3 : domain === authorDomain ? 0 : aligned === true ? 1 : 2;
      const told = result === 'pass' ? {} : { humanResult: plainSentence(reason) };
      return [{ rank, signature: { domain, selector: name, result, ...told } }];
    })
    .toSorted((left, right) => left.rank - right.rank)
    .slice(0, MAX_SIGNATURES)
    .map(({ signature }) => signature);

/**
 * The MAIL FROM identity, which for the null reverse-path has the domain of HELO (RFC 7208 section
 * 2.4). Only an error is told in words: the other results need none.
 */
const toSpfResult = ({ spf }: Verdict, { mailFrom }: SmtpFacts): ReportSpf | null => {
  const check = mailFrom === undefined ? null : isNullReversePath(mailFrom) ? spf.helo : spf.mailFrom;
  const domain = hostName(check?.domain ?? '');
  if (check === null || domain === null) return null;
  const { result, reason } = check;
  const isError = result === 'temperror' || result === 'permerror';
  const localPart = mailFrom?.slice(0, Math.max(0, mailFrom.lastIndexOf('@'))) ?? '';
  const told = isError && !mayQuote(reason, localPart) ? { humanResult: plainSentence(reason) } : {};
  return { domain, result, ...told };
};
