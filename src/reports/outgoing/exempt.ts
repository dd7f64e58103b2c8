/**
 * Mail that is not counted because it is about reports: two reporters that reported on each
 * other's reports would never end. Pure. A report that fails DMARC is counted all the same: its
 * sender has to know, and nobody hides forged mail from its victim by a subject.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { bareAddress } from '../sending/mailbox.ts';

/**
 * True for mail to the sender of our reports, such as bounces; for mail of that sender; and for
 * aggregate and TLS reports of others, which share the form of their subject (RFC 9990 section
 * 3.5.2, RFC 8460 section 5.3).
 * @param reportSender address that our reports come from
 */
export const isAboutReports = (
  { dmarc, author, message }: Verdict,
  { rcptTo = [] }: SmtpFacts,
  reportSender: string,
): boolean => {
  const own = ownAddress(reportSender);
  if (rcptTo.some(own)) return true;
  if (dmarc.result !== 'pass') return false;
  return (author.address !== null && own(author.address)) || isReportSubject(message.subject ?? '');
};

/**
 * Recognizes an address and what stands behind a `+` of its local-part, as bounce addresses have.
 */
const ownAddress = (reportSender: string): ((address: string) => boolean) => {
  const [local = '', domain = ''] = split(reportSender);
  return (address) => {
    const [otherLocal = '', otherDomain = ''] = split(address);
    return otherDomain === domain && (otherLocal === local || otherLocal.startsWith(`${local}+`));
  };
};

const split = (address: string): string[] => {
  const bare = bareAddress(address.toLowerCase());
  const at = bare.lastIndexOf('@');
  return [bare.slice(0, Math.max(0, at)), bare.slice(at + 1)];
};

/** Reporters write the words in any case and put words of their own before them. */
const isReportSubject = (subject: string): boolean => {
  const words = subject.toLowerCase().replace(/\s+/g, ' ');
  const at = words.indexOf('report domain:');
  return at >= 0 && words.indexOf('submitter:', at) > 0;
};
