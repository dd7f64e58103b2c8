/**
 * trustReceived on messages that real servers delivered through their own re-injections: Postfix to
 * Dovecot by LMTP, to amavis and back, through a content filter, Exim and Sendmail from their own
 * machine. In each chain a stranger puts forged fields of the own servers below. Run by
 * test/interop/run.ts as root.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../free-port.ts';
import { unpackExim } from './exim-lab.ts';
import { labFolder, type Postfix, startPostfix } from './mail-lab.ts';
import { type MailStore, startAmavis, startDovecot } from './reinjection-lab.ts';
import { sendmailChain } from './sendmail-chain.ts';
import { openSmtp } from './smtp-client.ts';
import { type RunningService, startService } from './start-service.ts';

const ZONE = `$ORIGIN example.
$TTL 60
@ SOA ns.example. host.example. 1 3600 600 86400 60
sender TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.sender TXT "v=DMARC1; p=reject"
`;
type Client = { readonly ip: string; readonly helo: string; readonly xclient: string };
const GENUINE: Client = {
  ip: '192.0.2.10',
  helo: 'mail.sender.example',
  xclient: 'ADDR=192.0.2.10 NAME=mail.sender.example PORT=40001',
};
const STRANGER: Client = {
  ip: '198.51.100.7',
  helo: 'host.stranger.example',
  xclient: 'ADDR=198.51.100.7 NAME=[UNAVAILABLE] PORT=40002',
};
const DATE = 'Sun, 22 Nov 2026 12:00:00 +0000';
/**
 * What a stranger writes to be taken for the genuine client, by the names that the chains trust.
 */
const FORGED = ['mx.rcpt.example', 'mx.example.org', 'localhost']
  .map(
    (by) =>
      `Received: from mail.sender.example (mail.sender.example [192.0.2.10])\r\n\tby ${by} (Postfix) with ESMTPS id 4BAD; ${DATE}\r\n`,
  )
  .join('');
const message = (head = '') =>
  `${head}From: Alice <alice@sender.example>\r\nTo: bob@rcpt.example\r\nSubject: chain\r\nMessage-ID: <chain@sender.example>\r\nDate: ${DATE}\r\n\r\nhello\r\n`;

/** Mailboxes in the mail store, each for one message. */
const STORED = Array.from({ length: 6 }, (_, index) => `stored${index}@rcpt.example`);

let folder: string;
let postfix: Postfix;
let store: MailStore;
let service: RunningService;
const stops: (() => Promise<unknown>)[] = [];
const ports = { plain: 0, amavis: 0, filter: 0, back: 0, amavisd: 0, lmtp: 0 };

before(async () => {
  folder = await labFolder();
  await writeFile(join(folder, 'zone.txt'), ZONE);
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const spool = join(folder, 'filter');
  await mkdir(spool);
  await chmod(spool, 0o777);
  const script = join(folder, 'filter.sh');
  // The simple filter of Postfix's FILTER_README: a command that looks at the message and hands it
  // to sendmail(1).
  await writeFile(script, `#!/bin/sh\ncat > ${spool}/in.$$ && /usr/sbin/sendmail -G -i "$@" < ${spool}/in.$$\n`);
  await chmod(script, 0o755);
  postfix = await startPostfix(
    folder,
    [
      { port: ports.plain, settings: {} },
      { port: ports.amavis, settings: { content_filter: `toamavis:[127.0.0.1]:${ports.amavisd}` } },
      { port: ports.filter, settings: { content_filter: 'filter:dummy' } },
      { port: ports.back, settings: { content_filter: '', mynetworks: '127.0.0.0/8' } },
    ],
    {
      transport_maps: `inline:{ ${STORED.map((address) => `{ ${address} = lmtp:inet:127.0.0.1:${ports.lmtp} }`).join(', ')} }`,
    },
    `smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
toamavis unix - - n - 2 smtp
    -o smtp_send_xforward_command=yes
filter unix - n n - 10 pipe
    flags=Rq user=nobody argv=${script} -f \${sender} -- \${recipient}
`,
  );
  stops.push(postfix.stop);
  store = await startDovecot(folder, ports.lmtp, 'store.rcpt.example');
  stops.push(store.stop);
  stops.push((await startAmavis(folder, ports.amavisd, ports.back, 'mx.rcpt.example')).stop);
  service = await startService({
    DNS_ZONE: join(folder, 'zone.txt'),
    // Whatever is not in the zone is refused at once.
    DNS_SERVERS: '127.0.0.1:9',
  });
  stops.push(service.stop);
});

after(async () => {
  for (const stop of stops.toReversed()) await stop();
  await rm(folder, { recursive: true, force: true });
});

