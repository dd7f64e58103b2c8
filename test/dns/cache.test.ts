import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordType } from '../../schemas/dns.ts';
import { reached } from '../../schemas/limit.ts';
import { cached } from '../../src/dns/cache.ts';
import type { Answer } from '../../src/dns/lookup.ts';
import { randomNumbers } from '../../src/dns/transport/random.ts';
import { handTime } from '../hand-time.ts';

type CacheSettings = Parameters<typeof cached>[1];

const SETTINGS: CacheSettings = {
  maxBytes: 1_000_000,
  maxNegativeBytes: 100_000,
  maxAnswerBytes: 16_384,
  questionTimeoutMs: 5000,
  minTtlSeconds: 5,
  maxTtlSeconds: 86_400,
  maxNegativeTtlSeconds: 900,
  failureTtlSeconds: 5,
  maxFailureTtlSeconds: 60,
  prefetches: false,
  maxPrefetches: 32,
  serveStaleSeconds: 0,
  serveStaleWaitMs: 1800,
};
const LATER = Number.POSITIVE_INFINITY;

const found = (ttlSeconds: number, text = 'x'): Answer => ({
  kind: 'records',
  records: Object.freeze([Object.freeze([text]) as string[]]),
  ttlSeconds,
  authenticated: false,
  source: 'network',
  rcode: 0,
});
const none = (kind: 'nodata' | 'nxdomain', ttlSeconds: number): Answer => ({
  kind,
  ttlSeconds,
  authenticated: false,
  source: 'network',
});
const failed = (failure: 'servfail' | 'network' | 'timeout' = 'servfail'): Answer => ({
  kind: 'failure',
  failure,
  source: 'network',
});

/**
 * A cache over a script of answers, with a clock moved by hand and a jitter in the middle of its
 * range.
 */
const cacheOver = (
  settings: Partial<CacheSettings>,
  script: (index: number, name: string) => Answer | Promise<Answer>,
) => {
  let nowMs = 1000;
  const asked: string[] = [];
  const cache = cached(
    ({ name, type }, _deadlineMs, onAnswer) => {
      asked.push(`${name} ${type}`);
      Promise.resolve(script(asked.length - 1, name)).then(onAnswer);
    },
    { ...SETTINGS, ...settings },
    () => nowMs,
    randomNumbers((bytes) => new Uint16Array(bytes.buffer).fill(1000)),
  );
  const ask = (name = 'a.test', type: RecordType = 'TXT', deadlineMs = LATER) =>
    cache.lookup({ name, type }, deadlineMs);
  return {
    ...cache,
    ask,
    asked,
    advance: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    now: () => nowMs,
  };
};

/** "network 60" for an answer with its TTL. */
const told = (answer: Answer): string =>
  answer.kind === 'failure'
    ? `${answer.source} ${answer.failure}`
    : `${answer.source} ${answer.kind} ${answer.ttlSeconds}`;

test('cached holds an answer for its TTL within bounds, and counts it down', async () => {
  const cases: [string, Answer, Partial<CacheSettings>, number][] = [
    ['as sent', found(60), {}, 60],
    ['TTL 0 for the least time', found(0), {}, 5],
    ['below the least', found(2), {}, 5],
    ['above the most', found(1_000_000), {}, 86_400],
    ['the high bit', found(0xffff_ffff), {}, 86_400],
    ['NODATA', none('nodata', 300), {}, 300],
    ['NXDOMAIN above the most', none('nxdomain', 3600), {}, 900],
    ['a negative without an SOA', none('nxdomain', 0), {}, 5],
    ['a setting', found(60), { maxTtlSeconds: 30 }, 30],
  ];
  for (const [what, answer, settings, ttlSeconds] of cases) {
    const cache = cacheOver(settings, () => answer);
    assert.equal(told(await cache.ask()), `network ${answer.kind} ${ttlSeconds}`, what);
    cache.advance(ttlSeconds - 1.5);
    // A second and a half remain: told as less, never as more than the zone allows.
    assert.equal(told(await cache.ask('A.Test.')), `cache ${answer.kind} 1`, what);
    cache.advance(1.5);
    await cache.ask();
    assert.equal(cache.asked.length, 2, what);
  }
});

