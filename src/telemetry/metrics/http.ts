/** Metrics of the HTTP face: requests by route, and their time. */
import type { MetricRegistry } from './registry.ts';

/** What the app reports. */
export type HttpMetrics = {
  /** @param answer with the pattern of its route, never a path that a caller wrote */
  readonly onAnswer: (answer: { route: string; method: string; status: number; elapsedMs: number }) => void;
};

/** Registers them. */
export const createHttpMetrics = ({ counter, histogram }: MetricRegistry): HttpMetrics => {
  const countRequest = counter('http_requests_total', 'HTTP requests answered', 'route', 'method', 'status');
  const timeRequest = histogram('http_request_seconds', 'Time of an HTTP request', 'route');
  return {
    onAnswer: ({ route, method, status, elapsedMs }) => {
      countRequest(route, method, String(status));
      timeRequest(elapsedMs, route);
    },
  };
};
