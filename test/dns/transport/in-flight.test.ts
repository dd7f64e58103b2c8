import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { reached } from '../../../schemas/limit.ts';
import type { Answer } from '../../../src/dns/lookup.ts';
import { bounded } from '../../../src/dns/transport/in-flight.ts';
import { handTime } from '../../hand-time.ts';

type FlightLimits = Parameters<typeof bounded>[1];

const NODATA: Answer = { kind: 'nodata', ttlSeconds: 1, authenticated: false, source: 'network' };
const LATER = Number.POSITIVE_INFINITY;

/** Questions that land when told to, in the order in which they started. */
const heldFlights = (limits: Partial<FlightLimits>, clock = () => 0) => {
  const started: string[] = [];
  const landings = new Map<string, () => void>();
  const flights = bounded(
    ({ name }, _deadlineMs, onAnswer) => {
      started.push(name);
      landings.set(name, () => onAnswer(NODATA));
    },
    { maxInFlight: 100, maxPerDomain: 100, maxWaiting: 100, ...limits },
    clock,
  );
  const ask = (name: string, deadlineMs = LATER) =>
    new Promise<Answer>((resolve) => flights.ask({ name, type: 'A' }, deadlineMs, resolve));
  const land = async (name: string) => {
    landings.get(name)?.();
    await nextTurn();
  };
  return { ...flights, ask, land, started };
};
const told = (answer: Answer) => (answer.kind === 'failure' ? answer.failure : answer.kind);

test('bounded lets so many through in all, and the rest in their order', async () => {
  const flights = heldFlights({ maxInFlight: 2 });
  const asked = ['a.test', 'b.test', 'c.test', 'd.test'].map((name) => flights.ask(name));
  assert.deepEqual([flights.started, flights.inFlight(), flights.waiting()], [['a.test', 'b.test'], 2, 2]);
  await flights.land('b.test');
  assert.deepEqual(flights.started, ['a.test', 'b.test', 'c.test']);
  await flights.land('a.test');
  await flights.land('c.test');
  await flights.land('d.test');
  assert.deepEqual((await Promise.all(asked)).map(told), Array(4).fill('nodata'));
  assert.deepEqual([flights.inFlight(), flights.waiting()], [0, 0]);
});

test('bounded keeps one domain from taking every place', async () => {
  const flights = heldFlights({ maxPerDomain: 2 });
  const asked = ['1.evil.test', '2.evil.test', '3.evil.test', '4.evil.test', 'brand.example'].map((name) =>
    flights.ask(name),
  );
  assert.deepEqual(flights.started, ['1.evil.test', '2.evil.test', 'brand.example']);
  await flights.land('1.evil.test');
  assert.deepEqual(flights.started.slice(3), ['3.evil.test']);
  for (const name of ['2.evil.test', '3.evil.test', '4.evil.test', 'brand.example']) await flights.land(name);
  assert.equal((await Promise.all(asked)).length, 5);
  assert.deepEqual([flights.inFlight(), flights.waiting()], [0, 0]);
});

test('bounded fails at once when the queue is full', async () => {
  const flights = heldFlights({ maxInFlight: 1, maxWaiting: 1 });
  const asked = [flights.ask('a.test'), flights.ask('b.test')];
  assert.deepEqual(await flights.ask('c.test'), {
    kind: 'failure',
    failure: 'limit',
    limit: reached('waiting', 1),
    source: 'local',
  });
  await flights.land('a.test');
  await flights.land('b.test');
  assert.deepEqual((await Promise.all(asked)).map(told), ['nodata', 'nodata']);
});

test('bounded with no queue has no one wait', async () => {
  const flights = heldFlights({ maxInFlight: 1, maxWaiting: 0 });
  const first = flights.ask('a.test');
  assert.equal(told(await flights.ask('b.test')), 'limit');
  await flights.land('a.test');
  assert.equal(told(await first), 'nodata');
});

test('bounded lets a waiting question go at its deadline, and its place goes to the next', async (context) => {
  const time = handTime(context);
  const flights = heldFlights({ maxInFlight: 1, maxPerDomain: 1 }, time.clock);
  const first = flights.ask('a.test');
  const gone = [flights.ask('b.test', 5), flights.ask('x.a.test', 5)];
  const last = flights.ask('y.a.test');
  time.pass(4);
  assert.equal(flights.waiting(), 3);
  time.pass(1);
  assert.deepEqual((await Promise.all(gone)).map(told), ['timeout', 'timeout']);
  assert.equal(flights.waiting(), 1);
  await flights.land('a.test');
  await flights.land('y.a.test');
  assert.deepEqual((await Promise.all([first, last])).map(told), ['nodata', 'nodata']);
  assert.deepEqual(flights.started, ['a.test', 'y.a.test']);
  // Nothing is left behind: the same places can be had again.
  const again = flights.ask('b.test');
  await flights.land('b.test');
  assert.equal(told(await again), 'nodata');
  assert.deepEqual([flights.inFlight(), flights.waiting()], [0, 0]);
});
