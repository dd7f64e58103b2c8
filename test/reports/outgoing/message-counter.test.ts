import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import { MAX_WAITING_OCTETS, MAX_WAITING_ROWS, MessageCounter } from '../../../src/reports/outgoing/message-counter.ts';
import type { CountedMessages } from '../../../src/store/counted-messages.ts';
import { StoreFailure } from '../../../src/store/engine.ts';
import { handTime } from '../../hand-time.ts';

const POLICY = { policyDomain: 'brand.example', record: 'v=DMARC1; p=none; rua=mailto:r@brand.example' };
const BEGIN_MS = 1_728_000_000_000;

const message = (sourceIp: string, headerFrom = 'brand.example') => ({
  policy: POLICY,
  row: {
    sourceIp,
    disposition: 'none',
    dkim: 'fail',
    spf: 'pass',
    reasons: [],
    headerFrom,
    envelopeFrom: null,
    envelopeTo: null,
    dkimResults: [],
    spfResult: null,
  } satisfies ReportRow,
});

/** A counter over a store that can be stopped, on a clock that is moved by hand. */
const lab = (context: TestContext) => {
  const time = handTime(context);
  const written = new Map<string, readonly CountedMessages[]>();
  const store = { fails: false, losesAnswer: false, calls: 0 };
  const lines: string[] = [];
  const log = (_fields: object, sentence: string) => lines.push(sentence);
  let ids = 0;
  const counter = new MessageCounter({
    store: {
      add: async (batch, counted) => {
        store.calls += 1;
        if (store.fails) throw new StoreFailure('unavailable', 'gone');
        written.set(batch, structuredClone(counted));
        if (store.losesAnswer) throw new StoreFailure('unavailable', 'the answer was lost');
      },
    },
    periodSeconds: 86_400,
    nowMs: () => BEGIN_MS + time.clock(),
    newId: () => `batch ${++ids}`,
    log: { info: log, warn: log, error: log },
  });
  const sum = () => [...written.values()].flat().reduce((total, { count }) => total + count, 0);
  return { time, counter, store, written, lines, sum };
};

test('MessageCounter writes what it counted after a second, alike messages as one row', async (context) => {
  const { time, counter, written, store } = lab(context);
  counter.count(message('192.0.2.1'));
  counter.count(message('192.0.2.1'));
  counter.count(message('192.0.2.2'));
  time.pass(999);
  assert.equal(store.calls, 0);
  time.pass(1);
  await counter.flush();
  const rows = [...written.values()].flat();
  assert.deepEqual(
    rows.map(({ row, count, period }) => [row.sourceIp, count, period.beginSeconds]),
    [
      ['192.0.2.1', 2, BEGIN_MS / 1000],
      ['192.0.2.2', 1, BEGIN_MS / 1000],
    ],
  );
  assert.deepEqual(counter.state(), { waiting: 0, written: 3, lost: 0, failure: null });
});

test('MessageCounter writes at once when it has 500 rows', async (context) => {
  const { counter, sum } = lab(context);
  for (let at = 0; at < 500; at++) counter.count(message(`2001:db8::${at}`));
  await counter.flush();
  assert.equal(sum(), 500);
});

test('MessageCounter begins a new row when the period changes', async (context) => {
  const { time, counter, written } = lab(context);
  time.pass(86_399_500);
  counter.count(message('192.0.2.1'));
  time.pass(600);
  counter.count(message('192.0.2.1'));
  await counter.close();
  const begins = [...written.values()].flat().map(({ period }) => period.beginSeconds - BEGIN_MS / 1000);
  assert.deepEqual(begins, [0, 86_400]);
});

test('MessageCounter keeps its counts while the store is away, tries less and less often, and says so twice', async (context) => {
  const { time, counter, store, lines, sum } = lab(context);
  store.fails = true;
  for (let at = 0; at < 700; at++) {
    counter.count(message('192.0.2.1'));
    time.pass(1000);
    await nextTurn();
  }
  assert.ok(store.calls > 5 && store.calls < 40, `${store.calls} tries in 700 seconds`);
  assert.equal(counter.state().waiting, 700);
  assert.equal(counter.state().failure, 'gone');
  store.fails = false;
  await counter.close();
  assert.equal(sum(), 700);
  assert.deepEqual(lines, [
    'the store does not answer: counts for reports wait in memory',
    'the store answers again: counts for reports are written',
  ]);
});

test('MessageCounter gives a batch the same name until it is written, so that it counts once', async (context) => {
  const { counter, store, written, sum } = lab(context);
  store.losesAnswer = true;
  counter.count(message('192.0.2.1'));
  await counter.flush();
  counter.count(message('192.0.2.1'));
  store.losesAnswer = false;
  await counter.close();
  assert.deepEqual([...written.keys()], ['batch 1', 'batch 2']);
  assert.equal(sum(), 2);
});

test('MessageCounter loses what is beyond its bounds, counts it, and says so once', async (context) => {
  const { counter, store, lines } = lab(context);
  store.fails = true;
  for (let at = 0; at < MAX_WAITING_ROWS + 600; at++) counter.count(message(`2001:db8::${at}`));
  await counter.flush();
  const { waiting, lost } = counter.state();
  assert.equal(waiting + lost, MAX_WAITING_ROWS + 600);
  assert.ok(lost > 0);
  assert.equal(lines.filter((line) => line.startsWith('messages are no longer counted')).length, 1);
});

test('MessageCounter bounds the octets that wait', async (context) => {
  const { counter, store } = lab(context);
  store.fails = true;
  const long = 'x'.repeat(MAX_WAITING_OCTETS / 64);
  for (let at = 0; at < 70; at++) counter.count(message(`2001:db8::${at}`, long));
  assert.ok(counter.state().lost > 0 && counter.state().waiting >= 60);
});

test('MessageCounter counts nothing new while the store has no room', async (context) => {
  const { counter, sum } = lab(context);
  counter.setFull(true);
  counter.count(message('192.0.2.1'));
  counter.setFull(false);
  counter.count(message('192.0.2.2'));
  await counter.close();
  assert.equal(sum(), 1);
  assert.equal(counter.state().lost, 1);
});