test('cached holds nothing for TTL 0 when the least time is 0', async () => {
  const cache = cacheOver({ minTtlSeconds: 0 }, () => found(0));
  assert.equal(told(await cache.ask()), 'network records 0');
  await cache.ask();
  assert.equal(cache.asked.length, 2);
});

test('cached keeps types apart and gives out the same frozen records', async () => {
  const cache = cacheOver({}, () => found(60));
  const [first, second] = [await cache.ask(), await cache.ask()];
  assert.ok(first.kind === 'records' && second.kind === 'records');
  assert.equal(first.records, second.records);
  await cache.ask('a.test', 'SPF');
  assert.deepEqual(cache.asked, ['a.test TXT', 'a.test SPF']);
});

test('cached holds a failure for seconds that double, then forgets them after an answer', async () => {
  const cache = cacheOver({}, (index) => (index === 6 ? found(5) : failed()));
  // The jitter in the middle is none.
  for (const seconds of [5, 10, 20, 40, 60, 60]) {
    assert.equal(told(await cache.ask()), 'network servfail');
    cache.advance(seconds - 0.01);
    assert.equal(told(await cache.ask()), 'cache servfail', `${seconds} s`);
    cache.advance(0.02);
  }
  assert.equal(told(await cache.ask()), 'network records 5');
  cache.advance(5);
  assert.equal(told(await cache.ask()), 'network servfail');
  cache.advance(4.9);
  assert.equal(told(await cache.ask()), 'cache servfail');
  cache.advance(0.2);
  await cache.ask();
  assert.equal(cache.asked.length, 9);
});

test('cached begins a failure anew when the last one is long past', async () => {
  const cache = cacheOver({}, () => failed());
  await cache.ask();
  cache.advance(5 + 61);
  await cache.ask();
  cache.advance(5.1);
  await cache.ask();
  assert.equal(cache.asked.length, 3);
});

test('cached holds "no server reachable" for a second, and local answers not at all', async () => {
  const cache = cacheOver({}, () => failed('network'));
  await cache.ask();
  cache.advance(0.9);
  assert.equal(told(await cache.ask()), 'cache network');
  cache.advance(0.2);
  assert.equal(told(await cache.ask()), 'network network');
  for (const answer of [
    { kind: 'failure', failure: 'limit', limit: reached('waiting', 1), source: 'local' },
    { kind: 'failure', failure: 'timeout', source: 'local' },
    { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'local' },
  ] as const) {
    const local = cacheOver({}, () => answer);
    assert.deepEqual(await local.ask(), answer);
    await local.ask();
    assert.equal(local.asked.length, 2);
    assert.equal(local.stats().records.entries + local.stats().negatives.entries, 0);
  }
});

test('cached spreads the time of a failure by a tenth, within one second and five minutes', async () => {
  for (const [fill, ttlSeconds, expected] of [
    [0, 10, 9],
    [2000, 10, 11],
    [0, 1, 1],
    [2000, 300, 300],
  ] as const) {
    let nowMs = 0;
    const cache = cached(
      (_question, _deadlineMs, onAnswer) => onAnswer(failed()),
      { ...SETTINGS, failureTtlSeconds: ttlSeconds, maxFailureTtlSeconds: 300 },
      () => nowMs,
      randomNumbers((bytes) => new Uint16Array(bytes.buffer).fill(fill)),
    );
    await cache.lookup({ name: 'a.test', type: 'A' }, LATER);
    nowMs = expected * 1000 - 1;
    assert.equal((await cache.lookup({ name: 'a.test', type: 'A' }, LATER)).source, 'cache');
    nowMs += 2;
    assert.equal((await cache.lookup({ name: 'a.test', type: 'A' }, LATER)).source, 'network');
  }
});

