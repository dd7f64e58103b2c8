/**
 * Listening on TCP and unix sockets: addresses as both mail servers write them, limits, modes,
 * sockets that were left behind.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PipelineSettings } from '../../../schemas/settings/pipeline.ts';
import { networksOf } from '../../../src/ip/networks.ts';
import { parseListenAddress } from '../../../src/pipeline/connections/listen-address.ts';
import { openListeners } from '../../../src/pipeline/connections/listener.ts';
import { createListenerEnd } from '../../../src/pipeline/connections/listener-end.ts';

type ListenOptions = Parameters<typeof openListeners>[1];

const folder = await mkdtemp(join(tmpdir(), 'listener-'));
after(() => rm(folder, { recursive: true }));

const options = (over: Partial<ListenOptions> = {}): ListenOptions => ({
  socketMode: '0660',
  socketGroup: '',
  allowed: networksOf(['127.0.0.1']),
  maxConnections: 10,
  maxPeerConnections: 10,
  onConnection: (socket) => socket.end('served'),
  onRefused: () => undefined,
  ...over,
});

const hear = async (to: { port: number } | { path: string }): Promise<string> => {
  const socket = 'port' in to ? connect({ host: '127.0.0.1', port: to.port }) : connect(to);
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  await once(socket, 'close');
  return heard;
};

for (const [text, expected] of [
  ['inet:8891@127.0.0.1', { kind: 'inet', host: '127.0.0.1', port: 8891 }],
  ['inet:127.0.0.1:8891', { kind: 'inet', host: '127.0.0.1', port: 8891 }],
  ['inet:localhost:0', { kind: 'inet', host: 'localhost', port: 0 }],
  ['inet6:8891@::1', { kind: 'inet', host: '::1', port: 8891 }],
  ['inet6:8891@[::1]', { kind: 'inet', host: '::1', port: 8891 }],
  ['inet:[::1]:8891', { kind: 'inet', host: '::1', port: 8891 }],
  ['unix:/run/m.sock', { kind: 'unix', path: '/run/m.sock' }],
  ['local:/run/m.sock', { kind: 'unix', path: '/run/m.sock' }],
] as const) {
  test(`parseListenAddress reads ${text}, which the settings accept`, () => {
    assert.deepEqual(parseListenAddress(text), expected);
    assert.deepEqual(PipelineSettings.parse({ milterListen: text }).milterListen, [text]);
  });
}

for (const text of [
  '8891',
  'inet:8891',
  'inet:127.0.0.1',
  'inet:70000@127.0.0.1',
  'inet:127.0.0.1:70000',
  'unix:relative',
  'tcp:1@x',
]) {
  test(`PipelineSettings refuses to listen at ${text}`, () => {
    assert.equal(PipelineSettings.safeParse({ milterListen: text }).success, false);
  });
}

test('openListeners serves several addresses, tells the port it got, and stops', async () => {
  const path = join(folder, 'several.sock');
  const listeners = await openListeners(['inet:0@127.0.0.1', `unix:${path}`], options());
  const [first] = listeners.map(({ address }) => address);
  assert.equal(first?.kind, 'inet');
  const port = first?.kind === 'inet' ? first.port : 0;
  assert.equal(await hear({ port }), 'served');
  assert.equal(await hear({ path }), 'served');
  await Promise.all(listeners.map((listener) => listener.stop(true)));
  await assert.rejects(hear({ port }));
  await assert.rejects(stat(path));
});

test('createListenerEnd leaves a shared listener to the one that it tells, and serves who came meanwhile after its end', async () => {
  const server = createServer(async (socket) => {
    await end.untilClosed();
    socket.end(server.listening ? 'too early' : 'served');
  });
  const end = createListenerEnd(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  let reported = Promise.withResolvers<void>();
  let awaited = true;
  const closing = end.close(false, (_, isQuiet) => {
    if (isQuiet === awaited) reported.resolve();
  });
  await reported.promise;
  const heard = hear({ port });
  reported = Promise.withResolvers();
  awaited = false;
  await reported.promise;
  server.close();
  await closing;
  assert.equal(await heard, 'served');
});

test('openListeners gives a unix socket its mode and group', async () => {
  const path = join(folder, 'mode.sock');
  const listeners = await openListeners(
    [`unix:${path}`],
    options({ socketMode: '0620', socketGroup: String(process.getgid?.()) }),
  );
  const { mode, gid } = await stat(path);
  assert.deepEqual([mode & 0o777, gid], [0o620, process.getgid?.()]);
  await Promise.all(listeners.map((listener) => listener.stop(true)));
});

test('openListeners refuses a group that does not exist and leaves nothing open', async () => {
  const path = join(folder, 'group.sock');
  await assert.rejects(openListeners([`unix:${path}`], options({ socketGroup: 'no-such-group' })), /no group/);
  await assert.rejects(stat(path));
});

test('openListeners replaces a socket that nobody answers on, but no living one and no file', async () => {
  const path = join(folder, 'stale.sock');
  const child = createServer();
  child.listen(path);
  await once(child, 'listening');
  await assert.rejects(openListeners([`unix:${path}`], options()), /in use/);
  child.close();
  await once(child, 'close');

  const { spawnSync } = await import('node:child_process');
  const leave = `const s=require('net').createServer().listen(${JSON.stringify(path)},()=>process.kill(process.pid,'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leave]);
  assert.equal((await stat(path)).isSocket(), true);
  const listeners = await openListeners([`unix:${path}`], options());
  assert.equal(await hear({ path }), 'served');
  await Promise.all(listeners.map((listener) => listener.stop(true)));

  const file = join(folder, 'file');
  await writeFile(file, '');
  await assert.rejects(openListeners([`unix:${file}`], options()), /not a socket/);
});

for (const [reason, over] of [
  ['not-allowed', { allowed: networksOf(['192.0.2.0/24']) }],
  ['too-many', { maxConnections: 1 }],
  ['too-many-of-peer', { maxPeerConnections: 1 }],
] as const) {
  test(`openListeners closes a connection that is ${reason}, and that one only`, async () => {
    const refused: string[] = [];
    const open: Socket[] = [];
    const [listener] = await openListeners(
      ['inet:0@127.0.0.1'],
      options({ ...over, onConnection: (socket) => open.push(socket), onRefused: (why) => refused.push(why) }),
    );
    const port = listener?.address.kind === 'inet' ? listener.address.port : 0;
    const first = connect({ host: '127.0.0.1', port });
    await once(first, 'connect');
    if (reason === 'not-allowed') await once(first, 'close');
    else assert.equal(await hear({ port }), '');
    assert.deepEqual(refused, [reason]);
    assert.equal(open.length, reason === 'not-allowed' ? 0 : 1);
    first.destroy();
    for (const socket of open) socket.destroy();
    await listener?.stop(true);
  });
}
