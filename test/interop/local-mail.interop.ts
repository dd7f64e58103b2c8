/**
 * Mail that reaches a server over no network, `sendmail -bs` of a real Sendmail and of a real
 * Postfix, before a service that enforces: it is mail of this machine, and is not refused for a
 * policy that no check of it could pass. Run by test/interop/run.ts as root.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../free-port.ts';
import { labFolder, PATIENCE_MS, type Postfix, startPostfix } from './mail-lab.ts';
import { startSendmail } from './sendmail-lab.ts';
import { openSmtp } from './smtp-client.ts';
import { type RunningService, startService } from './start-service.ts';

const ZONE = `$ORIGIN example.
$TTL 60
@ SOA ns.example. host.example. 1 3600 600 86400 60
brand TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.brand TXT "v=DMARC1; p=reject"
`;
const MESSAGE = ['From: alice@brand.example', 'Subject: local', 'Date: Sun, 22 Nov 2026 12:00:00 +0000', '', 'hello'];
const SESSION = [
  'EHLO localhost',
  'MAIL FROM:<alice@brand.example>',
  'RCPT TO:<bob@rcpt.example>',
  'DATA',
  [...MESSAGE, '.'].join('\r\n'),
  'QUIT',
];

let folder: string;
let service: RunningService;
let milterPort: number;
const stops: (() => Promise<unknown>)[] = [];

before(async () => {
  folder = await labFolder();
  await writeFile(join(folder, 'zone.txt'), ZONE);
  milterPort = await freePort();
  service = await startService({
    MILTER_LISTEN: `inet:${milterPort}@127.0.0.1`,
    AUTHSERV_ID: 'mx.rcpt.example',
    ENFORCE: 'on',
    DNS_ZONE: join(folder, 'zone.txt'),
    // Whatever is not in the zone is refused at once.
    DNS_SERVERS: '127.0.0.1:9',
  });
});

after(async () => {
  for (const stop of stops.toReversed()) await stop();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

/**
 * What was done with each message since then, and what would have been done with a client from
 * outside.
 */
const decidedSince = (entries: number) =>
  service.log
    .slice(entries)
    .filter(({ msg }) => msg === 'message decided')
    .map(({ action, wouldBe }) => [action, wouldBe]);

/** The field that the service put on top names the loopback as the client. */
const OF_THIS_MACHINE = /^Authentication-Results: mx\.rcpt\.example;\s[\s\S]*? policy\.iprev=127\.0\.0\.1$/m;

test('sendmail -bs of Sendmail: mail of this machine is taken in spite of p=reject', async () => {
  const port = await freePort();
  const sendmail = await startSendmail(folder, port, `inet:${milterPort}@127.0.0.1`);
  stops.push(sendmail.stop);
  const before = service.log.length;
  const said = await sendmail.session(SESSION);
  assert.match(said, /^354 [\s\S]*^250 2\.0\.0 /m, said);
  const [message, ...more] = await sendmail.queued();
  assert.equal(more.length, 0);
  assert.match(message?.header[0] ?? '', OF_THIS_MACHINE);
  assert.deepEqual(decidedSince(before), [['accept', 'reject']]);
});

test('sendmail -bs of Postfix: mail of this machine is taken in spite of p=reject, and a stranger over the network is refused', async () => {
  const port = await freePort();
  const postfix: Postfix = await startPostfix(folder, [{ port, settings: {} }], {
    smtpd_milters: `inet:127.0.0.1:${milterPort}`,
    non_smtpd_milters: `inet:127.0.0.1:${milterPort}`,
  });
  stops.push(postfix.stop);
  const before = service.log.length;
  const said = execFileSync('/usr/sbin/sendmail', ['-C', join(folder, 'etc'), '-bs'], {
    input: SESSION.map((line) => `${line}\r\n`).join(''),
    encoding: 'latin1',
    timeout: PATIENCE_MS,
  });
  assert.match(said, /^354 [\s\S]*^250 2\.0\.0 /m, said);
  const [delivered = ''] = await postfix.waitForDelivered(1);
  assert.match(delivered, /^Subject: local$/m);
  assert.match(delivered, OF_THIS_MACHINE);
  assert.deepEqual(decidedSince(before), [['accept', 'reject']]);

  const stranger = await openSmtp(port, {
    helo: 'host.stranger.example',
    xclient: 'ADDR=198.51.100.7 NAME=[UNAVAILABLE] PORT=40002',
  });
  const refused = await stranger.send(
    { from: 'alice@brand.example', to: ['bob@rcpt.example'] },
    `${MESSAGE.join('\r\n')}\r\n`,
  );
  await stranger.quit();
  assert.match(refused.text, /^550 5\.7\.26 /);
});
