/**
 * The gauges and the log lines: what happens is what is counted, nothing from outside becomes a
 * label, nothing of a message gets into the log.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXAMPLES } from '../../examples/cases.ts';
import { reached } from '../../schemas/limit.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { createMailverdict } from '../../src/service/core.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { keyedHash } from '../../src/telemetry/keyed-hash.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { Fault } from '../../src/verdict/fault.ts';
import { observed } from '../../src/verdict/observed.ts';
import { logFields } from '../../src/verdict/summary.ts';

type Metrics = ReturnType<typeof createMetrics>;
type LogAddresses = NonNullable<Parameters<typeof createLog>[1]>;

const CACHE = {
  records: { entries: 3, bytes: 1800, maxBytes: 4096 },
  negatives: { entries: 1, bytes: 600, maxBytes: 2048 },
  hits: 7,
  misses: 4,
  shared: 1,
  stale: 0,
  prefetches: 2,
  inFlight: 5,
  waiting: 6,
  unexpectedReplies: 0,
};

const COUNTED = { waiting: 8, written: 9, lost: 10 };

/** Samples by name and labels, as a scraper sees them. */
const samplesOf = async (metrics: Metrics): Promise<Map<string, number>> => {
  const { text } = await metrics.read({ cache: CACHE, counted: COUNTED });
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
};

/**
 * Judges one of the examples with the real parts; names outside the zone of the examples meet a
 * closed port.
 */
const judge = async (file: string, metrics: Metrics): Promise<Verdict> => {
  const outcome = readConfig({ DNS_SERVERS: '127.0.0.1:9' });
  assert.equal(outcome.kind, 'config');
  const parts = createMailverdict(outcome.config, createLog('silent'), {
    ...metrics,
    verify: metrics,
  });
  try {
    const message = readFileSync(new URL(`../../examples/${file}`, import.meta.url));
    const example = EXAMPLES.find((one) => one.file === file);
    return await parts.verify(message, { ...example?.smtp, queueId: '4XyZ' });
  } finally {
    parts.resolver.close();
  }
};

test('createMetrics counts standstills and keeps the longest', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.onStandstill({ elapsedMs: 900 });
  metrics.onStandstill({ elapsedMs: 400 });
  const samples = await samplesOf(metrics);
  assert.equal(samples.get('mailverdict_event_loop_standstills_total'), 2);
  assert.equal(samples.get('mailverdict_event_loop_longest_standstill_seconds'), 0.9);
});

