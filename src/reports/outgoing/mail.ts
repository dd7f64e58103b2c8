/**
 * The mail that brings a report (RFC 9990 section 3.5.2): a few lines for people, and the
 * compressed report. Pure and deterministic: a second try sends the same octets, so that whoever
 * gets both sees one message. Written here and not by a library: boundary, date and identifiers
 * must not change between tries.
 */
import type { PolicyConfiguration, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts';
import { normalizeName } from '../../dns/name.ts';
import { comparable, domainOf } from '../../verdict/methods/identifiers.ts';
import { endSecondsOf, receiverOf, reportNames } from './names.ts';

/** A report that goes to one address. */
type ReportMail = ReportPeriod &
  Pick<PolicyConfiguration, 'policyDomain'> & {
    readonly reportId: string;
    /** When the report was built, Unix time: the Date of each try. */
    readonly builtSeconds: number;
    /** Address that reports come from, in ASCII. */
    readonly reportSender: string;
    /** Address of the Report Consumer. */
    readonly to: string;
    /** The compressed report. */
    readonly report: Buffer;
  };

/** Columns of a line that is not folded (RFC 5322 section 2.1.1). */
const MAX_COLUMNS = 78;
/** Characters of a line of base64 (RFC 2045 section 6.8). */
const BASE64_COLUMNS = 76;
/** Octets of a local-part (RFC 5321 section 4.5.3.1.1). */
const MAX_LOCAL_PART = 64;

/**
 * Writes the mail.
 * @returns its octets with CRLF; null for an address that no mail without SMTPUTF8 goes to
 */
export const writeReportMail = (mail: ReportMail): Buffer | null => {
  const to = toMailbox(mail.to);
  if (to === null) return null;
  const { fileName, subject, messageId } = reportNames(mail, mail.reportSender);
  // Base64 and the sentences below hold no "_", so no line of them is this boundary.
  const boundary = `=_${mail.reportId}`;
  const head = [
    `Date: ${rfc5322Date(mail.builtSeconds)}`,
    `From: <${mail.reportSender}>`,
    `To: <${to}>`,
    foldedSubject(subject),
    `Message-ID: ${messageId}`,
    // Keeps vacation notices away (RFC 3834 section 5).
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    'Content-Transfer-Encoding: 7bit',
    '',
    ...forPeople(mail),
    '',
    `--${boundary}`,
    // The older place of the name: some readers of reports look nowhere else.
    `Content-Type: application/gzip;\r\n name="${fileName}"`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment;\r\n filename="${fileName}"`,
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), base64Lines(mail.report), Buffer.from(`--${boundary}--\r\n`)]);
};

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOT_ATOM = new RegExp(`^${ATOM}(?:\\.${ATOM})*$`);
const QUOTED_STRING = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;

/**
 * An address as header fields and SMTP commands take it, its domain in A-labels.
 * @returns null for what is none, or has a local-part that is not ASCII
 */
const toMailbox = (address: string): string | null => {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  if (local.length > MAX_LOCAL_PART || !(DOT_ATOM.test(local) || QUOTED_STRING.test(local))) return null;
  const domain = normalizeName(comparable(domainOf(address)));
  return domain !== null && /^[a-z0-9_.-]+$/.test(domain) ? `${local}@${domain}` : null;
};

const rfc5322Date = (seconds: number): string => new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');

const foldedSubject = (parts: readonly string[]): string => {
  const whole = `Subject: ${parts.join(' ')}`;
  return whole.length <= MAX_COLUMNS ? whole : `Subject: ${parts.join('\r\n ')}`;
};

const forPeople = (mail: ReportMail): string[] => [
  'This is a DMARC aggregate report (RFC 9990). It is made for programs: the attachment',
  'holds XML that is compressed with gzip. It tells how mail was authenticated that came to',
  receiverOf(mail.reportSender),
  'and named this domain, or one below it, as its author:',
  comparable(mail.policyDomain).replace(/[^a-z0-9._-]/g, '?'),
  '',
  `From: ${isoSecond(mail.beginSeconds)}`,
  `To:   ${isoSecond(endSecondsOf(mail))}`,
  '',
  'You get it because the DMARC record of that domain asks for reports to this address (rua=).',
];

const isoSecond = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');

/** Lines of base64, each ended. */
const base64Lines = (octets: Buffer): Buffer => {
  const text = octets.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += BASE64_COLUMNS) lines.push(`${text.slice(at, at + BASE64_COLUMNS)}\r\n`);
  return Buffer.from(lines.join(''));
};
