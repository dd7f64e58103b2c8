/**
 * What the pages in docs/ say, done: their settings start the service, their configuration runs a
 * real mail server, their commands are run. Ports and folders are put in place of those of the
 * pages and nothing else is. Run by test/interop/run.ts as root. Over 300 lines because a page is
 * one story, and they share what runs them.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { freePort } from '../free-port.ts';
import { type DocPage, readMainCf, readMasterOptions, readPage } from './doc-blocks.ts';
import { unpackExim } from './exim-lab.ts';
import { installHaraka, makeHaraka, startHaraka } from './haraka-lab.ts';
import { labFolder, type Postfix, startPostfix } from './mail-lab.ts';
import { startSendmailFromM4 } from './sendmail-from-m4.ts';
import { openSmtp } from './smtp-client.ts';
import { type RunningService, startService } from './start-service.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GENUINE = { helo: 'mail.brand.example', xclient: 'ADDR=192.0.2.10 NAME=mail.brand.example PORT=40001' };
const STRANGER = { helo: 'host.stranger.example', xclient: 'ADDR=198.51.100.200 NAME=[UNAVAILABLE] PORT=40002' };
const ENVELOPE = { from: 'alice@brand.example', to: ['bob@example.org'] };

const pages = new Map<string, DocPage>();
const page = (name: string): DocPage => {
  const read = pages.get(name) ?? readPage(name);
  pages.set(name, read);
  return read;
};

let folder: string;
const services: RunningService[] = [];
const stops: (() => Promise<unknown>)[] = [];

before(async () => {
  folder = await labFolder();
});

after(async () => {
  for (const stop of stops.reverse()) await stop();
  for (const service of services) await service.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the service as its settings file says, over the zone of the examples. */
const serve = async (name: string, settings: string): Promise<RunningService> => {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, settings);
  const service = await startService({
    MAILVERDICT_CONFIG: file,
    DNS_ZONE: join(ROOT, 'examples/zone.txt'),
    // Whatever is not in the zone is refused at once.
    DNS_SERVERS: '127.0.0.1:9',
  });
  services.push(service);
  return service;
};

/** Lines ended as on the wire. */
const example = async (file: string): Promise<string> =>
  (await readFile(join(ROOT, 'examples', file), 'latin1')).replace(/\r?\n/g, '\r\n');

const send = async (port: number, client: { helo: string; xclient?: string }, message: string) => {
  const smtp = await openSmtp(port, client);
  const answer = await smtp.send(ENVELOPE, message);
  await smtp.quit();
  return answer;
};

/** Runs a block of commands in a folder that has the examples beside it. */
const runShell = (commands: string, cwd: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`exit ${code}: ${commands}\n${output}${errors}`)),
    );
  });

