/**
 * What a report is called: Report-ID, file, subject and Message-ID (RFC 9990 sections 3.1.4, 3.5.1
 * and 3.5.2). Pure: the same report has the same names on every try and in every process.
 */
import { hash } from 'node:crypto';
import type { PolicyConfiguration, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts';
import { comparable, domainOf } from '../../verdict/methods/identifiers.ts';

/** What tells a report from every other. */
type ReportIdentity = PolicyConfiguration &
  ReportPeriod & {
    /** 1 for the first report of its period and policy configuration. */
    readonly sequence: number;
    /** Address that reports come from. */
    readonly reportSender: string;
    /**
     * What tells its store from others that send as the same address. Without it two instances
     * that share no store would give one id to different reports.
     */
    readonly storeId: string;
  };

/**
 * Characters of a Report-ID that stand for all that makes it unique: 82 bits. No more, so that it
 * finds room in the local-part of a bounce address.
 */
const UNIQUE_CHARACTERS = 16;

/**
 * The Report-ID. Small letters and digits only: it is the unique-id of the file name too, whose
 * grammar has no more, and both must be identical (RFC 9990 section 3.1.4).
 */
export const reportIdOf = (identity: ReportIdentity): string => {
  const { policyDomain, record, beginSeconds, periodSeconds, sequence, reportSender, storeId } = identity;
  const unique = JSON.stringify([
    receiverOf(reportSender),
    storeId,
    policyDomain,
    record,
    beginSeconds,
    periodSeconds,
    sequence,
  ]);
  const [day = ''] = new Date(beginSeconds * 1000).toISOString().split('T');
  const digits = BigInt(`0x${hash('sha256', unique, 'hex')}`).toString(36);
  return `${day.replaceAll('-', '')}x${digits.slice(-UNIQUE_CHARACTERS)}`;
};

/** The Mail Receiver that a report names as its submitter: the domain of the sender. */
export const receiverOf = (reportSender: string): string => hostName(domainOf(reportSender));

/** The last second of a period: the next one begins after it, so that periods do not overlap. */
export const endSecondsOf = ({ beginSeconds, periodSeconds }: ReportPeriod): number => beginSeconds + periodSeconds - 1;

/** What the names of a report are made of. */
type NamedReport = ReportPeriod & Pick<PolicyConfiguration, 'policyDomain'> & { readonly reportId: string };

/** Names of a report as it is sent. */
type ReportNames = {
  readonly fileName: string;
  /** Unfolded; each part after the first has a line of its own where it is too long. */
  readonly subject: readonly string[];
  /** With its angle brackets. */
  readonly messageId: string;
};

/**
 * Names a report as it is sent.
 * @param reportSender address that reports come from
 */
export const reportNames = (report: NamedReport, reportSender: string): ReportNames => {
  const receiver = receiverOf(reportSender);
  const domain = hostName(report.policyDomain);
  const id = report.reportId;
  return {
    fileName: `${receiver}!${domain}!${report.beginSeconds}!${endSecondsOf(report)}!${id}.xml.gz`,
    subject: [`Report Domain: ${domain}`, `Submitter: ${receiver}`, `Report-ID: <${id}>`],
    messageId: `<${id}@${receiver}>`,
  };
};

/** A domain as names have it: what no host name has cannot end a name or a header field. */
const hostName = (domain: string): string => comparable(domain).replace(/[^a-z0-9._-]/g, '_');