test('createMetrics counts verdicts by method and result', async () => {
  const metrics = createMetrics('1.2.3');
  await judge('aligned.eml', metrics);
  await judge('unaligned.eml', metrics);
  await judge('spf-fail.eml', metrics);
  const samples = await samplesOf(metrics);
  const expected: Record<string, number> = {
    'mailverdict_build_info{version="1.2.3"}': 1,
    'mailverdict_verdicts_total{method="dkim",result="pass"}': 3,
    'mailverdict_verdicts_total{method="dkim",result="none"}': 1,
    'mailverdict_verdicts_total{method="dmarc",result="pass"}': 1,
    'mailverdict_verdicts_total{method="dmarc",result="fail"}': 2,
    'mailverdict_dispositions_total{action="accept",would_be="reject"}': 2,
    mailverdict_verification_seconds_count: 3,
    mailverdict_verifications_running: 0,
    mailverdict_spf_disagreements_total: 0,
    'mailverdict_step_seconds_count{step="spf"}': 3,
    'mailverdict_step_seconds_count{step="signatures"}': 3,
    'mailverdict_step_seconds_count{step="dmarc"}': 3,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  assert.equal(samples.has('mailverdict_step_seconds_count{step="trace"}'), false, 'nobody asked for a trace');
});

test('createMetrics counts limits that were reached and evaluators that differ', async () => {
  const metrics = createMetrics('1.2.3');
  const verdict = await judge('aligned.eml', metrics);
  metrics.onVerdict({
    ...verdict,
    findings: [
      { code: 'spf-evaluators-differ', severity: 'warning', message: 'they differ' },
      ...(['questions', 'signatures'] as const).map((name) => ({
        code: 'limit-reached',
        severity: 'error' as const,
        message: 'there was too much',
        limit: reached(name, 10),
      })),
    ],
  });
  const samples = await samplesOf(metrics);
  assert.equal(samples.get('mailverdict_limits_reached_total{limit="questions"}'), 1);
  assert.equal(samples.get('mailverdict_limits_reached_total{limit="signatures"}'), 1);
  assert.equal(samples.get('mailverdict_spf_disagreements_total'), 1);
});

test('createMetrics takes over what the resolver tells and counts', async () => {
  const metrics = createMetrics('1.2.3');
  const question = { name: 'brand.example', type: 'TXT', elapsedMs: 20 } as const;
  metrics.onQuestion({ ...question, outcome: 'records', source: 'network' });
  metrics.onQuestion({ ...question, outcome: 'records', source: 'cache' });
  metrics.onQuestion({ ...question, outcome: 'failure', failure: 'timeout', source: 'network' });
  await metrics.read({ cache: CACHE, counted: COUNTED });
  const samples = await samplesOf(metrics);
  const expected: Record<string, number> = {
    'mailverdict_dns_questions_total{outcome="records",source="network",failure=""}': 1,
    'mailverdict_dns_questions_total{outcome="records",source="cache",failure=""}': 1,
    'mailverdict_dns_questions_total{outcome="failure",source="network",failure="timeout"}': 1,
    'mailverdict_dns_question_seconds_count{outcome="records"}': 1,
    'mailverdict_dns_cache_bytes{store="records"}': 1800,
    'mailverdict_dns_cache_max_bytes{store="negatives"}': 2048,
    'mailverdict_dns_cache_entries{store="records"}': 3,
    'mailverdict_dns_cache_events_total{event="hits"}': 7,
    'mailverdict_dns_cache_events_total{event="prefetches"}': 2,
    mailverdict_dns_questions_in_flight: 5,
    mailverdict_dns_questions_waiting: 6,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
});

test('createMetrics shows the mail servers, HTTP and the event loop', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.observer.onConnection({ face: 'milter', open: 2, refused: false });
  metrics.observer.onConnection({ face: 'milter', open: 2, refused: true });
  metrics.observer.onDecision({ face: 'milter', action: 'reject', cause: 'policy', elapsedMs: 40 });
  metrics.observer.onMemory(4096);
  metrics.onReport({ state: 'sent' });
  metrics.onAnswer({ route: '/v1/verify', method: 'POST', status: 200, elapsedMs: 12 });
  const samples = await samplesOf(metrics);
  const expected: Record<string, number> = {
    'mailverdict_connections_open{face="milter"}': 2,
    'mailverdict_connections_refused_total{face="milter"}': 1,
    'mailverdict_decisions_total{face="milter",action="reject",cause="policy"}': 1,
    'mailverdict_decision_seconds_count{face="milter"}': 1,
    mailverdict_pipeline_held_bytes: 4096,
    'mailverdict_report_deliveries_total{state="sent"}': 1,
    mailverdict_report_messages_waiting: 8,
    mailverdict_report_messages_written_total: 9,
    mailverdict_report_messages_lost_total: 10,
    'mailverdict_http_requests_total{route="/v1/verify",method="POST",status="200"}': 1,
    'mailverdict_http_request_seconds_count{route="/v1/verify"}': 1,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name);
  assert.ok(samples.has('nodejs_eventloop_lag_p99_seconds'));
});

test('createMetrics counts each service by itself', async () => {
  const [one, other] = [createMetrics('1'), createMetrics('2')];
  one.onFailure('aborted');
  assert.equal((await samplesOf(one)).get('mailverdict_verification_failures_total{code="aborted"}'), 1);
  assert.equal((await samplesOf(other)).has('mailverdict_verification_failures_total{code="aborted"}'), false);
});

test('observed tells each end and changes nothing', async () => {
  const told: unknown[] = [];
  const watcher = {
    onRunning: (running: number) => told.push(running),
    onVerdict: () => told.push('verdict'),
    onFailure: (code: string) => told.push(code),
  };
  const aborted = new Fault('aborted', 'the caller gave up');
  const broken = new Error('broken');
  await assert.rejects(
    observed(() => Promise.reject(aborted), watcher)(Buffer.alloc(0), {}),
    (cause) => cause === aborted,
  );
  await assert.rejects(
    observed(() => Promise.reject(broken), watcher)(Buffer.alloc(0), {}),
    (cause) => cause === broken,
  );
  assert.deepEqual(told, [1, 'aborted', 0, 1, 'internal', 0]);
});

/** The line of a verdict, as it is written. */
const writtenLine = (verdict: Verdict, addresses: LogAddresses): Record<string, unknown> => {
  const lines: string[] = [];
  createLog('info', addresses, { write: (line) => void lines.push(line) }).info(logFields(verdict), 'verdict');
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '');
};

