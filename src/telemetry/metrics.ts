/**
 * The gauges of the service, in the text format of Prometheus. Labels are words of closed lists and
 * patterns of routes: nothing that a message, DNS or a caller brings becomes a label, so their
 * number is bounded. The only file that knows prom-client; keeps its own registry, so that each
 * service counts for itself.
 */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { DnsCacheStats } from '../../schemas/dns.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { QuestionEvent } from '../dns/resolver.ts';
import type { Observer } from '../pipeline/observer.ts';
import type { Step } from '../verdict/run.ts';
import { addTo, createCells, createSpread, type Spread } from './counters.ts';
import { STANDSTILL_MS, type Standstill } from './standstill.ts';

/** What can only be asked for, at the moment it is read. */
type Levels = { cache: DnsCacheStats };

/** The gauges and what feeds them. */
type Metrics = {
  onVerdict: (verdict: Verdict) => void;
  /** A verification that ended without a verdict. @param code word of a closed list */
  onFailure: (code: string) => void;
  /** @param running verifications in progress now */
  onRunning: (running: number) => void;
  onStep: (step: Step, elapsedMs: number) => void;
  onStandstill: (standstill: Pick<Standstill, 'elapsedMs'>) => void;
  onQuestion: (event: QuestionEvent) => void;
  onAnswer: (answer: { route: string; method: string; status: number; elapsedMs: number }) => void;
  /** For the mail servers' faces. */
  observer: Observer;
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
  // Event-loop delay, memory, garbage collection, CPU time: the names that dashboards for Node
  // know.
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  /** @returns counts one more for the values of the labels, in their order */
  const counter = (name: string, help: string, ...labelNames: string[]) => {
    const cells = createCells(() => ({ count: 0 }));
    if (labelNames.length === 0) cells.at();
    new Counter({
      name: `mailverdict_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [words, { count }] of cells.all()) this.inc(labelsOf(labelNames, words), count);
      },
    });
    return (first?: string, second?: string, third?: string): void => {
      cells.at(first, second, third).count++;
    };
  };
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `mailverdict_${name}`, help, labelNames, registers });
  /** @returns takes a time for the value of the label, where there is one */
  const histogram = (shortName: string, help: string, ...labelNames: string[]) => {
    const name = `mailverdict_${shortName}`;
    const cells = createCells(() => createSpread(SECONDS));
    if (labelNames.length === 0) cells.at();
    const values = () => cells.all().flatMap(([words, spread]) => samplesOf(name, labelsOf(labelNames, words), spread));
    // What the registry asks of a metric; its own histogram can only be fed one value at a time.
    const metric = { name, get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values() }) };
    registry.registerMetric(metric as unknown as Metric<string>);
    return (elapsedMs: number, word?: string): void => addTo(cells.at(word), SECONDS, elapsedMs / 1000);
  };

  new Gauge({
    name: 'mailverdict_build_info',
    help: 'Version of the software; always 1',
    labelNames: ['version'],
    registers,
    // Of several processes the first tells it: a sum would be no 1.
    aggregator: 'first',
  }).set({ version }, 1);

  const countVerdict = counter(
    'verdicts_total',
    'Results of each method; DKIM counts every signature',
    'method',
    'result',
  );
  const countDisposition = counter(
    'dispositions_total',
    'What a receiver should do, and what the published policy would have',
    'action',
    'would_be',
  );
  const countFailure = counter('verification_failures_total', 'Verifications without a verdict', 'code');
  let running = 0;
  new Gauge({
    name: 'mailverdict_verifications_running',
    help: 'Verifications in progress',
    registers,
    collect() {
      this.set(running);
    },
  });
  const timeVerification = histogram('verification_seconds', 'Time of a verification');
  const timeStep = histogram('step_seconds', 'Time of a step of a verification; steps run side by side', 'step');
  const countStandstill = counter(
    'event_loop_standstills_total',
    `Times the event loop stood still for more than ${STANDSTILL_MS} ms; the log tells what was being judged`,
  );
  let longestStandstillMs = 0;
  new Gauge({
    name: 'mailverdict_event_loop_longest_standstill_seconds',
    help: 'Longest of them since the start; 0: there was none',
    registers,
    // Of several processes the longest: a sum would be no time.
    aggregator: 'max',
    collect() {
      this.set(longestStandstillMs / 1000);
    },
  });
  const countLimit = counter('limits_reached_total', 'Verifications that reached a limit of this service', 'limit');
  const countDisagreement = counter(
    'spf_disagreements_total',
    'SPF traces that came to another result than the verdict',
  );

  const countQuestion = counter('dns_questions_total', 'DNS questions that ended', 'outcome', 'source', 'failure');
  const timeQuestion = histogram('dns_question_seconds', 'Time of a DNS question that went out', 'outcome');
  const cacheBytes = gauge('dns_cache_bytes', 'Memory that cached answers take', 'store');
  const cacheMaxBytes = gauge('dns_cache_max_bytes', 'Memory that cached answers may take', 'store');
  const cacheEntries = gauge('dns_cache_entries', 'Answers cached', 'store');
  const cacheEvents = new Counter({
    name: 'mailverdict_dns_cache_events_total',
    help: 'What became of questions at the cache',
    labelNames: ['event'],
    registers,
  });
  const inFlight = gauge('dns_questions_in_flight', 'DNS questions in flight');
  const unexpectedReplies = new Counter({
    name: 'mailverdict_dns_unexpected_replies_total',
    help: 'Datagrams that answered no open DNS question; many in a short time are attempts to forge replies',
    registers,
  });
  const waiting = gauge('dns_questions_waiting', 'DNS questions that wait for their turn');

  const countRequest = counter('http_requests_total', 'HTTP requests answered', 'route', 'method', 'status');
  const timeRequest = histogram('http_request_seconds', 'Time of an HTTP request', 'route');

  const connections = gauge('connections_open', 'Connections of mail servers', 'face');
  const countRefused = counter(
    'connections_refused_total',
    'Connections of mail servers that were closed at once',
    'face',
  );
  const countDecision = counter('decisions_total', 'Answers to mail servers', 'face', 'action', 'cause');
  const timeDecision = histogram('decision_seconds', 'Time until a mail server had its answer', 'face');
  const heldBytes = gauge('pipeline_held_bytes', 'Octets of messages in memory for mail servers');

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
    unexpectedReplies.reset();
    unexpectedReplies.inc(stats.unexpectedReplies);
  };

  return {
    onVerdict: ({ spf, dkim, arc, dmarc, bimi, iprev, disposition, elapsedMs, findings }) => {
      countVerdict('spf', spf.result);
      for (const { result } of dkim) countVerdict('dkim', result);
      if (dkim.length === 0) countVerdict('dkim', 'none');
      countVerdict('arc', arc.result);
      countVerdict('dmarc', dmarc.result);
      if (bimi !== null) countVerdict('bimi', bimi.result);
      countVerdict('iprev', iprev.result);
      countDisposition(disposition.action, disposition.wouldBe);
      timeVerification(elapsedMs);
      for (const { code, limit } of findings) {
        if (limit !== undefined) countLimit(limit.name);
        if (code === FINDING_OF_DISAGREEMENT) countDisagreement();
      }
    },
    onFailure: (code) => countFailure(code),
    onRunning: (now) => {
      running = now;
    },
    onStep: (step, elapsedMs) => timeStep(elapsedMs, step),
    onStandstill: ({ elapsedMs }) => {
      countStandstill();
      longestStandstillMs = Math.max(longestStandstillMs, elapsedMs);
    },
    onQuestion: ({ outcome, source, failure, elapsedMs }) => {
      countQuestion(outcome, source, failure);
      if (source === 'network') timeQuestion(elapsedMs, outcome);
    },
    onAnswer: ({ route, method, status, elapsedMs }) => {
      countRequest(route, method, String(status));
      timeRequest(elapsedMs, route);
    },
    observer: {
      onConnection: ({ face, open, refused: wasRefused }) => {
        connections.set({ face }, open);
        if (wasRefused) countRefused(face);
      },
      onDecision: ({ face, action, cause, elapsedMs }) => {
        countDecision(face, action, cause);
        timeDecision(elapsedMs, face);
      },
      onMemory: (bytes) => heldBytes.set(bytes),
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

/** @param words in the order of the names, maybe more of them */
const labelsOf = (names: readonly string[], words: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, at) => [name, words[at] ?? '']));

/** A histogram in the text format: each bucket counts what the ones before it count too. */
const samplesOf = (name: string, labels: Record<string, string>, { counts, sum }: Spread) => {
  let total = 0;
  const buckets = counts.map((count, at) => {
    total += count;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: SECONDS[at] ?? '+Inf' }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
};

/**
 * The gauges of several processes added up, as text.
 * @param values of `readValues`, one for each process
 */
export const writeSum = async (values: readonly unknown[]): Promise<{ contentType: string; text: string }> => {
  const sum = AggregatorRegistry.aggregate([...values] as object[]);
  return { contentType: sum.contentType, text: await sum.metrics() };
};