test('docs/postfix.md: the milter stamps, refuses once it is told to, and listens at a socket of Postfix', async () => {
  const { block } = page('postfix.md');
  const ports = { stamping: await freePort(), enforcing: await freePort(), policy: await freePort() };
  const smtpd = {
    stamping: await freePort(),
    filter: await freePort(),
    enforcing: await freePort(),
    trial: await freePort(),
    socket: await freePort(),
    policy: await freePort(),
  };
  const spool = join(folder, 'spool');
  await mkdir(join(spool, 'mailverdict'), { recursive: true });
  const stampingSettings = block('mailverdict.yaml', { 8891: `${ports.stamping}` });
  await serve('stamping', stampingSettings);
  await serve(
    'enforcing',
    stampingSettings
      .replace(/^enforce:.*\n/m, block('enforce') + block('trial.yaml'))
      .replace(`${ports.stamping}`, `${ports.enforcing}`),
  );
  await serve('socket', block('socket.yaml', { '/var/spool/postfix': spool }));
  await serve('policy', block('policy.yaml', { 8892: `${ports.policy}` }));
  const filterSettings = readMasterOptions(block('master.cf'));
  assert.deepEqual(Object.keys(filterSettings), ['smtpd_milters']);
  const enforcing = {
    ...readMainCf(block('tempfail')),
    smtpd_milters: `inet:127.0.0.1:${ports.enforcing}`,
  };

  const postfix: Postfix = await startPostfix(
    folder,
    [
      { port: smtpd.stamping, settings: {} },
      { port: smtpd.filter, settings: filterSettings },
      { port: smtpd.enforcing, settings: enforcing },
      { port: smtpd.trial, settings: { ...enforcing, ...readMasterOptions(block('trial.cf')) } },
      { port: smtpd.socket, settings: readMainCf(block('socket.cf')) },
      {
        port: smtpd.policy,
        settings: { smtpd_milters: '', ...readMainCf(block('policy.cf', { 8892: `${ports.policy}` })) },
      },
    ],
    {
      myhostname: 'mx.example.org',
      virtual_mailbox_domains: 'example.org',
      ...readMainCf(block('main.cf', { 8891: `${ports.stamping}` })),
    },
  );
  stops.push(postfix.stop);
  const deliver = async (
    port: number,
    client: { helo: string; xclient?: string },
    message: string,
  ): Promise<string> => {
    await postfix.clear();
    const answer = await send(port, client, message);
    assert.equal(answer.code, 250, answer.text);
    const [delivered = ''] = await postfix.waitForDelivered(1);
    return delivered;
  };
  const aligned = await example('aligned.eml');
  const forgery = `Authentication-Results: mx.example.org; dmarc=pass\r\n${await example('spf-fail.eml')}`;
  const onTop =
    /^(?:Return-Path|X-Original-To|Delivered-To):.*\n(?:(?:X-Original-To|Delivered-To):.*\n)*Authentication-Results: mx\.example\.org;\n/;

  const genuine = await deliver(smtpd.stamping, GENUINE, aligned);
  assert.match(genuine, onTop);
  assert.match(genuine, /spf=pass[\s\S]*dkim=pass[\s\S]*dmarc=pass/);
  const forged = await deliver(smtpd.stamping, STRANGER, forgery);
  assert.match(forged, onTop);
  assert.match(forged, /dmarc=fail/);
  assert.doesNotMatch(forged, /dmarc=pass/);
  assert.doesNotMatch(await deliver(smtpd.filter, STRANGER, aligned), /^Authentication-Results/m);

  await postfix.clear();
  await runShell(block('try', { '127.0.0.1': `127.0.0.1:${smtpd.stamping}` }), folder);
  assert.match(
    (await postfix.waitForDelivered(1))[0] ?? '',
    /^Authentication-Results: mx\.example\.org;\n[\s\S]*spf=fail/m,
  );

  assert.match((await send(smtpd.enforcing, STRANGER, forgery)).text, /^550 5\.7\.26 .*brand\.example/);
  assert.match(await deliver(smtpd.enforcing, GENUINE, aligned), /dmarc=pass/);
  assert.match(
    await deliver(smtpd.trial, STRANGER, forgery),
    /^Authentication-Results: mx\.example\.org; dmarc=pass$/m,
  );
  assert.match(await deliver(smtpd.socket, GENUINE, aligned), onTop);
  assert.match(await deliver(smtpd.policy, GENUINE, aligned), /^Received-SPF: pass .*receiver=mx\.example\.org/m);
});

test('docs/app-that-receives-mail.md: every command and every program gives what the page promises', async () => {
  const { block } = page('app-that-receives-mail.md');
  // apps.interop.ts and test/http/recipes.test.ts run these.
  for (const name of ['imap.py', 'raw-message.mjs']) block(name);
  const service = await serve('app', 'port: 0\n');
  const origin = new URL(service.addresses[0] ?? '').host;
  const here = { 'localhost:8080': origin };
  const work = join(folder, 'app');
  await mkdir(work);
  await symlink(join(ROOT, 'examples'), join(work, 'examples'));
  const json = async (name: string) => JSON.parse(await runShell(block(name, here), work));
  const lines = async (name: string) =>
    (await runShell(block(name, here), work))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  const verdict = await json('curl');
  assert.deepEqual(
    [verdict.author.authenticated, verdict.dmarc.result, verdict.disposition.wouldBe],
    [true, 'pass', 'accept'],
  );
  assert.match(verdict.headers.authenticationResults, /^Authentication-Results: /);
  assert.ok(Array.isArray(verdict.findings) && typeof verdict.author.summary === 'string');
  const delivered = await json('delivered');
  assert.equal(delivered.smtp.clientIp, '192.0.2.10');
  assert.deepEqual(delivered.derived.trustReceived, ['mx.alumni.example']);
  assert.deepEqual(
    (await lines('mbox')).map(({ index, verdict: { dmarc } }) => [index, dmarc.result]),
    [
      [0, 'pass'],
      [1, 'pass'],
    ],
  );
  assert.equal((await lines('ndjson')).length, 2);
  assert.equal((await json('replay')).same, true);
  const problem = await json('wrong');
  assert.deepEqual([problem.status, problem.errors[0].path], [400, 'query.clientIp']);

  const said = /^pass - Yes: brand\.example really sent this message/;
  await writeFile(join(work, 'check_mail.py'), block('check_mail.py', here));
  assert.match(await runShell(block('python'), work), said);
  await writeFile(join(work, 'check-mail.mjs'), block('check-mail.mjs', here));
  assert.match(await runShell('node check-mail.mjs', work), said);

  // The package as its users have it: built, and found by its name.
  const installed = join(work, 'node_modules', 'mailverdict');
  await mkdir(installed, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(installed, 'package.json'));
  const built = spawnSync('tsc', ['-p', join(ROOT, '.tsconfig.build.json'), '--outDir', join(installed, 'dist')], {
    encoding: 'utf8',
  });
  assert.equal(built.error, undefined);
  await writeFile(join(work, 'check-with-client.mjs'), block('check-with-client.mjs', here));
  const output = await runShell('node check-with-client.mjs', work);
  assert.match(output, said);
  assert.match(output, /\nreplayed: the same\n0 pass\n1 .+\n400 smtp\.clientIp\n$/);
});

