/**
 * Who gets no report whatever the record says: too few messages, domains that the operator
 * excludes, addresses that are ours, and suppressed ones. Each with one sentence that tells why.
 */
import type { OutgoingReport } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { Suppressions } from '../../store/suppressions.ts';
import { domainOf } from './mailbox.ts';

type Settings = Pick<ReportSettings, 'reportSender' | 'reportMinMessages' | 'reportExclude'>;

/** Why nobody gets a report; null as a rule. */
export const reportExclusion = (report: OutgoingReport, settings: Settings): string | null => {
  if (report.messages < settings.reportMinMessages)
    return `the report is on ${report.messages} messages, fewer than REPORT_MIN_MESSAGES (${settings.reportMinMessages})`;
  return isExcluded(report.policyDomain, settings) ? `REPORT_EXCLUDE names ${report.policyDomain}` : null;
};

/** Why an address gets no report now; null as a rule. @throws StoreFailure */
export const addressExclusion = async (
  address: string,
  settings: Settings,
  suppressions: Pick<Suppressions, 'find'>,
  nowSeconds: number,
): Promise<string | null> => {
  const domain = domainOf(address);
  if (domain === domainOf(settings.reportSender)) return 'the address is at the domain that sends the reports';
  if (isExcluded(domain, settings)) return `REPORT_EXCLUDE names ${domain}`;
  const suppression = await suppressions.find(address, nowSeconds);
  return suppression && `${suppression.target} gets no reports: ${suppression.reason}`;
};

const isExcluded = (domain: string, { reportExclude }: Settings): boolean =>
  reportExclude.some((excluded) => excluded.toLowerCase() === domain);
