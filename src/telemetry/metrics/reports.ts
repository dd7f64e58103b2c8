/** Metrics of DMARC reports: messages that are counted for them, and what became of reports. */
import type { MetricRegistry } from './registry.ts';

/** Messages counted for reports by this process. */
export type CountedLevels = { readonly waiting: number; readonly written: number; readonly lost: number };

/** What reporting reports. */
export type ReportMetrics = {
  /** A report at an address reached this state. */
  readonly onReport: (event: { readonly state: string }) => void;
  readonly setCounted: (levels: CountedLevels) => void;
};

/** Registers them. */
export const createReportMetrics = ({ counter, gauge, total }: MetricRegistry): ReportMetrics => {
  const countDelivery = counter(
    'report_deliveries_total',
    'DMARC reports at an address, by what came of a try',
    'state',
  );
  const setWaiting = gauge(
    'report_messages_waiting',
    'Messages counted for DMARC reports and not written to the store yet',
  );
  const setWritten = total(
    'report_messages_written_total',
    'Messages counted for DMARC reports and written to the store',
  );
  const setLost = total('report_messages_lost_total', 'Messages that could not be counted for DMARC reports');
  return {
    onReport: ({ state }) => countDelivery(state),
    setCounted: ({ waiting, written, lost }) => {
      setWaiting(waiting);
      setWritten(written);
      setLost(lost);
    },
  };
};
