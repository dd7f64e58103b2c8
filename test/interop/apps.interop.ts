/**
 * The example apps, and the IMAP recipe of docs/app-that-receives-mail.md, against the service as users
 * start it: a proven, a vouched and a forged message each. Run by test/interop/run.ts.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';
import { example } from '../verdict/make-verifier.ts';
import { readPage } from './doc-blocks.ts';
import { type RunningService, startService } from './start-service.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ID = 'mx.receiver.example';

const PROVEN = example('aligned.eml');
const FORGED = example('spf-fail.eml');
const VOUCHED = Buffer.concat([
  Buffer.from(
    [
      `Authentication-Results: ${ID}; dmarc=pass header.from=brand.example`,
      `Received: from host.stranger.example (host.stranger.example [198.51.100.200]) by ${ID} with ESMTP; Mon, 3 Feb 2025 10:00:00 +0000`,
      '',
    ].join('\r\n'),
  ),
  FORGED,
]);

let folder: string;
let service: RunningService;
const running: ChildProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailverdict-apps-'));
  service = await startService({ DNS_ZONE: join(ROOT, 'examples/zone.txt'), DNS_SERVERS: '127.0.0.1:9' });
  // The package as its users have it: built, and found by its name.
  const installed = join(folder, 'node_modules', 'mailverdict');
  await mkdir(installed, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(installed, 'package.json'));
  const built = spawnSync('tsc', ['-p', join(ROOT, '.tsconfig.build.json'), '--outDir', join(installed, 'dist')]);
  assert.equal(built.error, undefined);
  await cp(join(ROOT, 'examples/apps'), folder, { recursive: true });
});

after(async () => {
  for (const child of running) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts an app on a free port. @returns what it answers to a message */
const startAppOf = async (command: readonly string[], settings: Record<string, string>) => {
  const [program = '', ...words] = command;
  const child = spawn(program, words, {
    cwd: folder,
    env: { PATH: process.env.PATH, MAILVERDICT_URL: service.addresses[0], PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  assert.ok(child.stdout !== null);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const port = /^listening on port (\d+)$/.exec(String(line))?.[1];
  return async (message: Buffer): Promise<[status: number, body: { from?: string; reasons?: string[] }]> => {
    const answer = await fetch(`http://127.0.0.1:${port}/messages`, { method: 'POST', body: new Uint8Array(message) });
    return [answer.status, (await answer.json()) as { from?: string; reasons?: string[] }];
  };
};

const apps: readonly (readonly [language: string, command: readonly string[]])[] = [
  ['Node', ['node', 'receive-mail.mjs']],
  ['Python', ['python3', 'receive_mail.py']],
];

for (const [language, command] of apps) {
  test(`the app in ${language} takes what is proven, and refuses what is vouched for or forged with the reasons`, async () => {
    const send = await startAppOf(command, { TRUSTED_AUTHSERV_IDS: ID });
    assert.deepEqual(await send(PROVEN), [200, { from: 'brand.example' }]);
    const [vouchedStatus, vouched] = await send(VOUCHED);
    assert.equal(vouchedStatus, 403);
    assert.equal(vouched.reasons?.[0], 'Only proven is enough here, and others vouch for the domain.');
    const [forgedStatus, forged] = await send(FORGED);
    assert.equal(forgedStatus, 403);
    assert.match(forged.reasons?.[0] ?? '', /^No: nothing in this message proves that it comes from brand\.example/);
  });

  test(`the app in ${language} takes what is vouched for where it is told to, and no forgery`, async () => {
    const send = await startAppOf(command, { REQUIRE: 'vouched', TRUSTED_AUTHSERV_IDS: ID });
    assert.deepEqual(await send(PROVEN), [200, { from: 'brand.example' }]);
    assert.deepEqual(await send(VOUCHED), [200, { from: 'brand.example' }]);
    assert.equal((await send(FORGED))[0], 403);
  });

  test(`the app in ${language} takes nothing without a verdict, and says to try again`, async () => {
    const nobody = await startAppOf(command, { MAILVERDICT_URL: `http://127.0.0.1:${await freePort()}` });
    assert.equal((await nobody(PROVEN))[0], 503);
    const send = await startAppOf(command, {});
    // Nobody answers for a domain outside of the examples' zone.
    assert.equal((await send(Buffer.from('From: a@elsewhere.test\r\n\r\n')))[0], 503);
    assert.equal((await send(Buffer.alloc(0)))[0], 422);
  });
}

test('the app in Node takes mail of its list only', async () => {
  const send = await startAppOf(['node', 'receive-mail.mjs'], { SENDERS: 'bob@brand.example,shop.example' });
  assert.equal((await send(PROVEN))[0], 403);
  const known = await startAppOf(['node', 'receive-mail.mjs'], { SENDERS: 'shop.example,alice@brand.example' });
  assert.equal((await known(PROVEN))[0], 200);
});

/** An IMAP server that has these messages and knows what the recipe asks for. */
const serveMailbox = async (messages: readonly Buffer[]): Promise<number> => {
  const server = createServer((socket) => {
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    createInterface({ input: socket }).on('line', (line) => {
      const [tag = '', command = '', ...words] = line.split(' ');
      const done = (...untagged: (string | Buffer)[]): void => {
        for (const one of untagged) socket.write(one);
        socket.write(`${tag} OK done\r\n`);
        if (command === 'LOGOUT') socket.end();
      };
      if (command === 'CAPABILITY') return done('* CAPABILITY IMAP4rev1\r\n');
      if (command === 'EXAMINE') return done(`* ${messages.length} EXISTS\r\n`);
      if (command === 'SEARCH') return done(`* SEARCH ${messages.map((_, at) => at + 1).join(' ')}\r\n`);
      if (command === 'LOGOUT') return done('* BYE\r\n');
      const message = messages[Number(words[0]) - 1];
      if (command !== 'FETCH' || message === undefined) return done();
      assert.equal(words[1], '(BODY.PEEK[])');
      done(`* ${words[0]} FETCH (BODY[] {${message.length}}\r\n`, message, ')\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return (server.address() as AddressInfo).port;
};

test('docs/app-that-receives-mail.md: the IMAP recipe takes what is proven out of a mailbox', async () => {
  const origin = new URL(service.addresses[0] ?? '').host;
  const block = readPage('app-that-receives-mail.md').block('imap.py', { 'localhost:8080': origin });
  await writeFile(join(folder, 'imap_recipe.py'), block);
  const port = await serveMailbox([PROVEN, VOUCHED, FORGED]);
  const child = spawn('python3', ['imap_recipe.py', '127.0.0.1', `${port}`, 'user', 'password', ID], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const lines = (await text(child.stdout)).trim().split('\n');
  assert.match(lines[0] ?? '', /^1 taken - Yes: brand\.example really sent this message/);
  assert.match(lines[1] ?? '', /^2 refused - No: /);
  assert.match(lines[2] ?? '', /^3 refused - No: /);
});
