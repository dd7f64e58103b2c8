/** The text of metrics, of one process and of several added up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetricRegistry, writeSum } from '../../src/telemetry/metrics/registry.ts';

const samplesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('mailverdict_'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

test('createMetricRegistry shows 0 for what has no labels and has not happened', async () => {
  const registry = createMetricRegistry();
  registry.counter('events_total', 'Events');
  registry.counter('words_total', 'Words', 'word');
  registry.gauge('level', 'Level');
  registry.histogram('time_seconds', 'Time');
  const samples = samplesOf((await registry.read()).text);
  for (const name of ['events_total', 'level', 'time_seconds_count', 'time_seconds_sum'])
    assert.equal(samples.get(`mailverdict_${name}`), 0, name);
  assert.ok(![...samples.keys()].some((name) => name.startsWith('mailverdict_words_total')));
});

test('createMetricRegistry reads the same values however often it is asked', async () => {
  const registry = createMetricRegistry();
  registry.counter('events_total', 'Events', 'one', 'other')('a', 'b');
  registry.total('kept_total', 'Kept elsewhere')(7);
  await registry.read();
  const samples = samplesOf((await registry.read()).text);
  assert.equal(samples.get('mailverdict_events_total{one="a",other="b"}'), 1);
  assert.equal(samples.get('mailverdict_kept_total'), 7);
});

test('createMetricRegistry counts a time in its bucket and in all above it', async () => {
  const registry = createMetricRegistry();
  const time = registry.histogram('time_seconds', 'Time', 'step');
  time(25, 'spf');
  time(26, 'spf');
  time(60_000, 'spf');
  const samples = samplesOf((await registry.read()).text);
  const bucket = (le: string) => samples.get(`mailverdict_time_seconds_bucket{step="spf",le="${le}"}`);
  assert.deepEqual([bucket('0.01'), bucket('0.025'), bucket('0.05'), bucket('25'), bucket('+Inf')], [0, 1, 2, 2, 3]);
});

test('writeSum adds counts and levels, and takes the longest or the first where a sum means nothing', async () => {
  const values = await Promise.all(
    [2, 5].map((value) => {
      const registry = createMetricRegistry();
      registry.total('events_total', 'Events')(value);
      registry.gauge('level', 'Level')(value);
      registry.gauge('longest', 'Longest', { aggregator: 'max' })(value);
      registry.gauge('build', 'Build', { aggregator: 'first' })(1);
      registry.histogram('time_seconds', 'Time')(value * 1000);
      return registry.readValues();
    }),
  );
  const samples = samplesOf((await writeSum(values)).text);
  const named = (name: string) => samples.get(`mailverdict_${name}`);
  assert.deepEqual(
    ['events_total', 'level', 'longest', 'build', 'time_seconds_count', 'time_seconds_sum'].map(named),
    [7, 7, 5, 1, 2, 7],
  );
});
