/** Outgoing reports over HTTP, on a store of their own. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { OutgoingReportDetail, OutgoingReportPage, ReportingStatus } from '../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../schemas/reports/report-row.ts';
import { Config } from '../../schemas/settings/settings.ts';
import { createReporting } from '../../src/service/reporting.ts';
import { openStore } from '../../src/store/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { makeApp } from './make-app.ts';

const DAY = 86_400;
const BEGIN = 20_000 * DAY;
const RECORD = 'v=DMARC1; p=reject; rua=mailto:r@brand.example';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reports-route-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** An app over a store with some reports, newest last. */
const lab = async (context: TestContext, domains: readonly string[] = ['a.example', 'b.example', 'c.example']) => {
  const url = `sqlite:${join(folder, `${++files}.db`)}`;
  const store = await openStore(url);
  for (const [at, policyDomain] of domains.entries()) {
    const policy = { policyDomain, record: RECORD };
    const period = { beginSeconds: BEGIN, periodSeconds: DAY };
    const row: ReportRow = {
      sourceIp: '192.0.2.1',
      disposition: 'pass',
      dkim: 'pass',
      spf: 'pass',
      reasons: [],
      headerFrom: policyDomain,
      envelopeFrom: policyDomain,
      envelopeTo: null,
      dkimResults: [],
      spfResult: null,
    };
    await store.counted.add(policyDomain, [{ period, policy, row, count: at + 1 }], BEGIN);
    const open = { ...period, ...policy };
    const part = await store.counted.firstPart(open, { maxRows: 10, maxOctets: 1e6 });
    assert.ok(part);
    await store.outgoing.build({ reportId: `r-${at}`, open, part, builtSeconds: BEGIN + at, nextTrySeconds: BEGIN });
  }
  await store.outgoing.saveDelivery('r-0', {
    uri: 'mailto:r@brand.example',
    state: 'sent',
    tries: 1,
    reason: '250 taken',
    changedSeconds: BEGIN,
  });
  await store.outgoing.saveTry('r-0', { state: 'sent', tries: 1, nextTrySeconds: 0, reason: '250 taken' });
  await store.close();
  const config = Config.parse({ store: url, reportSender: 'reports@receiver.example', authservId: 'mx.example' });
  const log = createLog('silent');
  const lookup = async () => ({ kind: 'failure', failure: 'refused', source: 'zone', rcode: 5 }) as const;
  const reporting = await createReporting(config, { lookup, log });
  assert.ok(reporting !== null);
  const app = await makeApp({ reports: reporting });
  context.after(async () => {
    await app.close();
    await reporting.close();
  });
  return app;
};

test('GET /v1/reports/status tells what is counted, what waits and that nothing is sent yet', async (context) => {
  const app = await lab(context);
  const status = ReportingStatus.parse((await app.inject('/v1/reports/status')).json());
  assert.deepEqual(status.reports, { waiting: 2, sent: 1, withheld: 0, 'given-up': 0 });
  assert.equal(status.isSending, false);
  assert.equal(status.failure, null);
  assert.deepEqual(status.counted, { waiting: 0, written: 0, lost: 0, openRows: 0, openMessages: 0 });
});

test('GET /v1/reports/outgoing lists page by page, by domain and by state', async (context) => {
  const app = await lab(context);
  const page = async (query: string) => {
    const { reports, next } = OutgoingReportPage.parse((await app.inject(`/v1/reports/outgoing${query}`)).json());
    return { ids: reports.map(({ reportId }) => reportId), next };
  };
  assert.deepEqual(await page(''), { ids: ['r-2', 'r-1', 'r-0'], next: null });
  assert.deepEqual(await page('?limit=2'), { ids: ['r-2', 'r-1'], next: 'r-1' });
  assert.deepEqual(await page('?limit=2&after=r-1'), { ids: ['r-0'], next: null });
  assert.deepEqual(await page('?domain=B.example'), { ids: ['r-1'], next: null });
  assert.deepEqual(await page('?state=sent'), { ids: ['r-0'], next: null });
  for (const [query, path] of [
    ['state=lost', 'query.state'],
    ['limit=0', 'query.limit'],
    ['limit=201', 'query.limit'],
    ['domains=a.example', 'query.domains'],
  ]) {
    const answer = await app.inject(`/v1/reports/outgoing?${query}`);
    assert.equal(answer.statusCode, 400);
    assert.equal(Problem.parse(answer.json()).errors?.[0]?.path, path);
  }
});

