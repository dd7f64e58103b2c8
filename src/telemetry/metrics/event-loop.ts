/** Metrics of the event loop beside those of Node: how often and how long it was blocked. */
import { STANDSTILL_MS, type Standstill } from '../standstill.ts';
import type { MetricRegistry } from './registry.ts';

/** What the watchdog reports. */
export type EventLoopMetrics = { readonly onStandstill: (standstill: Pick<Standstill, 'elapsedMs'>) => void };

/** Registers them. */
export const createEventLoopMetrics = ({ counter, gauge }: MetricRegistry): EventLoopMetrics => {
  const countStandstill = counter(
    'event_loop_standstills_total',
    `Times the event loop stood still for more than ${STANDSTILL_MS} ms; the log tells what was being judged`,
  );
  let longestMs = 0;
  const setLongest = gauge(
    'event_loop_longest_standstill_seconds',
    'Longest of them since the start; 0: there was none',
    // Of several processes the longest: a sum would be no time.
    { aggregator: 'max' },
  );
  return {
    onStandstill: ({ elapsedMs }) => {
      countStandstill();
      longestMs = Math.max(longestMs, elapsedMs);
      setLongest(longestMs / 1000);
    },
  };
};