test('docs/exim.md: the DATA ACL stamps, removes what is forged, refuses, and defers when nobody answers', async () => {
  const { block } = page('exim.md');
  const work = join(folder, 'exim');
  await mkdir(work);
  const stamping = block('mailverdict.yaml', { 'port: 8080': 'port: 0' });
  const service = await serve('exim-stamping', stamping);
  const origin = new URL(service.addresses[0] ?? '').host;
  const enforcing = await serve('exim-enforcing', stamping.replace(/^enforce:.*\n/m, block('enforce')));
  const program = join(work, 'mailverdict-exim');
  await mkdir(join(work, 'kept'));
  await chmod(join(work, 'kept'), 0o777);
  const install = (address: string): Promise<void> =>
    writeFile(
      program,
      // Keeps what it sends, to be looked at below.
      block('mailverdict-exim', { 'localhost:8080': address }).replace(
        /^facts = \[\]$/m,
        `open(${JSON.stringify(join(work, 'kept', 'sent.eml'))}, "wb").write(message)\n$&`,
      ),
      { mode: 0o755 },
    );
  await install(origin);
  const acl = join(work, 'mailverdict.acl');
  await writeFile(acl, block('mailverdict.acl', { '/usr/local/bin/mailverdict-exim': program }));
  const exim = await unpackExim(work, block('exim4.conf.localmacros', { '/etc/exim4/mailverdict.acl': acl }));
  const envelope = { from: 'alice@brand.example', to: 'bob@example.org' };
  const genuine = { ip: '192.0.2.10', helo: 'mail.brand.example' };
  const stranger = { ip: '198.51.100.200', helo: 'host.stranger.example' };
  const aligned = await example('aligned.eml');
  const forgery = `Authentication-Results: mx.example.org; dmarc=pass\r\n${await example('spf-fail.eml')}`;
  const onTop =
    /^(?:Return-path:.*\n)?(?:Envelope-to:.*\n)?(?:Delivery-date:.*\n)?Authentication-Results: mx\.example\.org;\n/;
  const last = (said: string): string => said.trim().split(/\r?\n/).at(-2) ?? '';

  assert.match(last(exim.session(genuine, envelope, aligned)), /^250 /);
  const [stamped = ''] = await exim.deliver();
  assert.match(stamped, onTop);
  assert.match(stamped, /spf=pass[\s\S]*dkim=pass[\s\S]*dmarc=pass/);
  assert.match(last(exim.session(stranger, envelope, forgery)), /^250 /);
  const [marked = ''] = await exim.deliver();
  assert.match(marked, onTop);
  assert.match(marked, /dmarc=fail/);
  assert.doesNotMatch(marked, /dmarc=pass/);
  // What a sender writes stays one argument, so that it cannot tell another client address.
  const hostile = { from: '"x clientIp=192.0.2.10"@brand.example', to: 'bob@example.org' };
  assert.match(last(exim.session(stranger, hostile, aligned)), /^250 /);
  assert.match((await exim.deliver())[0] ?? '', /spf=fail[\s\S]*dmarc=pass/);
  // The program leaves out the Received field that Exim adds, and none that came with the message.
  assert.match(last(exim.session(genuine, envelope, await example('forwarded.eml'))), /^250 /);
  await exim.deliver();
  assert.equal(await readFile(join(work, 'kept', 'sent.eml'), 'latin1'), await example('forwarded.eml'));

  await install(new URL(enforcing.addresses[0] ?? '').host);
  assert.match(last(exim.session(stranger, envelope, forgery)), /^550 5\.7\.26 .*brand\.example/);
  assert.match(last(exim.session(genuine, envelope, aligned)), /^250 /);
  // Exim shows an ACL a part of a long header only; a message with one must not be judged by that
  // part.
  for (const lines of [900, 2000]) {
    const long = `X-Long: ${`${'x'.repeat(70)}\r\n `.repeat(lines)}x\r\n`;
    for (const message of [long + aligned, aligned.replace('\r\n\r\n', `\r\n${long}\r\n`)])
      assert.match(last(exim.session(genuine, envelope, message)), /^552 5\.3\.4 /);
  }
  await install('127.0.0.1:9');
  assert.match(last(exim.session(genuine, envelope, aligned)), /^451 4\.7\.1 Sender authentication is not available/);
  assert.equal((await exim.deliver()).length, 1);
});

