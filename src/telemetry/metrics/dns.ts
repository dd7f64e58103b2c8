/** Metrics of the resolver: questions, and what its cache holds. */
import type { DnsCacheStats } from '../../../schemas/dns.ts';
import type { QuestionEvent } from '../../dns/resolver.ts';
import type { MetricRegistry } from './registry.ts';

/** What the resolver reports, and what it is asked for. */
export type DnsMetrics = {
  readonly onQuestion: (event: QuestionEvent) => void;
  /** Takes over what the resolver counts itself, before the metrics are read. */
  readonly setCache: (stats: DnsCacheStats) => void;
};

const STORES = ['records', 'negatives'] as const;
const EVENTS = ['hits', 'misses', 'shared', 'stale', 'prefetches'] as const;

/** Registers them. */
export const createDnsMetrics = ({ counter, total, gauge, histogram }: MetricRegistry): DnsMetrics => {
  const ofStore = { labelNames: ['store'] };
  const countQuestion = counter('dns_questions_total', 'DNS questions that ended', 'outcome', 'source', 'failure');
  const timeQuestion = histogram('dns_question_seconds', 'Time of a DNS question that went out', 'outcome');
  const setBytes = gauge('dns_cache_bytes', 'Memory that cached answers take', ofStore);
  const setMaxBytes = gauge('dns_cache_max_bytes', 'Memory that cached answers may take', ofStore);
  const setEntries = gauge('dns_cache_entries', 'Answers cached', ofStore);
  const setEvents = total('dns_cache_events_total', 'What became of questions at the cache', 'event');
  const setInFlight = gauge('dns_questions_in_flight', 'DNS questions in flight');
  const setUnexpected = total(
    'dns_unexpected_replies_total',
    'Datagrams that answered no open DNS question; many in a short time are attempts to forge replies',
  );
  const setWaiting = gauge('dns_questions_waiting', 'DNS questions that wait for their turn');
  return {
    onQuestion: ({ outcome, source, failure, elapsedMs }) => {
      countQuestion(outcome, source, failure);
      if (source === 'network') timeQuestion(elapsedMs, outcome);
    },
    setCache: (stats) => {
      for (const store of STORES) {
        setBytes(stats[store].bytes, store);
        setMaxBytes(stats[store].maxBytes, store);
        setEntries(stats[store].entries, store);
      }
      for (const event of EVENTS) setEvents(stats[event], event);
      setInFlight(stats.inFlight);
      setWaiting(stats.waiting);
      setUnexpected(stats.unexpectedReplies);
    },
  };
};
