/**
 * Reports through a real Postfix: STARTTLS with a certificate that it made itself, a size that it
 * refuses, a relay that it denies, and the notification of its own that comes back to the sender of
 * one report. Run by test/interop/run.ts as root.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bounceKeyOf } from '../../src/reports/sending/bounce-key.ts';
import { takeBounce } from '../../src/reports/sending/bounces.ts';
import { createSmtpDelivery } from '../../src/reports/sending/smtp-delivery.ts';
import { verpSender } from '../../src/reports/sending/verp.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { freePort } from '../free-port.ts';
import { addReport, NOW } from '../reports/sending/make-sender.ts';
import { type Sink, startSink } from '../reports/sending/sink.ts';
import { labFolder, type Postfix, startPostfix } from './mail-lab.ts';

const SENDER = 'reports@rcpt.example';
const MAIL = Buffer.from(
  `From: <${SENDER}>\r\nTo: <dmarc@rcpt.example>\r\nSubject: Report Domain: brand.example\r\n\r\n.one dot\r\n..two\r\nthe end\r\n`,
);

let folder: string;
let postfix: Postfix;
let away: Sink;
let store: Store;
let url: string;

before(async () => {
  folder = await labFolder();
  away = await startSink();
  away.acts.rcpt = { code: 550, text: '5.1.1 no such user' };
  store = await openStore('sqlite::memory:');
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=own', '-keyout', key, '-out', certificate],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  postfix = await startPostfix(
    folder,
    [{ port, settings: { smtpd_tls_security_level: 'may' } }],
    {
      smtpd_tls_cert_file: certificate,
      smtpd_tls_key_file: key,
      smtpd_tls_loglevel: '1',
      message_size_limit: '100000',
      recipient_delimiter: '+',
      relay_domains: 'brand.example',
      relay_transport: `smtp:[127.0.0.1]:${away.port}`,
    },
    'smtp unix - - n - - smtp\n',
  );
  url = `smtp://127.0.0.1:${port}`;
});

after(async () => {
  await postfix?.stop();
  await away?.close();
  await store?.close();
  await rm(folder, { recursive: true, force: true });
});

const deliver = (to: string, mail = MAIL, from = SENDER) =>
  createSmtpDelivery({ url, helo: 'mx.rcpt.example' })({ from, to }, mail);

test('Postfix takes a report over TLS with a certificate of its own, and sees a session that ends as it should', async () => {
  const outcome = await deliver('dmarc@rcpt.example');
  assert.equal(outcome.kind, 'accepted');
  assert.match(outcome.reply, /^250 2\.0\.0 Ok: queued as /);
  const [message = ''] = await postfix.waitForDelivered(1);
  assert.ok(message.endsWith('\n\n.one dot\n..two\nthe end\n'), message);
  const log = await postfix.log();
  assert.match(log, /Anonymous TLS connection established|TLS connection established/);
  assert.doesNotMatch(log, /lost connection after (?!CONNECT)|timeout after/);
  await postfix.clear();
});

test('Postfix refuses a report over its size for good, and one that it does not relay for now', async () => {
  const large = Buffer.concat([MAIL, Buffer.from('x'.repeat(70).concat('\r\n').repeat(2000))]);
  assert.equal((await deliver('dmarc@rcpt.example', large)).kind, 'refused');
  const denied = await deliver('dmarc@stranger.example');
  assert.equal(denied.kind, 'later');
  assert.match(denied.reply, /^554 5\.7\.1 .*Relay access denied/);
});

test('the notification that Postfix writes of a report leads back to it', async () => {
  const sent = { reportId: '20260101xabc', address: 'dmarc@brand.example' };
  await addReport(store, { reportId: sent.reportId, policyDomain: 'brand.example', messages: 1, nowSeconds: NOW });
  await store.outgoing.saveDelivery(sent.reportId, {
    uri: `mailto:${sent.address}`,
    state: 'sent',
    tries: 1,
    reason: '',
    changedSeconds: NOW,
  });
  const from = verpSender(SENDER, sent, await bounceKeyOf(store.notes, (octets) => Buffer.alloc(octets, 3)));
  assert.equal((await deliver(sent.address, MAIL, from)).kind, 'accepted');
  const [notification = ''] = await postfix.waitForDelivered(1, (message) => message.includes('delivery-status'));
  const recipient = /^Delivered-To: (.*)$/m.exec(notification)?.[1] ?? '';
  assert.equal(recipient, from);
  const outcome = await takeBounce(
    {
      outgoing: store.outgoing,
      suppressions: store.suppressions,
      notes: store.notes,
      settings: { reportSender: SENDER, reportMaxBounces: 1, reportSuppressDays: 30 },
      nowSeconds: () => NOW,
    },
    recipient,
    Buffer.from(notification, 'latin1'),
  );
  assert.deepEqual(outcome, { kind: 'bounced', ...sent, status: '5.1.1', isSuppressed: true });
});
