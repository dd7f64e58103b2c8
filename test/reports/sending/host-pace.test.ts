/** Reports to one domain in a minute. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostPace } from '../../../src/reports/sending/host-pace.ts';

const AT = new Set(['reports.test']);

/** Brings reports back when they were told to come; each has the time at which it went. */
const sendAll = (pace: HostPace, waiting: Map<string, number>, stepSeconds: number): number[] => {
  const sent: number[] = [];
  for (let now = 1000; waiting.size > 0; now += stepSeconds) {
    assert.ok(now < 100_000);
    for (const [id, due] of [...waiting].toSorted(([, one], [, other]) => one - other)) {
      if (due > now) continue;
      const at = pace.take(id, AT, now);
      if (at > now) waiting.set(id, at);
      else {
        sent.push(now);
        waiting.delete(id);
      }
    }
  }
  return sent;
};

for (const [perMinute, stepSeconds] of [
  [1, 1],
  [10, 1],
  [10, 20],
  [7, 45],
  [10, 600],
] as const)
  test(`HostPace lets ${perMinute} reports go in any minute, asked each ${stepSeconds} seconds, and gives each a turn of its own`, () => {
    const waiting = new Map(Array.from({ length: 60 }, (_, at) => [`r${at}`, 0]));
    const sent = sendAll(new HostPace(perMinute), waiting, stepSeconds);
    assert.equal(sent.length, 60);
    for (const [index, at] of sent.entries())
      if (index >= perMinute) assert.ok(at - (sent[index - perMinute] ?? 0) >= 60, sent.join());
    const ideal = (60 / perMinute) * Math.max(60, Math.ceil(60 / stepSeconds) * stepSeconds);
    assert.ok((sent.at(-1) ?? 0) - 1000 <= ideal + stepSeconds, sent.join());
  });

test('HostPace tells 5000 waiting reports different minutes', () => {
  const pace = new HostPace(10);
  const turns = Array.from({ length: 5000 }, (_, at) => pace.take(`r${at}`, AT, 0));
  assert.equal(turns.at(-1), 499 * 60);
  for (const count of Map.groupBy(turns, (turn) => turn).values()) assert.ok(count.length <= 10);
});

test('HostPace counts a report once at a domain, and takes no turn at one domain while it waits at another', () => {
  const pace = new HostPace(1);
  assert.equal(pace.take('r1', new Set(['a.test']), 0), 0);
  assert.equal(pace.take('r2', new Set(['a.test', 'b.test']), 0), 60);
  assert.equal(pace.take('r2', new Set(['a.test', 'b.test']), 60), 60);
  assert.equal(pace.take('r3', new Set(), 60), 60);
});

test('HostPace forgets what a clock showed that was set back', () => {
  const pace = new HostPace(1);
  assert.equal(pace.take('r1', AT, 1_000_000), 1_000_000);
  assert.equal(pace.take('r2', AT, 1_000_000), 1_000_060);
  assert.equal(pace.take('r2', AT, 500), 500);
});
