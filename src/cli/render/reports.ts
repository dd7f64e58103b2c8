/** Outgoing reports as text for a terminal. Pure. */
import type {
  OutgoingReportDetail,
  OutgoingReportPage,
  ReportingStatus,
} from '../../../schemas/reports/outgoing-report.ts';
import type { ReportCheck } from '../../../schemas/reports/report-check.ts';
import { paintWord, plain, type Style, wrap } from '../terminal.ts';

const HOUR = 3600;
const NUMBER = new Intl.NumberFormat('en');

/** A period: its day, and the hours where it is no whole one. */
export const writeDay = (beginSeconds: number, periodSeconds: number): string => {
  const begin = new Date(beginSeconds * 1000).toISOString();
  return periodSeconds === 24 * HOUR ? begin.slice(0, 10) : `${begin.slice(0, 13)}h+${periodSeconds / HOUR}`;
};

const rowsOf = (rows: number): string => `${NUMBER.format(rows)} ${rows === 1 ? 'row' : 'rows'}`;

const time = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** One line for each report, and below it why it is not sent. */
export const writeReports = ({ reports, next }: OutgoingReportPage, style: Style): string => {
  if (reports.length === 0) return 'no reports\n';
  const domains = Math.min(40, Math.max(...reports.map(({ policyDomain }) => policyDomain.length)));
  const lines = reports.map(({ reportId, policyDomain, state, beginSeconds, periodSeconds, messages, reason }) => {
    const line = `${writeDay(beginSeconds, periodSeconds)}  ${paintWord(style, state, 8)}  ${plain(policyDomain).padEnd(domains)}  ${NUMBER.format(messages).padStart(9)}  ${reportId}\n`;
    return state === 'sent' || reason === '' ? line : `${line}            ${wrap(reason, 12, style.width)}\n`;
  });
  return `${lines.join('')}${next === null ? '' : 'there are more; --limit shows them\n'}`;
};

/** One report with its addresses. */
export const writeDeliveries = ({ report, deliveries }: OutgoingReportDetail, style: Style): string => {
  const { reportId, policyDomain, record, beginSeconds, periodSeconds, messages, rows, state, builtSeconds } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['Report-ID', reportId],
    ['domain', policyDomain],
    ['record', record],
    ['period', `${writeDay(beginSeconds, periodSeconds)} (UTC)`],
    ['messages', `${NUMBER.format(messages)} in ${rowsOf(rows)}`],
    ['built', time(builtSeconds)],
    ['state', state],
    ...(state === 'waiting' ? [['next try', time(report.nextTrySeconds)] as const] : []),
    ...(report.reason === '' ? [] : [['reason', report.reason] as const]),
  ];
  const head = facts.map(([name, text]) => `${name.padEnd(10)}  ${wrap(text, 12, style.width)}\n`).join('');
  const addresses = deliveries.map(
    ({ uri, state: word, tries, reason, changedSeconds }) =>
      `\n${plain(uri)}\n  ${paintWord(style, word)}, ${tries === 1 ? '1 try' : `${tries} tries`}, since ${time(changedSeconds)}\n  ${wrap(reason, 2, style.width)}\n`,
  );
  return `${head}${addresses.join('')}`;
};

/** The check of report mail: what it came to, and what to do. */
export const writeCheck = ({ state, address, atSeconds, problems }: ReportCheck, style: Style): string => {
  const head = {
    sent: `the sample is on its way to ${address}`,
    passed: 'report mail passes DMARC: reports are sent from now on',
    failed: 'report mail does not pass DMARC: no report is sent',
    forced: 'reports are sent without a check',
  }[state];
  const told = problems.map(
    ({ problem, next }) => `\n- ${wrap(problem, 2, style.width)}\n  ${wrap(`Next: ${next}`, 2, style.width)}\n`,
  );
  return `${plain(head)} (${time(atSeconds)})\n${told.join('')}`;
};

/** How counting and sending are. */
export const writeStatus = (status: ReportingStatus, style: Style): string => {
  const { counted, reports, storeBytes, failure, isSending } = status;
  const facts: readonly (readonly [string, string])[] = [
    [
      'store',
      `${status.store}, ${storeBytes === null ? 'does not answer' : `${NUMBER.format(Math.ceil(storeBytes / 1_000_000))} MB`}`,
    ],
    ...(failure === null ? [] : [['failure', failure] as const]),
    [
      'counted',
      counted.openMessages === null
        ? 'not known'
        : `${NUMBER.format(counted.openMessages)} ${counted.openMessages === 1 ? 'message' : 'messages'} in ${rowsOf(counted.openRows ?? 0)}, in no report yet`,
    ],
    [
      'reports',
      reports === null
        ? 'not known'
        : `${NUMBER.format(reports.waiting)} waiting, ${NUMBER.format(reports.sent)} sent, ${NUMBER.format(reports.withheld)} withheld, ${NUMBER.format(reports['given-up'])} given up`,
    ],
    ['sending', isSending ? 'on' : 'off: set REPORT_SMTP, and let "reports check" pass'],
  ];
  return facts.map(([name, text]) => `${name.padEnd(8)}  ${wrap(text, 10, style.width)}\n`).join('');
};