test('cached asks once for all who want the same, and each waits to its own deadline', async () => {
  let land: (answer: Answer) => void = () => {};
  const cache = cacheOver({}, () => new Promise((resolve) => (land = resolve)));
  const patient = [cache.ask(), cache.ask('A.TEST')];
  const hurried = await cache.ask('a.test', 'TXT', cache.now() + 1);
  assert.equal(told(hurried), 'local timeout');
  land(found(60));
  for (const answer of await Promise.all(patient)) assert.equal(told(answer), 'network records 60');
  assert.equal(cache.asked.length, 1);
  assert.equal(told(await cache.ask()), 'cache records 60');
});

test('cached answers from memory only, once the moment has passed', async () => {
  const cache = cacheOver({}, () => found(60));
  assert.equal(told(await cache.ask('a.test', 'TXT', cache.now())), 'local timeout');
  assert.equal(cache.asked.length, 0);
  await cache.ask();
  assert.equal(told(await cache.ask('a.test', 'TXT', Number.NEGATIVE_INFINITY)), 'cache records 60');
});

test('cached renews in the last tenth of a TTL what is in use', async () => {
  const cases: [string, Partial<CacheSettings>, number, number, number][] = [
    ['in use', { prefetches: true }, 100, 3, 2],
    ['switched off', {}, 100, 3, 1],
    ['one hit before', { prefetches: true }, 100, 1, 1],
    ['a short TTL', { prefetches: true }, 59, 3, 1],
    ['none allowed at once', { prefetches: true, maxPrefetches: 0 }, 100, 3, 1],
  ];
  for (const [what, settings, ttlSeconds, hits, asked] of cases) {
    const cache = cacheOver(settings, () => found(ttlSeconds));
    await cache.ask();
    for (let hit = 1; hit < hits; hit++) await cache.ask();
    cache.advance(ttlSeconds * 0.89);
    await cache.ask();
    assert.equal(cache.asked.length, 1, what);
    cache.advance(ttlSeconds * 0.02);
    if (hits > 1) assert.equal((await cache.ask()).source, 'cache', what);
    await nextTurn();
    assert.equal(cache.asked.length, asked, what);
    if (asked === 2) assert.equal(told(await cache.ask()), `cache records ${ttlSeconds}`);
    assert.equal(cache.stats().prefetches, asked - 1);
  }
});

test('cached renews one key once at a time, and a failed renewal leaves the records', async () => {
  const cache = cacheOver({ prefetches: true }, (index) => (index === 0 ? found(100) : failed()));
  await cache.ask();
  cache.advance(95);
  for (let hit = 0; hit < 5; hit++) assert.equal((await cache.ask()).kind, 'records');
  assert.equal(cache.asked.length, 2);
  cache.advance(5);
  assert.equal((await cache.ask()).kind, 'failure');
});

test('cached gives no stale record by default', async () => {
  const cache = cacheOver({}, (index) => (index === 0 ? found(60) : failed()));
  await cache.ask();
  cache.advance(60);
  assert.equal(told(await cache.ask()), 'network servfail');
});

test('cached with stale records lets them stand in for a failure, marked, and rechecks', async () => {
  const answers = [found(60), failed(), failed(), found(60, 'new')];
  const cache = cacheOver({ serveStaleSeconds: 3600 }, (index) => answers[index] ?? failed());
  await cache.ask();
  cache.advance(61);
  assert.equal(told(await cache.ask()), 'stale records 30');
  cache.advance(29);
  assert.equal(told(await cache.ask()), 'stale records 30');
  assert.equal(cache.asked.length, 2);
  cache.advance(1.1);
  assert.equal(told(await cache.ask()), 'stale records 30');
  cache.advance(31);
  const renewed = await cache.ask();
  assert.equal(told(renewed), 'network records 60');
  assert.equal(cache.stats().stale, 3);
});

