/**
 * The gauges of the service, in the text format of Prometheus. Labels are words of closed lists and patterns of routes: nothing that a message, DNS or a caller
 * brings becomes a label, so their number is bounded. The only file that knows prom-client; keeps its own registry, so that each service counts for itself.
 */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DnsCacheStats } from '../schemas/dns.ts';
import type { Verdict } from '../schemas/verdict.ts';
import type { QuestionEvent } from './dns/resolver.ts';
import type { Observer } from './pipeline/parts.ts';
import type { Step } from './verdict/verify.ts';

/** What can only be asked for, at the moment it is read. */
export type Levels = { cache: DnsCacheStats };

/** The gauges and what feeds them. */
export type Metrics = {
  onVerdict: (verdict: Verdict) => void;
  /** A verification that ended without a verdict. @param code word of a closed list */
  onFailure: (code: string) => void;
  /** @param running verifications in progress now */
  onRunning: (running: number) => void;
  onStep: (step: Step, elapsedMs: number) => void;
  onQuestion: (event: QuestionEvent) => void;
  onAnswer: (answer: { route: string; method: string; status: number; elapsedMs: number }) => void;
  /** For the mail servers' faces. */
  observer: Required<Observer>;
  /** Everything as it is now. */
  read: (levels: Levels) => Promise<{ contentType: string; text: string }>;
  /** The same as values that another process can add up with its own. */
  readValues: (levels: Levels) => Promise<unknown>;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];
const FINDING_OF_DISAGREEMENT = 'spf-evaluators-differ';

/** Makes the gauges. @param version shown as a label of `mailverdict_build_info` */
export const createMetrics = (version: string): Metrics => {
  const registry = new Registry();
  // Event-loop delay, memory, garbage collection, CPU time: the names that dashboards for Node know.
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `mailverdict_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `mailverdict_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name: `mailverdict_${name}`, help, labelNames, registers, buckets: SECONDS });

  new Gauge({
    name: 'mailverdict_build_info',
    help: 'Version of the software; always 1',
    labelNames: ['version'],
    registers,
    // Of several processes the first tells it: a sum would be no 1.
    aggregator: 'first',
  }).set({ version }, 1);

  const verdicts = counter('verdicts_total', 'Results of each method; DKIM counts every signature', 'method', 'result');
  const dispositions = counter(
    'dispositions_total',
    'What a receiver should do, and what the published policy would have',
    'action',
    'would_be',
  );
  const failures = counter('verification_failures_total', 'Verifications without a verdict', 'code');
  const running = gauge('verifications_running', 'Verifications in progress');
  const verificationSeconds = histogram('verification_seconds', 'Time of a verification');
  const stepSeconds = histogram('step_seconds', 'Time of a step of a verification; steps run side by side', 'step');
  const exceeded = counter(
    'dns_budgets_exceeded_total',
    'Verifications that reached a limit on DNS questions',
    'limit',
  );
  const disagreements = counter('spf_disagreements_total', 'SPF traces that came to another result than the verdict');

  const questions = counter('dns_questions_total', 'DNS questions that ended', 'outcome', 'source', 'failure');
  const questionSeconds = histogram('dns_question_seconds', 'Time of a DNS question that went out', 'outcome');
  const cacheBytes = gauge('dns_cache_bytes', 'Memory that held answers take', 'store');
  const cacheMaxBytes = gauge('dns_cache_max_bytes', 'Memory that held answers may take', 'store');
  const cacheEntries = gauge('dns_cache_entries', 'Answers held', 'store');
  const cacheEvents = counter('dns_cache_events_total', 'What became of questions at the cache', 'event');
  const inFlight = gauge('dns_questions_in_flight', 'DNS questions in flight');
  const waiting = gauge('dns_questions_waiting', 'DNS questions that wait for their turn');

  const requests = counter('http_requests_total', 'HTTP requests answered', 'route', 'method', 'status');
  const requestSeconds = histogram('http_request_seconds', 'Time of an HTTP request', 'route');

  const connections = gauge('connections_open', 'Connections of mail servers', 'face');
  const refused = counter('connections_refused_total', 'Connections of mail servers that were closed at once', 'face');
  const decisions = counter('decisions_total', 'What mail servers were told', 'face', 'action', 'cause');
  const decisionSeconds = histogram('decision_seconds', 'Time until a mail server was told', 'face');
  const heldBytes = gauge('pipeline_held_bytes', 'Octets of messages held for mail servers');

  const readCache = (stats: DnsCacheStats): void => {
    for (const store of ['records', 'negatives'] as const) {
      cacheBytes.set({ store }, stats[store].bytes);
      cacheMaxBytes.set({ store }, stats[store].maxBytes);
      cacheEntries.set({ store }, stats[store].entries);
    }
    // The resolver counts since the start; here its counts are taken over as they are.
    cacheEvents.reset();
    for (const event of ['hits', 'misses', 'shared', 'stale', 'prefetches'] as const) {
      cacheEvents.inc({ event }, stats[event]);
    }
    inFlight.set(stats.inFlight);
    waiting.set(stats.waiting);
  };

  return {
    onVerdict: ({ spf, dkim, arc, dmarc, bimi, iprev, disposition, elapsedMs, dns, findings }) => {
      verdicts.inc({ method: 'spf', result: spf.result });
      for (const { result } of dkim) verdicts.inc({ method: 'dkim', result });
      if (dkim.length === 0) verdicts.inc({ method: 'dkim', result: 'none' });
      verdicts.inc({ method: 'arc', result: arc.result });
      verdicts.inc({ method: 'dmarc', result: dmarc.result });
      if (bimi !== null) verdicts.inc({ method: 'bimi', result: bimi.result });
      verdicts.inc({ method: 'iprev', result: iprev.result });
      dispositions.inc({ action: disposition.action, would_be: disposition.wouldBe });
      verificationSeconds.observe(elapsedMs / 1000);
      for (const limit of dns.exceeded) exceeded.inc({ limit });
      disagreements.inc(findings.filter(({ code }) => code === FINDING_OF_DISAGREEMENT).length);
    },
    onFailure: (code) => failures.inc({ code }),
    onRunning: (now) => running.set(now),
    onStep: (step, elapsedMs) => stepSeconds.observe({ step }, elapsedMs / 1000),
    onQuestion: ({ outcome, source, failure, elapsedMs }) => {
      questions.inc({ outcome, source, failure: failure ?? '' });
      if (source === 'network') questionSeconds.observe({ outcome }, elapsedMs / 1000);
    },
    onAnswer: ({ route, method, status, elapsedMs }) => {
      requests.inc({ route, method, status: String(status) });
      requestSeconds.observe({ route }, elapsedMs / 1000);
    },
    observer: {
      onConnection: ({ face, open, refused: wasRefused }) => {
        connections.set({ face }, open);
        if (wasRefused) refused.inc({ face });
      },
      onDecision: ({ face, action, cause, elapsedMs }) => {
        decisions.inc({ face, action, cause });
        decisionSeconds.observe({ face }, elapsedMs / 1000);
      },
      onHeldBytes: (bytes) => heldBytes.set(bytes),
    },
    readValues: async ({ cache }) => {
      readCache(cache);
      return registry.getMetricsAsJSON();
    },
    read: async ({ cache }) => {
      readCache(cache);
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
};

/** The gauges of several processes added up, as text. @param values of `readValues`, one for each process */
export const writeSum = async (values: readonly unknown[]): Promise<{ contentType: string; text: string }> => {
  const sum = AggregatorRegistry.aggregate([...values] as object[]);
  return { contentType: sum.contentType, text: await sum.metrics() };
};