test('logFields tells the queue id, the results, the disposition and the times, and nothing of the message', async () => {
  const verdict = await judge('unaligned.eml', createMetrics('1'));
  const line = writtenLine(verdict, { logAddresses: 'full', logHashKey: '' });
  assert.equal(line.queueId, '4XyZ');
  assert.equal(line.verdictId, verdict.id);
  assert.equal(line.mailFrom, 'bounce-17@mailer.example');
  assert.equal(line.clientIp, '198.51.100.5');
  assert.deepEqual(
    [line.spf, line.dmarc, line.arc, line.action, line.wouldBe],
    ['pass', 'fail', 'none', 'accept', 'reject'],
  );
  assert.deepEqual(line.dkim, ['mailer.example=pass']);
  assert.equal(line.elapsedMs, verdict.elapsedMs);
  assert.equal(line.dnsQuestions, verdict.dns.questions.used);
  const text = JSON.stringify(line);
  assert.ok(verdict.message.subject !== null && !text.includes(verdict.message.subject));
  assert.ok(verdict.message.messageId !== null && !text.includes(verdict.message.messageId));
});

test('createLog hashes addresses or leaves them out, and always leaves secrets out', async () => {
  const verdict = await judge('unaligned.eml', createMetrics('1'));
  const hashed = writtenLine(verdict, { logAddresses: 'hashed', logHashKey: 'one key' });
  assert.match(String(hashed.mailFrom), /^[0-9a-f]{16}@mailer\.example$/);
  assert.match(String(hashed.clientIp), /^[0-9a-f]{16}$/);
  assert.equal(hashed.queueId, '4XyZ');
  const same = { ...verdict, smtp: { ...verdict.smtp, mailFrom: '<BOUNCE-17@mailer.example>' } };
  assert.equal(writtenLine(same, { logAddresses: 'hashed', logHashKey: 'one key' }).mailFrom, hashed.mailFrom);
  assert.notEqual(writtenLine(verdict, { logAddresses: 'hashed', logHashKey: 'other key' }).mailFrom, hashed.mailFrom);
  const random = () => writtenLine(verdict, { logAddresses: 'hashed', logHashKey: '' }).mailFrom;
  assert.notEqual(random(), random());
  const bounce = { ...verdict, smtp: { ...verdict.smtp, mailFrom: '' } };
  assert.equal(writtenLine(bounce, { logAddresses: 'hashed', logHashKey: '' }).mailFrom, '');

  const none = writtenLine(verdict, { logAddresses: 'none', logHashKey: '' });
  assert.doesNotMatch(JSON.stringify(none), /bounce-17|198\.51\.100\.5/);
  assert.equal(none.queueId, '4XyZ');

  const passed: string[] = [];
  const child = createLog(
    'info',
    { logAddresses: 'none', logHashKey: '' },
    { write: (line) => void passed.push(line) },
  );
  child.child({ peer: '198.51.100.5' }).info({ rcptTo: ['a@b.example', 'c@d.example'] }, 'x');
  assert.doesNotMatch(passed.join(''), /198\.51|a@b|c@d/);

  const lines: string[] = [];
  const log = createLog('info', { logAddresses: 'full', logHashKey: '' }, { write: (line) => void lines.push(line) });
  log.info(
    { req: { headers: { authorization: 'Bearer mv_secret', 'x-api-key': 'mv_secret' } }, rcptTo: ['a@b.example'] },
    'x',
  );
  assert.doesNotMatch(lines.join(''), /mv_secret/);
});

for (const length of [0, 1, 32, 63, 64, 65, 200]) {
  test(`keyedHash is HMAC-SHA-256 with a key of ${length} octets`, () => {
    const key = Buffer.alloc(length, 0xa7);
    for (const text of ['', 'alice@brand.example', 'b\u00fccher@brand.example', 'x'.repeat(1000)])
      assert.equal(keyedHash(key)(text), createHmac('sha256', key).update(text).digest('hex'));
  });
}