test('cached with stale records does not wait for a slow server, and keeps to its window', async (context) => {
  const time = handTime(context);
  let land: (answer: Answer) => void = () => {};
  const cache = cacheOver({ serveStaleSeconds: 100, serveStaleWaitMs: 5 }, (index) =>
    index === 0 ? found(60) : new Promise((resolve) => (land = resolve)),
  );
  await cache.ask();
  cache.advance(61);
  const waited = cache.ask();
  time.pass(5);
  assert.equal(told(await waited), 'stale records 30');
  land(failed());
  await nextTurn();
  cache.advance(100);
  const asking = cache.ask();
  await nextTurn();
  land(failed());
  assert.equal((await asking).kind, 'failure');
});

test('cached with stale records believes a negative: a withdrawn record is gone', async () => {
  const cache = cacheOver({ serveStaleSeconds: 3600 }, (index) =>
    index === 0 ? found(60) : index === 1 ? none('nxdomain', 5) : failed(),
  );
  await cache.ask();
  cache.advance(61);
  assert.equal(told(await cache.ask()), 'network nxdomain 5');
  cache.advance(6);
  assert.equal(told(await cache.ask()), 'network servfail');
});

test('cached holds no more bytes than it may, and a flood of negatives leaves the records', async () => {
  const cache = cacheOver({ maxBytes: 20_000, maxNegativeBytes: 10_000 }, (_, name) =>
    name.startsWith('n') ? none('nxdomain', 900) : found(60),
  );
  for (let at = 0; at < 10; at++) await cache.ask(`r${at}.test`);
  for (let at = 0; at < 500; at++) await cache.ask(`n${at}.test`);
  let { records, negatives } = cache.stats();
  assert.equal(records.entries, 10);
  assert.ok(negatives.bytes <= 10_000 && negatives.entries < 25);
  for (let at = 0; at < 500; at++) await cache.ask(`more${at}.test`);
  ({ records, negatives } = cache.stats());
  assert.ok(records.bytes <= 20_000 && records.entries > 10, `${records.bytes}`);
  assert.equal(records.maxBytes + negatives.maxBytes, 30_000);
});

test('cached does not hold an answer over the largest size, and gives it out all the same', async () => {
  const cache = cacheOver({ maxAnswerBytes: 2000 }, () => found(60, 'x'.repeat(3000)));
  for (let at = 0; at < 2; at++) assert.equal(told(await cache.ask()), 'network records 60');
  assert.equal(cache.asked.length, 2);
});

test('cached flushes a name with all its types, and what is on its way to it', async () => {
  let land: (answer: Answer) => void = () => {};
  const cache = cacheOver({}, (_, name) =>
    name === 'slow.test' ? new Promise((resolve) => (land = resolve)) : found(60),
  );
  for (const type of ['TXT', 'A', 'MX'] as const) await cache.ask('a.test', type);
  await cache.ask('b.test');
  assert.equal(cache.flush('A.TEST.'), 3);
  assert.equal(cache.flush('a.test'), 0);
  assert.equal(cache.flush('a..test'), 0);
  await cache.ask('b.test');
  assert.equal(cache.asked.length, 4);

  const slow = cache.ask('slow.test');
  assert.equal(cache.flush('slow.test'), 0);
  land(found(60));
  assert.equal(told(await slow), 'network records 60');
  const again = cache.ask('slow.test');
  assert.equal(cache.asked.length, 6);
  land(found(60));
  await again;
  assert.equal(cache.flush(), 2);
  assert.deepEqual([cache.stats().records.entries, cache.stats().records.bytes], [0, 0]);
});

test('cached counts hits, misses and shared questions', async () => {
  const cache = cacheOver({}, () => found(60));
  await Promise.all([cache.ask(), cache.ask()]);
  await cache.ask();
  const { hits, misses, shared, stale, prefetches } = cache.stats();
  assert.deepEqual(
    { hits, misses, shared, stale, prefetches },
    { hits: 1, misses: 1, shared: 1, stale: 0, prefetches: 0 },
  );
});

test('cached refuses a bad name before it looks for a key', async () => {
  const cache = cacheOver({}, () => found(60));
  assert.equal(told(await cache.ask('a..b')), 'local badname');
  assert.equal(cache.asked.length, 0);
});
