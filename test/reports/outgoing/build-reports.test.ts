import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import { buildReports, LATE_SECONDS } from '../../../src/reports/outgoing/build-reports.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

const DAY = 86_400;
const HOUR = 3600;
// A leap day: 29 February 2028.
const LEAP_DAY = Date.UTC(2028, 1, 29) / 1000;

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-build-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newStore = (): Promise<Store> => openStore(`sqlite:${join(folder, `${++files}.db`)}`);

const row = (sourceIp: string): ReportRow => ({
  sourceIp,
  disposition: 'none',
  dkim: 'fail',
  spf: 'pass',
  reasons: [],
  headerFrom: 'brand.example',
  envelopeFrom: null,
  envelopeTo: null,
  dkimResults: [],
  spfResult: null,
});

const policy = (policyDomain: string, p = 'none') => ({
  policyDomain,
  record: `v=DMARC1; p=${p}; rua=mailto:r@x.example`,
});

const count = async (store: Store, atSeconds: number, of = policy('brand.example'), periodSeconds = DAY) => {
  const period = { beginSeconds: atSeconds - (atSeconds % periodSeconds), periodSeconds };
  await store.counted.add(
    `${atSeconds} ${of.policyDomain} ${of.record}`,
    [{ period, policy: of, row: row('192.0.2.1'), count: 1 }],
    atSeconds,
  );
};

const builder = (store: Store, bounds = { maxRows: 100, maxOctets: 1e9 }) => ({
  counted: store.counted,
  outgoing: store.outgoing,
  bounds,
  reportIdOf: (
    { policyDomain, beginSeconds, record }: { policyDomain: string; beginSeconds: number; record: string },
    sequence: number,
  ) => `${policyDomain}.${beginSeconds}.${record.slice(12, 16)}.${sequence}`,
  delayOf: () => 60,
});

const idsOf = async (store: Store) =>
  (await store.outgoing.list({ limit: 1000 })).map(({ reportId }) => reportId).toSorted();

test('buildReports builds one report a UTC day over a month with a leap day, and never before its day ended', async () => {
  const store = await newStore();
  const first = Date.UTC(2028, 1, 1) / 1000;
  // A message each six hours, and a building each hour, over February and a little more.
  for (let at = first; at < first + 31 * DAY; at += HOUR) {
    if ((at - first) % (6 * HOUR) === 0) await count(store, at);
    await buildReports(builder(store), at, 100);
  }
  const reports = await store.outgoing.list({ limit: 1000 });
  assert.equal(reports.length, 30);
  assert.ok(
    reports.every(
      ({ messages, beginSeconds, periodSeconds, builtSeconds, nextTrySeconds }) =>
        messages === 4 &&
        beginSeconds % DAY === 0 &&
        periodSeconds === DAY &&
        builtSeconds >= beginSeconds + DAY + LATE_SECONDS &&
        nextTrySeconds === builtSeconds + 60,
    ),
  );
  assert.ok(reports.some(({ beginSeconds }) => beginSeconds === LEAP_DAY));
  await store.close();
});

test('buildReports makes two reports of a day at whose noon the policy changed, and one for each domain', async () => {
  const store = await newStore();
  await count(store, LEAP_DAY + HOUR);
  await count(store, LEAP_DAY + 12 * HOUR, policy('brand.example', 'reject'));
  await count(store, LEAP_DAY + 13 * HOUR, policy('other.example'));
  assert.equal(await buildReports(builder(store), LEAP_DAY + DAY + LATE_SECONDS - 1, 100), 0);
  assert.equal(await buildReports(builder(store), LEAP_DAY + DAY + LATE_SECONDS, 100), 3);
  assert.deepEqual(await idsOf(store), [
    `brand.example.${LEAP_DAY}.none.1`,
    `brand.example.${LEAP_DAY}.reje.1`,
    `other.example.${LEAP_DAY}.none.1`,
  ]);
  await store.close();
});

test('buildReports puts what came late, and what one report has no room for, into further reports', async () => {
  const store = await newStore();
  const period = { beginSeconds: LEAP_DAY, periodSeconds: DAY };
  const counted = Array.from({ length: 25 }, (_, at) => ({
    period,
    policy: policy('brand.example'),
    row: row(`192.0.2.${at}`),
    count: 1,
  }));
  await store.counted.add('a', counted, LEAP_DAY);
  assert.equal(await buildReports(builder(store, { maxRows: 10, maxOctets: 1e9 }), LEAP_DAY + 2 * DAY, 100), 3);
  await store.counted.add('b', counted.slice(0, 1), LEAP_DAY);
  assert.equal(await buildReports(builder(store), LEAP_DAY + 2 * DAY, 100), 1);
  const reports = await store.outgoing.list({ limit: 10 });
  assert.deepEqual(reports.map(({ rows }) => rows).toSorted(), [1, 10, 10, 5]);
  assert.deepEqual(
    await idsOf(store),
    [1, 2, 3, 4].map((sequence) => `brand.example.${LEAP_DAY}.none.${sequence}`),
  );
  await store.close();
});

test('buildReports builds no more than it is asked for, and goes on in the next call', async () => {
  const store = await newStore();
  for (let at = 0; at < 7; at++) await count(store, LEAP_DAY, policy(`d${at}.example`));
  const calls: number[] = [];
  for (let call = 0; call < 4; call++) calls.push(await buildReports(builder(store), LEAP_DAY + 2 * DAY, 3));
  assert.deepEqual(calls, [3, 3, 1, 0]);
  await store.close();
});

test('buildReports of several instances at once puts no row into two reports', async () => {
  const store = await newStore();
  for (let at = 0; at < 20; at++) await count(store, LEAP_DAY, policy(`d${at}.example`));
  const built = await Promise.all([1, 2, 3].map(() => buildReports(builder(store), LEAP_DAY + 2 * DAY, 100)));
  assert.equal(
    built.reduce((sum, number) => sum + number),
    20,
  );
  const reports = await store.outgoing.list({ limit: 100 });
  assert.equal(
    reports.reduce((sum, { messages }) => sum + messages, 0),
    20,
  );
  await store.close();
});