test('docs/sendmail.md: m4 takes its lines, the field stands on top, and a forgery is refused', async () => {
  const { block } = page('sendmail.md');
  const work = join(folder, 'sendmail');
  const sockets = join(work, 'sockets');
  await mkdir(sockets, { recursive: true, mode: 0o750 });
  const settings = block('mailverdict.yaml', { '/run/mailverdict': sockets });
  // Sendmail has no XCLIENT: every client is this machine, which is refused nothing unless it is
  // told to.
  await serve('sendmail', `${settings.replace(/^enforce:.*\n/m, block('enforce'))}localSenders: enforce\n`);
  const port = await freePort();
  const sendmail = await startSendmailFromM4(work, port, block('sendmail.mc'), sockets);
  stops.push(sendmail.stop);
  const forged = 'Authentication-Results: mx.example.org; dmarc=pass\r\n';
  const taken = await send(port, { helo: 'mail.brand.example' }, forged + (await example('aligned.eml')));
  assert.equal(taken.code, 250, taken.text);
  const header = await sendmail.queuedHeader();
  assert.match(
    header,
    /^H\?\?Authentication-Results: mx\.example\.org;\n[\s\S]*dkim=pass[\s\S]*\nH\?[^?]*\?Received:/m,
  );
  assert.equal(header.match(/Authentication-Results/g)?.length, 1);
  const refused = await send(port, { helo: 'host.stranger.example' }, await example('spf-fail.eml'));
  assert.match(refused.text, /^550 5\.7\.26 .*brand\.example/);
});

