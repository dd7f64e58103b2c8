/**
 * Metrics of one service in the text format of Prometheus. The only file that knows prom-client;
 * each registry is its own, so that each service counts for itself. Values are kept as plain
 * numbers while the service works and are handed over when they are read.
 */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import { addTo, createCells, createSpread, type Spread } from '../counters.ts';

/** Metrics as text. */
type MetricText = { contentType: string; text: string };

/** Where a subject registers its metrics; names get the prefix `mailverdict_`. */
export type MetricRegistry = {
  /** Counts events. @returns adds one under the values of the labels, in their order */
  readonly counter: (
    name: string,
    help: string,
    ...labelNames: string[]
  ) => (first?: string, second?: string, third?: string) => void;
  /** A count that is kept elsewhere. @returns takes it over as it is */
  readonly total: (name: string, help: string, ...labelNames: string[]) => (value: number, word?: string) => void;
  /** A value that goes up and down. @returns sets it */
  readonly gauge: (
    name: string,
    help: string,
    options?: {
      readonly labelNames?: readonly string[];
      /** What several processes make of it. @default sum */
      readonly aggregator?: 'sum' | 'max' | 'first';
    },
  ) => (value: number, word?: string) => void;
  /** Times. @returns adds one in milliseconds, under the value of the label where there is one */
  readonly histogram: (
    name: string,
    help: string,
    ...labelNames: string[]
  ) => (elapsedMs: number, word?: string) => void;
  readonly read: () => Promise<MetricText>;
  /** The same as values that another process can add to its own. */
  readonly readValues: () => Promise<unknown>;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/** Cells of a metric; one without labels has its cell from the start, so that it shows 0. */
const cellsOf = <Cell>(labelNames: readonly string[], make: () => Cell) => {
  const cells = createCells(make);
  if (labelNames.length === 0) cells.at();
  return cells;
};

/** Makes a registry that also has the metrics of Node, under the names that dashboards know. */
export const createMetricRegistry = (): MetricRegistry => {
  const registry = new Registry();
  // Event-loop delay, memory, garbage collection, CPU time.
  collectDefaultMetrics({ register: registry });
  return {
    counter: (name, help, ...labelNames) => {
      const cells = counterOf(registry, name, help, labelNames);
      return (first, second, third) => {
        cells.at(first, second, third).value++;
      };
    },
    total: (name, help, ...labelNames) => {
      const cells = counterOf(registry, name, help, labelNames);
      return (value, word) => {
        cells.at(word).value = value;
      };
    },
    gauge: (name, help, { labelNames = [], aggregator = 'sum' } = {}) => {
      const cells = cellsOf(labelNames, () => ({ value: 0 }));
      new Gauge({
        name: `mailverdict_${name}`,
        help,
        labelNames,
        registers: [registry],
        aggregator,
        collect() {
          for (const [words, { value }] of cells.all()) this.set(labelsOf(labelNames, words), value);
        },
      });
      return (value, word) => {
        cells.at(word).value = value;
      };
    },
    histogram: (name, help, ...labelNames) => {
      const cells = cellsOf(labelNames, () => createSpread(SECONDS));
      registry.registerMetric(
        histogramOf(`mailverdict_${name}`, help, () =>
          cells.all().map(([words, spread]) => [labelsOf(labelNames, words), spread] as const),
        ),
      );
      return (elapsedMs, word) => addTo(cells.at(word), SECONDS, elapsedMs / 1000);
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    readValues: () => registry.getMetricsAsJSON(),
  };
};

const counterOf = (registry: Registry, name: string, help: string, labelNames: readonly string[]) => {
  const cells = cellsOf(labelNames, () => ({ value: 0 }));
  new Counter({
    name: `mailverdict_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [words, { value }] of cells.all()) this.inc(labelsOf(labelNames, words), value);
    },
  });
  return cells;
};

/** @param words in the order of the names, maybe more of them */
const labelsOf = (names: readonly string[], words: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, at) => [name, words[at] ?? '']));

/**
 * What the registry asks of a metric; its own histogram can only be fed one value at a time.
 * @param read the spreads, each with its labels
 */
const histogramOf = (
  name: string,
  help: string,
  read: () => (readonly [labels: Record<string, string>, spread: Spread])[],
): Metric<string> => {
  const values = () => read().flatMap(([labels, spread]) => samplesOf(name, labels, spread));
  const metric = { name, get: async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values() }) };
  return metric as unknown as Metric<string>;
};

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
 * The metrics of several processes added up, as text.
 * @param values of `readValues`, one for each process
 */
export const writeSum = async (values: readonly unknown[]): Promise<MetricText> => {
  const sum = AggregatorRegistry.aggregate([...values] as object[]);
  return { contentType: sum.contentType, text: await sum.metrics() };
};
