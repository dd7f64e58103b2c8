/** One suite for both engines: a SQLite file, and a PostgreSQL where Debian's is installed. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { PolicyConfiguration } from '../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../schemas/reports/report-row.ts';
import type { CountedMessages } from '../../src/store/counted-messages.ts';
import { type Engine, StoreFailure, sql } from '../../src/store/engine.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { postgresPrograms, startPostgres } from './postgres-server.ts';

const DAY = 86_400;
const BEGIN = 20_000 * DAY;
const PERIOD = { beginSeconds: BEGIN, periodSeconds: DAY };
const POLICY: PolicyConfiguration = {
  policyDomain: 'brand.example',
  record: 'v=DMARC1; p=reject; rua=mailto:reports@brand.example',
};
const BOUNDS = { maxRows: 1000, maxOctets: 10_000_000 };

const rowFrom = (sourceIp: string): ReportRow => ({
  sourceIp,
  disposition: 'pass',
  dkim: 'pass',
  spf: 'fail',
  reasons: [],
  headerFrom: 'brand.example',
  envelopeFrom: 'brand.example',
  envelopeTo: null,
  dkimResults: [{ domain: 'brand.example', selector: 's', result: 'pass' }],
  spfResult: null,
});

const counted = (at: number, count = 1, period = PERIOD, policy = POLICY): CountedMessages => ({
  period,
  policy,
  row: rowFrom(`192.0.2.${at}`),
  count,
});

const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
};

const rowsOf = async (store: Store, reportId: string) => {
  const rows = await collect(store.counted.rows(reportId));
  return rows
    .map(({ row, count }) => [row.sourceIp, count] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
};

const build = async (store: Store, reportId: string, bounds = BOUNDS) => {
  const [open] = await store.counted.ended(BEGIN + DAY, 1);
  assert.ok(open);
  const part = await store.counted.firstPart(open, bounds);
  assert.ok(part);
  return store.outgoing.build({ reportId, open, part, builtSeconds: BEGIN + DAY, nextTrySeconds: BEGIN + DAY + 60 });
};

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `${files}.db`);
};

const programs = postgresPrograms();
const postgres = programs === null ? null : await startPostgres(programs);
after(() => postgres?.close());

const ENGINES = {
  sqlite: { url: () => `sqlite:${newFile()}`, skip: false as const },
  postgres: {
    url: () => postgres?.database() ?? '',
    skip: postgres === null ? 'PostgreSQL of Debian is not installed' : (false as const),
  },
};

for (const [name, { url, skip }] of Object.entries(ENGINES)) {
  describe(`the store in ${name}`, { skip }, () => {
    test('counts what is alike as one row, and a batch once', async () => {
      const store = await openStore(url());
      await store.counted.add('a', [counted(1), counted(2, 3)], BEGIN);
      await store.counted.add('b', [counted(1)], BEGIN);
      await store.counted.add('b', [counted(1)], BEGIN);
      assert.deepEqual(await store.counted.open(), { rows: 2, messages: 5 });
      assert.ok(await build(store, 'r1'));
      assert.deepEqual(await rowsOf(store, 'r1'), [
        ['192.0.2.1', 2],
        ['192.0.2.2', 3],
      ]);
      assert.deepEqual(await store.counted.open(), { rows: 0, messages: 0 });
      await store.close();
    });

    test('has a row with the octets and the words of the message kept whole', async () => {
      const store = await openStore(url());
      const row: ReportRow = {
        ...rowFrom('2001:db8::1'),
        reasons: [{ type: 'local_policy', comment: "it's \u00e9 $1 ?1 \\ \u0001" }],
        envelopeFrom: '',
        spfResult: { domain: 'b\u00fccher.example', result: 'softfail', humanResult: '100% "quoted"' },
      };
      await store.counted.add('a', [{ ...counted(1), row }], BEGIN);
      await build(store, 'r1');
      const [kept] = await collect(store.counted.rows('r1'));
      assert.deepEqual(kept, { row, count: 1 });
      await store.close();
    });

    test('knows the open rows of periods that ended, one for each configuration', async () => {
      const store = await openStore(url());
      const changed = { ...POLICY, record: 'v=DMARC1; p=none; rua=mailto:reports@brand.example' };
      const next = { beginSeconds: BEGIN + DAY, periodSeconds: DAY };
      const hour = { beginSeconds: BEGIN + 3600, periodSeconds: 3600 };
      await store.counted.add(
        'a',
        [counted(1), counted(2), counted(1, 1, PERIOD, changed), counted(1, 1, next), counted(1, 1, hour)],
        BEGIN,
      );
      const ended = await store.counted.ended(BEGIN + DAY, 10);
      assert.deepEqual(
        ended.map(({ beginSeconds, record }) => `${beginSeconds - BEGIN} ${record.slice(10, 16)}`).toSorted(),
        ['0 p=none', '0 p=reje', '3600 p=reje'],
      );
      assert.equal((await store.counted.ended(BEGIN + DAY, 1)).length, 1);
      assert.deepEqual(await store.counted.ended(BEGIN + DAY - 1, 10), ended.slice(2));
      await store.close();
    });

    test('cuts open rows into reports by rows and by octets, and loses none', async () => {
      const store = await openStore(url());
      await store.counted.add(
        'a',
        Array.from({ length: 250 }, (_, at) => counted(at, at + 1)),
        BEGIN,
      );
      const seen: (readonly [string, number])[] = [];
      for (const [reportId, bounds] of [
        ['r1', { maxRows: 100, maxOctets: 10_000_000 }],
        ['r2', { maxRows: 100, maxOctets: 1 }],
        ['r3', BOUNDS],
      ] as const) {
        assert.ok(await build(store, reportId, bounds));
        const rows = await rowsOf(store, reportId);
        const report = await store.outgoing.find(reportId);
        assert.equal(report?.rows, rows.length);
        assert.equal(
          report?.messages,
          rows.reduce((sum, [, count]) => sum + count, 0),
        );
        seen.push(...rows);
      }
      assert.equal(seen.length, 250);
      assert.equal(
        seen.reduce((sum, [, count]) => sum + count, 0),
        (250 * 251) / 2,
      );
      assert.deepEqual(await store.counted.ended(BEGIN + DAY, 10), []);
      assert.equal(await store.outgoing.count({ ...PERIOD, ...POLICY }), 3);
      await store.close();
    });

    test('a built report never changes: what is counted late begins another one', async () => {
      const store = await openStore(url());
      await store.counted.add('a', [counted(1, 5)], BEGIN);
      await build(store, 'r1');
      await store.counted.add('b', [counted(1, 2)], BEGIN + DAY + 9);
      assert.deepEqual(await rowsOf(store, 'r1'), [['192.0.2.1', 5]]);
      assert.equal(await build(store, 'r1'), false);
      assert.ok(await build(store, 'r2'));
      assert.deepEqual(await rowsOf(store, 'r2'), [['192.0.2.1', 2]]);
      await store.close();
    });

    test('lists reports newest first, page by page, and those that are due', async () => {
      const store = await openStore(url());
      for (let at = 1; at <= 5; at++) {
        await store.counted.add(`a${at}`, [counted(at)], BEGIN);
        await build(store, `r${at}`);
      }
      const first = await store.outgoing.list({ limit: 2 });
      assert.deepEqual(
        first.map(({ reportId }) => reportId),
        ['r5', 'r4'],
      );
      const second = await store.outgoing.list({
        limit: 9,
        after: 'r4',
        policyDomain: 'brand.example',
        state: 'waiting',
      });
      assert.deepEqual(
        second.map(({ reportId }) => reportId),
        ['r3', 'r2', 'r1'],
      );
      assert.deepEqual(await store.outgoing.list({ limit: 9, policyDomain: 'other.example' }), []);

      assert.deepEqual(await store.outgoing.due(BEGIN + DAY + 59, 9), []);
      assert.equal((await store.outgoing.due(BEGIN + DAY + 60, 9)).length, 5);
      await store.outgoing.saveTry('r1', { state: 'sent', tries: 1, nextTrySeconds: 0, reason: 'taken' });
      await store.outgoing.saveTry('r2', {
        state: 'waiting',
        tries: 1,
        nextTrySeconds: BEGIN + 2 * DAY,
        reason: 'busy',
      });
      assert.deepEqual(
        (await store.outgoing.due(BEGIN + DAY + 60, 9)).map(({ reportId }) => reportId),
        ['r3', 'r4', 'r5'],
      );
      assert.deepEqual(await store.outgoing.states(), { waiting: 4, sent: 1, withheld: 0, 'given-up': 0 });
      assert.deepEqual(await store.outgoing.find('r2'), {
        reportId: 'r2',
        ...POLICY,
        ...PERIOD,
        rows: 1,
        messages: 1,
        state: 'waiting',
        tries: 1,
        nextTrySeconds: BEGIN + 2 * DAY,
        reason: 'busy',
        builtSeconds: BEGIN + DAY,
      });
      assert.equal(await store.outgoing.find('r9'), null);
      await store.close();
    });

    test('what an address accepted stays accepted', async () => {
      const store = await openStore(url());
      const sent = { uri: 'mailto:a@b.example', state: 'sent', tries: 1, reason: '250 ok', changedSeconds: 5 } as const;
      await store.outgoing.saveDelivery('r1', { ...sent, state: 'waiting', tries: 0 });
      await store.outgoing.saveDelivery('r1', sent);
      await store.outgoing.saveDelivery('r1', { ...sent, state: 'given-up', tries: 2 });
      assert.deepEqual(await store.outgoing.deliveries('r1'), [sent]);
      await store.close();
    });

    test('forgets old reports with their rows, and none that still waits', async () => {
      const store = await openStore(url());
      for (let at = 1; at <= 120; at++) {
        await store.counted.add(`a${at}`, [counted(at)], BEGIN);
        await build(store, `r${at}`);
        if (at > 1) await store.outgoing.saveTry(`r${at}`, { state: 'sent', tries: 1, nextTrySeconds: 0, reason: '' });
      }
      assert.equal(await store.outgoing.forget(BEGIN + DAY), 0);
      assert.equal(await store.outgoing.forget(BEGIN + 40 * DAY), 119);
      assert.deepEqual(
        (await store.outgoing.list({ limit: 9 })).map(({ reportId }) => reportId),
        ['r1'],
      );
      assert.deepEqual(await rowsOf(store, 'r1'), [['192.0.2.1', 1]]);
      assert.deepEqual(await rowsOf(store, 'r2'), []);
      await store.close();
    });

    test('suppresses an address or a whole domain until its time, and counts a bounce of a report once', async () => {
      const { suppressions, close } = await openStore(url());
      await suppressions.add({ target: 'A@B.example', reason: 'bounced', untilSeconds: 100 });
      await suppressions.add({ target: 'c.example', reason: 'asked', untilSeconds: null });
      assert.equal((await suppressions.find('a@b.EXAMPLE', 99))?.reason, 'bounced');
      assert.equal(await suppressions.find('a@b.example', 100), null);
      assert.equal((await suppressions.find('any@c.example', 1e9))?.reason, 'asked');
      assert.equal(await suppressions.find('any@d.c.example', 1), null);
      assert.deepEqual(
        (await suppressions.list(200)).map(({ target }) => target),
        ['c.example'],
      );
      assert.equal(await suppressions.remove('c.example'), true);
      assert.equal(await suppressions.remove('c.example'), false);
      assert.equal(await suppressions.countBounce({ address: 'x@y.example', reportId: 'r1', atSeconds: 5 }, 0), 1);
      assert.equal(await suppressions.countBounce({ address: 'X@y.example', reportId: 'r1', atSeconds: 6 }, 0), 1);
      assert.equal(await suppressions.countBounce({ address: 'x@y.example', reportId: 'r2', atSeconds: 7 }, 6), 1);
      assert.equal(await suppressions.countBounce({ address: 'x@y.example', reportId: 'r3', atSeconds: 8 }, 0), 3);
      await close();
    });

    test('gives a lease to one holder, and a late one notices', async () => {
      const { leases, close } = await openStore(url());
      const take = (holder: string, nowSeconds: number) =>
        leases.take({ job: 'send', holder, nowSeconds, seconds: 60 });
      assert.equal(await take('one', 0), 1);
      assert.equal(await take('one', 30), 1);
      assert.equal(await take('other', 89), null);
      assert.equal(await take('other', 90), 2);
      assert.equal(await leases.holds('send', 1), false);
      assert.equal(await leases.holds('send', 2), true);
      await leases.release('send', 'one');
      assert.equal(await take('one', 91), null);
      await leases.release('send', 'other');
      assert.equal(await take('one', 91), 3);
      await close();
    });

    test('keeps notes by name', async () => {
      const { notes, close } = await openStore(url());
      assert.equal(await notes.read('x'), null);
      await notes.write('x', 'one');
      await notes.write('x', 'two');
      assert.equal(await notes.read('x'), 'two');
      assert.deepEqual(await Promise.all([notes.keep('y', 'a'), notes.keep('y', 'b')]), ['a', 'a']);
      assert.equal(await notes.keep('y', 'c'), 'a');
      await close();
    });

    test('several processes that open and count at once lose nothing', async () => {
      const place = url();
      const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(place)));
      await Promise.all(
        stores.flatMap((store, at) =>
          Array.from({ length: 10 }, (_, batch) =>
            store.counted.add(`${at} ${batch}`, [counted(1), counted(2)], BEGIN),
          ),
        ),
      );
      assert.deepEqual(await stores[0]?.counted.open(), { rows: 2, messages: 80 });
      await Promise.all(stores.map((store) => store.close()));
    });

    test('says how large it is', async () => {
      const store = await openStore(url());
      await store.counted.add(
        'a',
        Array.from({ length: 200 }, (_, at) => counted(at)),
        BEGIN,
      );
      assert.ok((await store.size()) > 50_000);
      await store.close();
    });
  });
}

test('openStore says what STORE may be', async () => {
  await assert.rejects(openStore('mysql://x'), { name: 'StoreFailure', code: 'unsupported', message: /sqlite:<file>/ });
});

test('a store that cannot be opened fails each question, and works as soon as it can', async () => {
  const store = await openStore(`sqlite:${join(folder, 'later', 'store.db')}`);
  await assert.rejects(store.notes.read('x'), { code: 'unavailable' });
  await store.close();
  const dead = await openStore('postgres://mailverdict@127.0.0.1:1/none');
  await assert.rejects(dead.notes.read('x'), { code: 'unavailable' });
  await dead.close();
});

test('a store of a newer version is refused, an older one is brought up to date in whole steps', async () => {
  const file = newFile();
  const engine: Engine = openSqlite(file);
  const [one, two] = [['CREATE TABLE a (x BIGINT)'], ['CREATE TABLE b (x BIGINT)', 'CREATE TABLE b (x BIGINT)']];
  await migrate(engine, [one]);
  await assert.rejects(migrate(engine, [one, two]), StoreFailure);
  // The step that failed left nothing behind.
  await migrate(engine, [one, ['CREATE TABLE b (x BIGINT)']]);
  await engine.run([sql('INSERT INTO b VALUES ($1)', 1)]);
  await assert.rejects(migrate(engine, [one]), {
    code: 'schema',
    message: /version 2, and this program knows version 1/,
  });
  await engine.close();
});

test('a backup of a SQLite store opens with everything in it', async () => {
  const store = await openStore(`sqlite:${newFile()}`);
  await store.counted.add('a', [counted(1, 7)], BEGIN);
  const copy = newFile();
  await store.backup(copy);
  await store.close();
  assert.ok(existsSync(copy));
  const reopened = await openStore(`sqlite:${copy}`);
  assert.deepEqual(await reopened.counted.open(), { rows: 1, messages: 7 });
  await reopened.close();
});

test('a store that is full or broken says which', async () => {
  const engine = openSqlite(newFile());
  await engine.run([sql('CREATE TABLE big (x TEXT)'), sql('PRAGMA max_page_count = 10')]);
  await assert.rejects(engine.run([sql('INSERT INTO big VALUES ($1)', 'x'.repeat(1_000_000))]), { code: 'full' });
  await assert.rejects(engine.run([sql('no sql')]), { code: 'fault' });
  await engine.close();
  await assert.rejects(engine.run([sql('SELECT 1')]), { code: 'unavailable', message: 'the store is closed' });
});
