/** Metrics of the mail servers' faces: connections, decisions, octets in memory. */
import type { Observer } from '../../pipeline/observer.ts';
import type { MetricRegistry } from './registry.ts';

/** Registers them. */
export const createMailFaceMetrics = ({ counter, gauge, histogram }: MetricRegistry): Observer => {
  const setConnections = gauge('connections_open', 'Connections of mail servers', { labelNames: ['face'] });
  const countRefused = counter(
    'connections_refused_total',
    'Connections of mail servers that were closed at once',
    'face',
  );
  const countDecision = counter('decisions_total', 'Answers to mail servers', 'face', 'action', 'cause');
  const timeDecision = histogram('decision_seconds', 'Time until a mail server had its answer', 'face');
  const setBytes = gauge('pipeline_held_bytes', 'Octets of messages in memory for mail servers');
  return {
    onConnection: ({ face, open, refused }) => {
      setConnections(open, face);
      if (refused) countRefused(face);
    },
    onDecision: ({ face, action, cause, elapsedMs }) => {
      countDecision(face, action, cause);
      timeDecision(elapsedMs, face);
    },
    // What a message was is not for gauges.
    onContent: () => undefined,
    onMessage: () => undefined,
    onMemory: (bytes) => setBytes(bytes),
  };
};
