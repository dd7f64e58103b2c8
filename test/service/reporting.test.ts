/**
 * Reports from end to end: messages at a face of the mail servers, counted in a SQLite store, built
 * after their day, sent to a real mail server, and read back.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Config } from '../../schemas/settings/settings.ts';
import { UNOBSERVED } from '../../src/pipeline/observer.ts';
import { createMailFaces, createMailverdict } from '../../src/service/core.ts';
import { createReporting } from '../../src/service/reporting.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startSink } from '../reports/sending/sink.ts';

const DAY_MS = 86_400_000;
const BEGIN_MS = 20_000 * DAY_MS;
const GENUINE = {
  clientIp: '192.0.2.10',
  helo: 'mail.brand.example',
  mailFrom: 'alice@brand.example',
  rcptTo: ['bob@example.org'],
};
const STRANGER = { ...GENUINE, clientIp: '203.0.113.66', helo: 'host.stranger.example' };

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reporting-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string): Buffer => readFileSync(new URL(`../../examples/${name}`, import.meta.url));

let stores = 0;

/** A service without its listeners, on a clock that is moved by hand. */
const lab = async (context: TestContext, settings: Record<string, unknown> = {}, isReachable = true) => {
  const sink = await startSink();
  const time = { ms: BEGIN_MS + DAY_MS / 2 };
  const config = Config.parse({
    dnsZone: 'examples/zone.txt',
    dnsServers: '127.0.0.1:9',
    authservId: 'mx.receiver.example',
    enforce: true,
    store: `sqlite:${join(folder, `${++stores}.db`)}`,
    reportSender: 'reports@receiver.example',
    reportSmtp: sink.url,
    reportSpreadHours: 0,
    ...settings,
  });
  const log = createLog('silent');
  const core = createMailverdict(config, log);
  const make = async () => {
    const reporting = await createReporting(config, { lookup: core.lookup, log, now: () => time.ms });
    assert.ok(reporting !== null);
    return reporting;
  };
  const reporting = await make();
  if (isReachable) await reporting.check.force();
  const { rawHook } = createMailFaces(config, core, log, {
    observer: { ...UNOBSERVED, onMessage: reporting.onMessage },
  });
  context.after(async () => {
    await reporting.close();
    core.resolver.close();
    await sink.close();
  });
  return { sink, time, reporting, make, rawHook };
};

/** The XML in a report mail. */
const xmlIn = (mail: Buffer): string => {
  const [, base64 = ''] = /filename="[^"]+\.xml\.gz"\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(mail.toString('latin1')) ?? [];
  return gunzipSync(Buffer.from(base64, 'base64')).toString();
};

const countsIn = (xml: string) =>
  [
    ...xml.matchAll(
      /<source_ip>([^<]+)<\/source_ip>\s*<count>(\d+)<\/count>\s*<policy_evaluated>\s*<disposition>(\w+)</g,
    ),
  ]
    .map(([, ip, count, disposition]) => `${ip} ${count} ${disposition}`)
    .toSorted();

test('a day of mail becomes one report for its domain, whose counts are those of the messages', async (context) => {
  const { sink, time, reporting, rawHook } = await lab(context);
  for (let at = 0; at < 3; at++) assert.equal((await rawHook(example('aligned.eml'), GENUINE)).action, 'accept');
  for (let at = 0; at < 2; at++) assert.equal((await rawHook(example('body-changed.eml'), STRANGER)).action, 'reject');
  await reporting.run();
  assert.deepEqual(await reporting.sendNow(), { kind: 'done', reports: 0, hasMore: false });

  time.ms = BEGIN_MS + DAY_MS + 700_000;
  await reporting.flush();
  await reporting.run();
  await reporting.sendNow();
  assert.equal(sink.received.length, 1);
  const [mail] = sink.received;
  assert.ok(mail);
  assert.deepEqual(mail.to, ['dmarc@brand.example']);
  assert.match(mail.octets.toString(), /^Subject: Report Domain: brand\.example/m);
  const xml = xmlIn(mail.octets);
  assert.deepEqual(countsIn(xml), ['192.0.2.10 3 pass', '203.0.113.66 2 reject']);
  assert.doesNotMatch(xml, /alice|bob/);

  const [report] = (await reporting.list({ limit: 9 })).reports;
  assert.equal(report?.state, 'sent');
  assert.equal(report?.messages, 5);
  const found = await reporting.find(report?.reportId ?? '');
  assert.deepEqual(
    found?.deliveries.map(({ uri, state }) => [uri, state]),
    [['mailto:dmarc@brand.example', 'sent']],
  );
  await reporting.sendNow();
  assert.equal(sink.received.length, 1);
});

test('a report that was not taken goes again as the same octets, also from another process', async (context) => {
  const { sink, time, reporting, make, rawHook } = await lab(context);
  await rawHook(example('aligned.eml'), GENUINE);
  await reporting.flush();
  time.ms = BEGIN_MS + DAY_MS + 700_000;
  await reporting.run();
  sink.acts.data = { code: 451, text: 'later' };
  await reporting.sendNow();
  sink.acts.data = 'take';
  time.ms += 3_600_000;
  const other = await make();
  await other.sendNow();
  await other.sendNow();
  await other.close();
  assert.equal(sink.received.length, 2);
  assert.ok(sink.received[0]?.octets.equals(sink.received[1]?.octets ?? Buffer.alloc(0)));
  assert.equal((await reporting.list({ limit: 1 })).reports[0]?.state, 'sent');
});

test('report mail that is signed here passes DMARC in our own judgement', async (context) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { sink, time, reporting, rawHook } = await lab(context, { reportDkimKey: keyFile, reportDkimSelector: 's' });
  await rawHook(example('aligned.eml'), GENUINE);
  await reporting.flush();
  time.ms = BEGIN_MS + DAY_MS + 700_000;
  await reporting.run();
  await reporting.sendNow();
  const judge = createMailverdict(Config.parse({ dnsServers: '127.0.0.1:9' }), createLog('silent'));
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const octets = sink.received[0]?.octets ?? Buffer.alloc(0);
  const verdict = await judge.verify(
    Buffer.from(octets),
    {},
    {
      overlay: [
        { name: 's._domainkey.receiver.example', type: 'TXT', records: [`v=DKIM1; p=${key}`] },
        { name: '_dmarc.receiver.example', type: 'TXT', records: ['v=DMARC1; p=reject'] },
      ],
    },
  );
  assert.equal(verdict.dmarc.result, 'pass');
  assert.equal(verdict.author.level, 'proven');
  judge.resolver.close();
});

test('a store that is away holds up no message, and what was counted meanwhile is written later', async (context) => {
  const place = join(folder, 'later');
  const { reporting, rawHook } = await lab(context, { store: `sqlite:${join(place, 'store.db')}` }, false);
  for (let at = 0; at < 5; at++) assert.equal((await rawHook(example('aligned.eml'), GENUINE)).action, 'accept');
  await reporting.flush();
  const status = await reporting.status();
  assert.equal(status.counted.waiting, 5);
  assert.equal(status.reports, null);
  assert.match(status.failure ?? '', /SQLite/);
  mkdirSync(place);
  await reporting.flush();
  assert.deepEqual((await reporting.status()).counted, {
    waiting: 0,
    written: 5,
    lost: 0,
    openRows: 1,
    openMessages: 5,
  });
});