test('docs/haraka.md: the plugin stamps, refuses once it is told to, and does as it is set when nobody answers', async () => {
  const { block } = page('haraka.md');
  const work = join(folder, 'haraka');
  await mkdir(work);
  const program = installHaraka(work);
  const settings = block('mailverdict.yaml', { 'port: 8080': 'port: 0' });
  const stamping = await serve('haraka-stamping', settings);
  const enforcing = await serve('haraka-enforcing', settings.replace(/^enforce:.*\n/m, block('enforce')));
  const start = async (name: string, address: string, line: string) => {
    const instance = await makeHaraka(program, work, name);
    await runShell(block('install', { '/etc/haraka': instance }), ROOT);
    const ini = join(instance, 'config', 'mailverdict.ini');
    const given = await readFile(ini, 'utf8');
    const changed = given
      .replace('http://127.0.0.1:8080', new URL(address).origin)
      .replace(/^accept_when_down = .*$/m, line);
    assert.notEqual(changed, given);
    await writeFile(ini, changed);
    // Another plugin with results of its own makes Haraka write its field anew, which must not take
    // ours away.
    await writeFile(
      join(instance, 'plugins', 'other.js'),
      "exports.hook_data_post = (next, connection) => { connection.auth_results('x-other=pass'); next(); };\n",
    );
    const plugins = block('plugins', { 'queue/smtp_forward': 'queue/test' });
    const haraka = await startHaraka(program, instance, name === 'closed' ? `other\n${plugins}` : plugins);
    stops.push(haraka.stop);
    return haraka;
  };
  const closed = await start('closed', enforcing.addresses[0] ?? '', 'accept_when_down = false');
  const open = await start('open', stamping.addresses[0] ?? '', 'accept_when_down = true');
  const forgery = `Authentication-Results: mx.example.org; dmarc=pass\r\n${await example('spf-fail.eml')}`;
  // Octets in the header that are no UTF-8 must not keep a signature from being held against the
  // message.
  const odd = `X-Odd: gr\xfc\xdfe\r\n${await example('aligned.eml')}`;
  const deliver = async (
    { port, takeQueued }: typeof open,
    client: typeof GENUINE,
    message: string,
  ): Promise<string> => {
    const answer = await send(port, client, message);
    assert.equal(answer.code, 250, answer.text);
    const [delivered = ''] = await takeQueued();
    return delivered;
  };

  const genuine = await deliver(closed, GENUINE, odd);
  assert.match(genuine, /^Authentication-Results: mx\.example\.org;\r\n[\s\S]*\r\nReceived:/);
  assert.match(genuine, /spf=pass[\s\S]*dkim=pass[\s\S]*dkim=pass[\s\S]*dmarc=pass/);
  assert.match(genuine, /^Authentication-Results: mx\.example\.org;\r\n\tx-other=pass\r$/m);
  assert.match((await send(closed.port, STRANGER, forgery)).text, /^550 5\.7\.26 .*brand\.example/);
  assert.deepEqual(await closed.takeQueued(), []);
  const marked = await deliver(open, STRANGER, forgery);
  assert.match(marked, /^Authentication-Results: mx\.example\.org;\r\n(?: .*\r\n)* dmarc=fail/);
  assert.doesNotMatch(marked, /^Authentication-Results:.*dmarc=pass/m);
  await runShell(block('try', { 'server 127.0.0.1': `server 127.0.0.1:${open.port}` }), folder);
  assert.match(
    (await open.takeQueued())[0] ?? '',
    /^Authentication-Results: mx\.example\.org;\r\n(?: .*\r\n)* spf=fail/,
  );

  const asked: { message: string; smtp: SmtpFacts }[] = [];
  const listener = createServer(async (request, response) => {
    asked.push(JSON.parse(await text(request)));
    response.end(JSON.stringify({ action: 'accept', reason: '', removeHeaders: [], addHeaders: [] }));
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  stops.push(async () => listener.close());
  const { port } = listener.address() as AddressInfo;
  const exact = await start('exact', `http://127.0.0.1:${port}`, 'accept_when_down = false');
  const dotted = `${odd}.\r\n..\r\n.a\r\n`;
  await deliver(exact, GENUINE, dotted);
  assert.equal(Buffer.from(asked[0]?.message ?? '', 'base64').toString('latin1'), dotted);
  const { clientIp, helo, mailFrom, rcptTo } = asked[0]?.smtp ?? {};
  assert.deepEqual(
    [clientIp, helo, mailFrom, rcptTo],
    ['192.0.2.10', 'mail.brand.example', 'alice@brand.example', ['bob@example.org']],
  );

  await Promise.all([stamping.stop(), enforcing.stop()]);
  assert.match((await send(closed.port, GENUINE, odd)).text, /^451 4\.7\.1 Sender authentication is not available/);
  assert.doesNotMatch(await deliver(open, GENUINE, odd), /^Authentication-Results/m);
});

test('docs/stalwart.md: its settings start the service, and the hook answers its requests as the page says', async () => {
  const { block } = page('stalwart.md');
  const settings = block('mailverdict.yaml', { 'port: 8080': 'port: 0', 8891: `${await freePort()}` });
  const service = await serve('stalwart', settings);
  const enforcing = await serve(
    'stalwart-enforcing',
    settings.replace(/^milterListen:.*\n/m, '').replace(/^enforce:.*\n/m, block('enforce')),
  );
  const ask = async ({ addresses }: RunningService, request: string): Promise<{ action?: string }> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(new URL('/v1/hooks/mta', addresses[0]), { method: 'POST', headers, body: request });
    assert.equal(response.status, 200);
    return (await response.json()) as { action?: string };
  };
  assert.match(service.addresses[1] ?? '', /^inet:127\.0\.0\.1:/);
  const request = block('request.json');
  const stranger = block('request.json', { '192.0.2.10': '198.51.100.200' });
  const accept = JSON.parse(block('accept.json'));
  assert.deepEqual(await ask(service, request), accept);
  assert.deepEqual(await ask(enforcing, request), accept);
  assert.equal((await ask(service, stranger)).action, 'accept');
  assert.deepEqual(await ask(enforcing, stranger), JSON.parse(block('reject.json')));
});

test('every named block of the pages was run', () => {
  for (const [name, { unused }] of pages) assert.deepEqual(unused(), [], name);
});