/** Sends through a listener of Postfix. @returns the message as it was delivered */
const deliver = async (port: number, client: Client, head = ''): Promise<string> => {
  await postfix.clear();
  const smtp = await openSmtp(port, client);
  const answer = await smtp.send({ from: 'alice@sender.example', to: ['bob@rcpt.example'] }, message(head));
  await smtp.quit();
  assert.equal(answer.code, 250, answer.text);
  const [delivered = ''] = await postfix.waitForDelivered(1).catch(async (cause) => {
    throw new Error(`${cause}\n${await postfix.log()}`);
  });
  return delivered;
};

const judge = async (delivered: string, trustReceived: string) => {
  const url = `${service.addresses[0]}/v1/verify?trustReceived=${trustReceived}`;
  const response = await fetch(url, { method: 'POST', body: Buffer.from(delivered, 'latin1') });
  assert.equal(response.status, 200);
  return JSON.parse(await response.text());
};

/**
 * Judges what each client sent: the genuine one passes, the stranger with forged fields fails, both
 * by the address that the chain's entry saw.
 */
const assertChain = async (
  trustReceived: string,
  hops: number,
  through: (client: Client, head?: string) => Promise<string> | string,
) => {
  for (const [client, head, result] of [
    [GENUINE, '', 'pass'],
    [STRANGER, FORGED, 'fail'],
  ] as const) {
    const delivered = await through(client, head);
    const { derived, smtp, spf, findings } = await judge(delivered, trustReceived);
    const told = `${delivered.slice(0, 2500)}\n${JSON.stringify(derived, null, 1)}`;
    assert.equal(smtp.clientIp, client.ip, told);
    assert.equal(smtp.helo, client.helo, told);
    assert.equal(smtp.mailFrom, 'alice@sender.example', told);
    assert.equal(spf.result, result, told);
    assert.equal(derived.path.find(({ taken }: { taken: boolean }) => taken)?.position, hops, told);
    const codes = findings.map(({ code }: { code: string }) => code);
    for (const code of ['client-inside', 'mail-from-unknown', 'no-trusted-source', 'unconfirmed-own-host'])
      assert.ok(!codes.includes(code), `${code}\n${told}`);
  }
};

test('Postfix alone', () => assertChain('mx.rcpt.example', 1, (client, head) => deliver(ports.plain, client, head)));

test('Postfix to Dovecot by LMTP, with and without the name of the store', async () => {
  const mailboxes = STORED.values();
  for (const trusted of ['mx.rcpt.example,store.rcpt.example', '*.rcpt.example', 'mx.rcpt.example']) {
    await assertChain(trusted, 2, async (client, head) => {
      const mailbox = mailboxes.next().value ?? '';
      const smtp = await openSmtp(ports.plain, client);
      const answer = await smtp.send({ from: 'alice@sender.example', to: [mailbox] }, message(head));
      await smtp.quit();
      assert.equal(answer.code, 250, answer.text);
      return store.message(mailbox);
    });
  }
});

test('Postfix to amavis and back', () =>
  assertChain('mx.rcpt.example', 3, (client, head) => deliver(ports.amavis, client, head)));

test('Postfix through a content filter that calls sendmail(1)', () =>
  assertChain('mx.rcpt.example', 2, (client, head) => deliver(ports.filter, client, head)));

test('mail of a program on the machine of Postfix has no client to judge: SPF is none', async () => {
  await postfix.clear();
  const smtp = await openSmtp(ports.back, { helo: 'localhost' });
  await smtp.send({ from: 'alice@sender.example', to: ['bob@rcpt.example'] }, message());
  await smtp.quit();
  const [delivered = ''] = await postfix.waitForDelivered(1);
  const { smtp: facts, spf, findings } = await judge(delivered, 'mx.rcpt.example');
  assert.deepEqual([facts.clientIp, facts.mailFrom, spf.result], [undefined, 'alice@sender.example', 'none']);
  assert.ok(findings.some(({ code }: { code: string }) => code === 'client-inside'));
});

test('Exim, and Exim from its own machine', async () => {
  const exim = await unpackExim(join(folder, 'exim'), 'CHECK_DATA_LOCAL_ACL_FILE = /dev/null');
  const pass = async (client: { ip: string; helo: string }, text: string): Promise<string> => {
    exim.session(client, { from: 'alice@sender.example', to: 'bob@rcpt.example' }, text);
    const [delivered = ''] = await exim.deliver();
    return delivered;
  };
  await assertChain('mx.example.org', 1, (client, head) => pass(client, message(head)));
  await assertChain('mx.example.org', 2, async (client, head) => {
    const first = await pass(client, message(head));
    return pass({ ip: '127.0.0.1', helo: 'localhost' }, first.replaceAll('\n', '\r\n'));
  });
});

test('Sendmail, and Sendmail from its own machine', async () => {
  const chain = await sendmailChain(join(folder, 'sendmail'), [
    { client: GENUINE, message: message() },
    { client: STRANGER, message: message(FORGED) },
  ]);
  for (const [hops, kind] of [
    [1, 'once'],
    [2, 'twice'],
  ] as const)
    await assertChain('mx.example.org', hops, (client) => chain[kind][client === GENUINE ? 0 : 1] ?? '');
});
