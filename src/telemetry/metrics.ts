/**
 * The metrics of the service, one file a subject in `metrics/`. Labels are words of closed lists
 * and patterns of routes: nothing that a message, DNS or a caller brings becomes a label, so their
 * number is bounded.
 */
import type { DnsCacheStats } from '../../schemas/dns.ts';
import type { Observer } from '../pipeline/observer.ts';
import { createDnsMetrics, type DnsMetrics } from './metrics/dns.ts';
import { createEventLoopMetrics, type EventLoopMetrics } from './metrics/event-loop.ts';
import { createHttpMetrics, type HttpMetrics } from './metrics/http.ts';
import { createMailFaceMetrics } from './metrics/mail-faces.ts';
import { createMessageMetrics, type MessageMetrics } from './metrics/messages.ts';
import { createMetricRegistry } from './metrics/registry.ts';
import { type CountedLevels, createReportMetrics, type ReportMetrics } from './metrics/reports.ts';

/** What can only be asked for, at the moment it is read. */
type Levels = {
  cache: DnsCacheStats;
  /** Messages counted for reports; null: nothing is counted. */
  counted: CountedLevels | null;
};

/** The metrics and what feeds them. */
export type Metrics = MessageMetrics &
  EventLoopMetrics &
  HttpMetrics &
  Pick<DnsMetrics, 'onQuestion'> &
  Pick<ReportMetrics, 'onReport'> & {
    /** For the mail servers' faces. */
    readonly observer: Observer;
    /** Everything as it is now. */
    readonly read: (levels: Levels) => Promise<{ contentType: string; text: string }>;
    /** The same as values that another process can add to its own. */
    readonly readValues: (levels: Levels) => Promise<unknown>;
  };

/** Makes the metrics. @param version shown as a label of `mailverdict_build_info` */
export const createMetrics = (version: string): Metrics => {
  const registry = createMetricRegistry();
  // Of several processes the first tells it: a sum would be no 1.
  const build = { labelNames: ['version'], aggregator: 'first' } as const;
  registry.gauge('build_info', 'Version of the software; always 1', build)(1, version);
  const messages = createMessageMetrics(registry);
  const eventLoop = createEventLoopMetrics(registry);
  const { onQuestion, setCache } = createDnsMetrics(registry);
  const http = createHttpMetrics(registry);
  const { onReport, setCounted } = createReportMetrics(registry);
  const setLevels = ({ cache, counted }: Levels): void => {
    setCache(cache);
    if (counted !== null) setCounted(counted);
  };
  return {
    ...messages,
    ...eventLoop,
    ...http,
    onQuestion,
    onReport,
    observer: createMailFaceMetrics(registry),
    read: (levels) => {
      setLevels(levels);
      return registry.read();
    },
    readValues: (levels) => {
      setLevels(levels);
      return registry.readValues();
    },
  };
};
