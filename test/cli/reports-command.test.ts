/** `mailverdict reports` on a store of its own, as an operator runs it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ReportRow } from '../../schemas/reports/report-row.ts';
import { openStore } from '../../src/store/store.ts';
import { startSink } from '../reports/sending/sink.ts';
import { runInProcess } from './run-in-process.ts';

const DAY = 86_400;
const BEGIN = 20_000 * DAY;

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reports-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const row: ReportRow = {
  sourceIp: '192.0.2.1',
  disposition: 'pass',
  dkim: 'pass',
  spf: 'pass',
  reasons: [],
  headerFrom: 'brand.example',
  envelopeFrom: 'brand.example',
  envelopeTo: null,
  dkimResults: [],
  spfResult: null,
};

/** A store with messages of one day for some domains; runs the command on it. */
const lab = async (...domains: string[]) => {
  const url = `sqlite:${join(folder, `${++files}.db`)}`;
  const store = await openStore(url);
  for (const policyDomain of domains)
    await store.counted.add(
      policyDomain,
      [
        {
          period: { beginSeconds: BEGIN, periodSeconds: DAY },
          policy: { policyDomain, record: `v=DMARC1; p=none; rua=mailto:r@${policyDomain}` },
          row,
          count: 1234,
        },
      ],
      BEGIN,
    );
  await store.close();
  return (words: string, environment: Record<string, string> = {}, input?: string) =>
    runInProcess(['reports', ...words.split(' ')], {
      ...(input !== undefined && { input }),
      environment: { STORE: url, REPORT_SENDER: 'reports@receiver.example', ...environment },
    });
};

test('reports build lists what it would build, builds it once, and list and show tell of it', async () => {
  const reports = await lab('brand.example', 'other.example');
  const dry = await reports('build --dry-run');
  assert.equal(dry.out, '2024-10-04  brand.example\n2024-10-04  other.example\n');
  assert.equal(dry.err, '2 to build; nothing was built\n');
  assert.equal((await reports('build --dry-run --day 2024-10-05')).out, '');
  assert.equal((await reports('build')).code, 0);
  assert.equal((await reports('build --dry-run')).out, '');
  const { reports: listed } = JSON.parse((await reports('list --json')).out);
  assert.equal(listed.length, 2);
  const list = await reports('list --domain brand.example');
  assert.match(list.out, /^2024-10-04 {2}waiting {3}brand\.example {6}1,234 {2}\S+\n$/);
  const id = list.out.trim().split(' ').at(-1) ?? '';
  const show = await reports(`show ${id}`);
  assert.match(show.out, /^Report-ID {3}\S+\ndomain {6}brand\.example\n/);
  assert.match(show.out, /messages {4}1,234 in 1 row\n/);
  assert.match((await reports(`show ${id} --xml`)).out, /<count>1234<\/count>/);
  const none = await reports('show nothing');
  assert.equal(none.code, 1);
  assert.match(none.err, /there is no report nothing/);
});

test('reports status says that nothing is sent before the check, and exits with 2 without a store', async () => {
  const reports = await lab('brand.example');
  const { out, code } = await reports('status');
  assert.equal(code, 0);
  assert.match(out, /^store {5}sqlite, 1 MB\ncounted {3}1,234 messages in 1 row, in no report yet\n/);
  assert.match(out, /sending {3}off: set REPORT_SMTP/);
  const away = await reports('status', { STORE: `sqlite:${join(folder, 'none', 'x.db')}` });
  assert.equal(away.code, 2);
  assert.match(away.out, /store {5}sqlite, does not answer/);
});

test('reports check sends a sample, and judges it as it arrived', async () => {
  const sink = await startSink();
  const reports = await lab();
  const environment = { REPORT_SMTP: sink.url };
  assert.equal((await reports('check', environment)).out, 'no check was made with these settings\n');
  const sent = await reports('check me@elsewhere.example', environment);
  assert.equal(sent.code, 0, sent.err);
  assert.match(sent.out, /^a sample is on its way to me@elsewhere\.example\n/);
  const file = join(folder, 'sample.eml');
  writeFileSync(file, sink.received[0]?.octets ?? '');
  const judged = await reports(`check --received ${file}`, environment);
  assert.equal(judged.code, 1);
  assert.match(judged.out, /^report mail does not pass DMARC/);
  assert.match(judged.out, /\n {2}Next: /);
  assert.equal((await reports('send', environment)).code, 1);
  assert.equal((await reports('check --force', environment)).code, 0);
  assert.equal((await reports('send', environment)).code, 0);
  await sink.close();
});

test('store backup copies the store into a new file, and never over one that is there', async () => {
  await lab('brand.example');
  const STORE = `sqlite:${join(folder, `${files}.db`)}`;
  const copy = join(folder, 'copy.db');
  assert.equal((await runInProcess(['store', 'backup', copy], { environment: { STORE } })).code, 0);
  const reopened = await openStore(`sqlite:${copy}`);
  assert.deepEqual(await reopened.counted.open(), { rows: 1, messages: 1234 });
  await reopened.close();
  const again = await runInProcess(['store', 'backup', copy], { environment: { STORE } });
  assert.equal(again.code, 64);
  assert.match(again.err, /is there already/);
});

test('reports suppress keeps an address from reports until it is taken back', async () => {
  const reports = await lab();
  assert.equal((await reports('suppress Gone@brand.example --days 90 --reason asked')).code, 0);
  assert.match((await reports('suppressions')).out, /^gone@brand\.example {2}until \d{4}-\d{2}-\d{2} {2}asked\n$/);
  assert.equal((await reports('unsuppress gone@brand.example')).code, 0);
  assert.equal((await reports('unsuppress gone@brand.example')).code, 1);
});

test('reports tells wrong use and missing settings in words', async () => {
  const reports = await lab();
  for (const [words, sentence] of [
    ['nothing', /say reports status, list, show/],
    ['show', /reports show takes one Report-ID/],
    ['list more', /reports list takes no word/],
    ['list --limit 0', /--limit must be a whole number from 1 to 200/],
    ['list --state lost', /--state must be waiting, sent, withheld, given-up/],
    ['build --dry-run --day tomorrow', /--day must be a day/],
    ['suppress nowhere', /nowhere is no mail address and no domain/],
    ['check me@elsewhere.example', /set REPORT_SMTP/],
    ['check nobody', /nobody is no mail address/],
  ] as const) {
    const { code, err } = await reports(words);
    assert.equal(code, 64, words);
    assert.match(err, sentence, words);
  }
  const { code, err } = await reports('status', { STORE: '' });
  assert.equal(code, 64);
  assert.match(err, /set STORE and REPORT_SENDER/);
});