test('GET /v1/reports/outgoing/{reportId} tells of each address, and its XML is the report', async (context) => {
  const app = await lab(context);
  const { report, deliveries } = OutgoingReportDetail.parse((await app.inject('/v1/reports/outgoing/r-0')).json());
  assert.equal(report.policyDomain, 'a.example');
  assert.deepEqual(
    deliveries.map(({ uri, state, reason }) => [uri, state, reason]),
    [['mailto:r@brand.example', 'sent', '250 taken']],
  );
  const xml = await app.inject('/v1/reports/outgoing/r-2/xml');
  assert.match(String(xml.headers['content-type']), /^application\/xml/);
  assert.match(xml.body, /<domain>c\.example<\/domain>[\s\S]*<count>3<\/count>/);
  for (const path of ['/v1/reports/outgoing/none', '/v1/reports/outgoing/none/xml'])
    assert.equal((await app.inject(path)).statusCode, 404);
});

test('suppressions are added, listed and removed', async (context) => {
  const app = await lab(context);
  const url = '/v1/reports/suppressions';
  const added = await app.inject({ method: 'POST', url, payload: { target: 'Gone@Brand.example', days: 2 } });
  assert.equal(added.statusCode, 200);
  await app.inject({ method: 'POST', url, payload: { target: 'brand.example', reason: 'they asked' } });
  assert.deepEqual(
    (await app.inject(url)).json().suppressions.map(({ target, reason }: Record<string, string>) => [target, reason]),
    [
      ['brand.example', 'they asked'],
      ['gone@brand.example', 'an operator asked for it'],
    ],
  );
  assert.equal((await app.inject({ method: 'DELETE', url: `${url}?target=brand.example` })).statusCode, 200);
  assert.equal((await app.inject({ method: 'DELETE', url: `${url}?target=brand.example` })).statusCode, 404);
  for (const target of ['', 'x y@brand.example', 'nowhere', `${'a'.repeat(320)}@b.example`]) {
    const answer = await app.inject({ method: 'POST', url, payload: { target } });
    assert.equal(answer.statusCode, 400, target);
    assert.equal(Problem.parse(answer.json()).errors?.[0]?.path, 'body.target');
  }
});

test('POST /v1/reports/bounces tells a message that is no bounce of a report from one that is', async (context) => {
  const app = await lab(context);
  const ask = (query: string, payload: string) =>
    app.inject({
      method: 'POST',
      url: `/v1/reports/bounces?${query}`,
      headers: { 'content-type': 'message/rfc822' },
      payload,
    });
  const answer = await ask('recipient=reports@receiver.example', 'From: a@b.example\r\n\r\nHi\r\n');
  assert.deepEqual(answer.json(), { outcome: 'not-ours' });
  assert.equal((await ask('recipient=', 'x')).statusCode, 400);
});

test('a store that does not answer is 503 with its own problem, and status still answers', async (context) => {
  const app = await lab(context, []);
  const config = Config.parse({ store: `sqlite:${join(folder, 'none', 'x.db')}`, reportSender: 'r@receiver.example' });
  const reporting = await createReporting(config, {
    lookup: async () => {
      throw new Error('no question is asked');
    },
    log: createLog('silent'),
  });
  assert.ok(reporting !== null);
  const broken = await makeApp({ reports: reporting });
  const answer = await broken.inject('/v1/reports/outgoing');
  assert.equal(answer.statusCode, 503);
  assert.equal(Problem.parse(answer.json()).type, 'urn:mailverdict:problem:store-unavailable');
  assert.equal((await broken.inject('/v1/reports/status')).json().reports, null);
  await broken.close();
  await reporting.close();
  assert.equal((await app.inject('/v1/reports/outgoing')).statusCode, 200);
});
