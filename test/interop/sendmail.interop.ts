/**
 * The service behind a real Sendmail, whose header edits, macros and replies differ from those of
 * Postfix. Run by test/interop/run.ts as root.
 */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../free-port.ts';
import { labFolder } from './mail-lab.ts';
import { type Sendmail, startSendmail } from './sendmail-lab.ts';
import { openSmtp } from './smtp-client.ts';
import { type RunningService, startService } from './start-service.ts';

const ZONE = `$ORIGIN example.
$TTL 60
@ SOA ns.example. host.example. 1 3600 600 86400 60
own TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.own TXT "v=DMARC1; p=reject"
sender TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.sender TXT "v=DMARC1; p=reject"
`;
const FIELDS = ['From: a@own.example', 'Subject: one', 'X-Fold:\r\n\tv', 'Date: Sun, 22 Nov 2026 12:00:00 +0000'];
const BODY = 'Hello\r\n.a dot\r\n\xe9\r\n';
const ENVELOPE = { from: 'a@own.example', to: ['bob@rcpt.example'] };

let folder: string;
let sendmail: Sendmail;
let service: RunningService;
let port: number;

before(async () => {
  folder = await labFolder();
  await writeFile(join(folder, 'zone.txt'), ZONE);
  const milterPort = await freePort();
  port = await freePort();
  service = await startService({
    MILTER_LISTEN: `inet:${milterPort}@127.0.0.1`,
    AUTHSERV_ID: 'mx.rcpt.example',
    ENFORCE: 'on',
    LOCAL_SENDERS: 'enforce',
    DNS_ZONE: join(folder, 'zone.txt'),
    // Whatever is not in the zone is refused at once.
    DNS_SERVERS: '127.0.0.1:9',
  });
  sendmail = await startSendmail(folder, port, `inet:${milterPort}@127.0.0.1`);
});

after(async () => {
  await sendmail?.stop();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const send = async (fields: readonly string[], envelope = ENVELOPE) => {
  const client = await openSmtp(port, { helo: 'mail.own.example' });
  const answer = await client.send(envelope, `${fields.map((field) => `${field}\r\n`).join('')}\r\n${BODY}`);
  await client.quit();
  return answer;
};

test('Sendmail puts our field on top, removes three forged ones and leaves those of others', async () => {
  await sendmail.clear();
  const forged = 'Authentication-Results: mx.rcpt.example; dkim=pass';
  const foreign = 'Authentication-Results: mx.other.example; dkim=pass';
  const answer = await send([forged, foreign, forged, ...FIELDS, forged, foreign]);
  assert.equal(answer.code, 250, answer.text);
  const [message] = await sendmail.queued();
  const header = message?.header ?? [];
  assert.match(header[0] ?? '', /^Authentication-Results: mx\.rcpt\.example;\n[\s\S]*spf=pass[\s\S]*dmarc=pass/);
  assert.equal(header.findIndex((field) => field.startsWith('Received:')) > 0, true);
  assert.deepEqual(header.filter((field) => field.startsWith('Authentication-Results:')).slice(1), [foreign, foreign]);
  assert.equal(
    header.some((field) => field.includes('\r')),
    false,
  );
  assert.equal(message?.body.replaceAll('\r', ''), BODY.replaceAll('\r', ''));
});

test('Sendmail hands on the whole refusal', async () => {
  const answer = await send(['From: alice@sender.example', ...FIELDS.slice(1)], {
    ...ENVELOPE,
    from: 'alice@sender.example',
  });
  assert.match(answer.text, /^550 5\.7\.26 .*sender\.example/);
});

test('Sendmail gets a temporary refusal when DNS does not answer', async () => {
  const answer = await send(['From: a@elsewhere.invalid', ...FIELDS.slice(1)], {
    ...ENVELOPE,
    from: 'a@elsewhere.invalid',
  });
  assert.match(answer.text, /^451 4\.7\./);
});

test('Sendmail tells a queue id for each message, and three messages on one connection are judged each by its own', async () => {
  await sendmail.clear();
  const before = service.log.length;
  const client = await openSmtp(port, { helo: 'mail.own.example' });
  const text = `${FIELDS.map((field) => `${field}\r\n`).join('')}\r\n${BODY}`;
  const answers = [
    await client.send({ ...ENVELOPE, from: 'alice@sender.example' }, text.replaceAll('own.example', 'sender.example')),
    await client.send(ENVELOPE, text),
    await client.send({ ...ENVELOPE, to: ['bob@rcpt.example', 'carol@rcpt.example'] }, text),
  ];
  await client.quit();
  assert.deepEqual(
    answers.map(({ code }) => code),
    [550, 250, 250],
  );
  assert.equal((await sendmail.queued()).length, 2);
  const told = service.log.slice(before).filter((entry) => entry.msg === 'message decided');
  assert.equal(told.length, 3);
  assert.equal(new Set(told.map(({ queueId }) => queueId)).size, 3);
  for (const { queueId } of told) assert.match(String(queueId), /^[0-9A-Za-z]{10,}$/);
});
