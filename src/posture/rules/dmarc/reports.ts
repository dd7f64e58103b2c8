/** Rules about where DMARC reports go (RFC 9990). Pure. */
import type { Rule } from '../assessed.ts';
import { newText, reportAddress } from '../suggest.ts';
import { mend, usable } from './own-record.ts';

export const DMARC_REPORT_RULES: readonly Rule[] = [
  {
    code: 'dmarc-no-reports',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'no address for aggregate reports (rua): nobody sees who sends in the name of the domain',
    find: (assessed) =>
      usable(assessed) !== null &&
      assessed.sendsMail !== false &&
      !assessed.dmarc.reports.some(({ tag }) => tag === 'rua')
        ? {
            message:
              'the DMARC record names no address for aggregate reports (rua), so nobody sees who sends in the name of the domain',
            field: 'dmarc.reports',
            suggestion: mend(assessed, { rua: reportAddress(assessed.domain, 'dmarc-reports') }),
          }
        : null,
  },
  {
    code: 'dmarc-report-unauthorized',
    severity: 'error',
    section: 'RFC 9990 section 4',
    about: 'a receiver of reports in another organization has not agreed to take them, so none are sent',
    find: ({ dmarc }) =>
      dmarc.reports
        .filter(({ authorized }) => authorized === false)
        .map(({ uri, asked, domain, override }, index, all) => ({
          message:
            override === undefined
              ? `reports to ${uri} are not sent: ${domain ?? 'its domain'} has not agreed to take them at ${asked ?? 'a name that DNS can carry'}`
              : `reports to ${uri} are not sent: the agreement at ${asked} names an address of another host, and then none gets them`,
          field: 'dmarc.reports',
          // An agreement that stands there is its receiver's to change.
          suggestion:
            asked === null || override !== undefined || all.findIndex((other) => other.asked === asked) !== index
              ? undefined
              : newText(asked, 'v=DMARC1'),
        })),
  },
  {
    code: 'dmarc-report-dns-failure',
    severity: 'warning',
    section: 'RFC 9990 section 4',
    about: 'DNS left open whether a receiver of reports agreed to take them',
    find: ({ dmarc }) =>
      dmarc.reports
        .filter(({ authorized, asked }) => authorized === null && asked !== null)
        .map(({ uri }) => ({ message: `DNS left open whether reports to ${uri} may be sent`, field: 'dmarc.reports' })),
  },
];
