/**
 * SIGHUP: keys, lists and certificates are taken over by a service that runs; what is wrong changes
 * nothing.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { SINGLE_PROCESS } from '../../src/cluster/single-process.ts';
import { formatKeys, hashKey } from '../../src/http/api-keys.ts';
import { createMailverdict } from '../../src/service/core.ts';
import { readAccessFiles } from '../../src/service/secret-files.ts';
import { createService } from '../../src/service/service.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { rereadConfig } from '../../src/settings/reload.ts';
import { SettingMistake } from '../../src/settings/setting-mistake.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { NO_TRACES } from '../../src/telemetry/no-traces.ts';
import { Fault } from '../../src/verdict/fault.ts';
import { selfSigned } from './self-signed.ts';

const SERVER = fileURLToPath(new URL('../../src/server.ts', import.meta.url));
const keysOf = (...keys: string[]): string =>
  formatKeys(
    keys.map((key, index) => ({ name: `k${index}`, hash: hashKey(key), createdOn: '2026-11-22', role: 'client' })),
  );

/** A folder with keys and a certificate, and the settings that name them. */
const folderOf = (commonName: string, ...keys: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reload-'));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(path(name), text);
  const certify = (name: string) => {
    const { certificate, key } = selfSigned(name);
    write('cert.pem', certificate);
    write('key.pem', key);
  };
  write('keys', keysOf(...keys));
  certify(commonName);
  write('mailverdict.yaml', '');
  return {
    path,
    write,
    certify,
    environment: {
      MAILVERDICT_CONFIG: path('mailverdict.yaml'),
      API_KEYS: path('keys'),
      TLS_CERTIFICATE: path('cert.pem'),
      TLS_KEY: path('key.pem'),
      HOST: '127.0.0.1',
      PORT: '0',
    },
  };
};

/** Asks the service with a key. @returns the status and the name in its certificate */
const ask = async (
  address: string,
  key: string,
  tls: { maxVersion?: 'TLSv1.2'; ciphers?: string } = {},
): Promise<{ status: number | undefined; name: unknown }> => {
  const asked = request(`${address}/v1/verify`, {
    ...tls,
    method: 'POST',
    agent: false,
    rejectUnauthorized: false,
    headers: { 'x-api-key': key },
  });
  asked.end();
  const [answer] = await once(asked, 'response');
  const name = (asked.socket as TLSSocket).getPeerCertificate().subject.CN;
  answer.resume();
  return { status: answer.statusCode, name };
};

/** Starts the service and reads its log. */
const start = async (t: TestContext, environment: Record<string, string>) => {
  const child = spawn(process.execPath, [SERVER], {
    env: { ...environment, DRAIN_MS: '0', NODE_ENV: 'test' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const until = async (sentence: RegExp): Promise<Record<string, unknown>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the log ended before ${sentence}`);
      const line = JSON.parse(value);
      if (sentence.test(line.msg)) return line;
    }
  };
  const { addresses } = await until(/^listening$/);
  const hangUp = (sentence: RegExp) => {
    child.kill('SIGHUP');
    return until(sentence);
  };
  const [address] = addresses as string[];
  return { child, address: String(address), hangUp, until };
};

test('serve reads keys and certificate again on SIGHUP, and keeps what it has when they are wrong', async (t) => {
  const { write, certify, environment } = folderOf('first', 'mv_one');
  const { child, address, hangUp } = await start(t, environment);
  assert.deepEqual(await ask(address, 'mv_one'), { status: 400, name: 'first' });
  assert.deepEqual(await ask(address, 'mv_two'), { status: 401, name: 'first' });

  certify('second');
  write('keys', keysOf('mv_two'));
  write('mailverdict.yaml', 'batchWidth: 2\nallowDomains: [brand.example]\n');
  const { needRestart } = await hangUp(/were read again/);
  assert.deepEqual(needRestart, ['BATCH_WIDTH']);
  assert.deepEqual(await ask(address, 'mv_one'), { status: 401, name: 'second' });
  assert.deepEqual(await ask(address, 'mv_two'), { status: 400, name: 'second' });
  const withoutSecrecy = { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' } as const;
  await assert.rejects(ask(address, 'mv_two', withoutSecrecy), 'the suites stay as they were');

  write('keys', 'not a line of keys\n');
  await hangUp(/nothing was changed/);
  write('mailverdict.yaml', 'batchWide: 2\n');
  const { mistakes } = await hangUp(/nothing was changed/);
  assert.match(String(mistakes), /batchWide is no setting; did you mean batchWidth/);
  assert.deepEqual(await ask(address, 'mv_two'), { status: 400, name: 'second' });

  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

/** A settings file with every kind of protection, and a start from it. */
const protectedService = async (t: TestContext, more: Record<string, string> = {}) => {
  const { path, write } = folderOf('first', 'mv_one');
  const lines = [
    'host: 0.0.0.0',
    `apiKeys: ${path('keys')}`,
    `tlsCertificate: ${path('cert.pem')}`,
    `tlsKey: ${path('key.pem')}`,
    'pipelineNetworks: [192.0.2.1]',
  ];
  const without = (...keys: string[]) => {
    const left = lines.filter((line) => !keys.some((key) => line.startsWith(`${key}:`)));
    return `${left.join('\n')}\n`;
  };
  write('mailverdict.yaml', without());
  const service = await start(t, { MAILVERDICT_CONFIG: path('mailverdict.yaml'), PORT: '0', ...more });
  const address = `https://127.0.0.1:${new URL(service.address).port}`;
  return { ...service, path, write, without, address };
};

test('serve drops no protection on SIGHUP, whatever becomes of its files', async (t) => {
  const { address, hangUp, path, write, without } = await protectedService(t);
  const isProtected = async (what: string): Promise<void> => {
    assert.deepEqual(await ask(address, 'mv_one'), { status: 400, name: 'first' }, what);
    assert.deepEqual(await ask(address, ''), { status: 401, name: 'first' }, what);
  };
  await isProtected('at start');
  const cases: [what: string, change: () => void, mistake: RegExp][] = [
    ['an empty settings file', () => write('mailverdict.yaml', ''), /mailverdict\.yaml: has no settings any more/],
    ['nothing but a comment', () => write('mailverdict.yaml', '# later\n'), /has no settings any more/],
    ['no settings file', () => rmSync(path('mailverdict.yaml')), /mailverdict\.yaml cannot be read/],
    ['half a file', () => write('mailverdict.yaml', 'host: 127.0.0.1\n'), /API_KEYS: .*only a restart drops it/],
    [
      'no keys, for everybody',
      () => write('mailverdict.yaml', `${without('apiKeys')}allowAnonymous: yes\n`),
      /^API_KEYS: /,
    ],
    [
      'no keys, on the loopback',
      () => write('mailverdict.yaml', `${without('apiKeys', 'host')}host: 127.0.0.1\n`),
      /^API_KEYS: /,
    ],
    [
      'an empty name of the file of keys',
      () => write('mailverdict.yaml', `${without('apiKeys', 'host')}apiKeys: ""\n`),
      /^API_KEYS: /,
    ],
    ['no TLS', () => write('mailverdict.yaml', without('tlsCertificate', 'tlsKey')), /^TLS_CERTIFICATE: /],
    ['no networks', () => write('mailverdict.yaml', without('pipelineNetworks')), /^PIPELINE_NETWORKS: /],
    ['an empty file of keys', () => write('keys', ''), /./],
    ['no file of keys', () => rmSync(path('keys')), /./],
  ];
  for (const [what, change, mistake] of cases) {
    change();
    const { mistakes, err } = await hangUp(/nothing was changed/);
    const said = (mistakes as string[] | undefined) ?? [String((err as { message: string }).message)];
    assert.ok(
      said.some((one) => mistake.test(one)),
      `${what}: ${said.join('\n')}`,
    );
    await isProtected(what);
    write('mailverdict.yaml', without());
    write('keys', keysOf('mv_one'));
  }
  write('keys', keysOf());
  await hangUp(/were read again/);
  assert.deepEqual(await ask(address, 'mv_one'), { status: 401, name: 'first' }, 'all keys are revoked');
});

test('serve keeps the protection that a reload brought', async (t) => {
  const { path, write, environment } = folderOf('first', 'mv_one');
  const { TLS_CERTIFICATE, TLS_KEY } = environment;
  const { address, hangUp } = await start(t, {
    MAILVERDICT_CONFIG: path('mailverdict.yaml'),
    PORT: '0',
    TLS_CERTIFICATE,
    TLS_KEY,
  });
  assert.equal((await ask(address, '')).status, 401, 'a key that is none');
  write('mailverdict.yaml', `apiKeys: ${path('keys')}\n`);
  await hangUp(/were read again/);
  assert.equal((await ask(address, 'mv_one')).status, 400);
  write('mailverdict.yaml', 'batchWidth: 2\n');
  const { mistakes } = await hangUp(/nothing was changed/);
  assert.match(String(mistakes), /^API_KEYS: /);
  assert.equal((await ask(address, 'mv_one')).status, 400);
});

test('a worker that takes the place of another protects as the service does, whatever the file says by then', async (t) => {
  const { child, address, until, write } = await protectedService(t, { WORKERS: '2' });
  await until(/^listening$/);
  write('mailverdict.yaml', 'allowAnonymous: yes\n');
  const [victim = 0] = readdirSync(`/proc/${child.pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${child.pid}/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '')
    .map(Number);
  process.kill(victim, 'SIGKILL');
  await until(/another takes its place/);
  await until(/^listening$/);
  for (let asked = 0; asked < 6; asked++)
    assert.deepEqual(await ask(address, ''), { status: 401, name: 'first' }, 'workers take turns');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('workers name on SIGHUP only what differs from the start: not the key of hashes that they share, nor unix sockets of the first', async (t) => {
  const { path, write, environment } = folderOf('first', 'mv_one');
  const { child, hangUp, until } = await start(t, {
    ...environment,
    WORKERS: '2',
    MILTER_LISTEN: `unix:${path('milter')}`,
  });
  await until(/^listening$/);
  const ofBoth = async (): Promise<unknown[]> => [
    (await hangUp(/were read again/)).needRestart,
    (await until(/were read again/)).needRestart,
  ];
  assert.deepEqual(await ofBoth(), [[], []]);
  write('mailverdict.yaml', 'logHashKey: "another"\n');
  assert.deepEqual(await ofBoth(), [['LOG_HASH_KEY'], ['LOG_HASH_KEY']]);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('rereadConfig takes what is written on purpose, and what protects nothing', () => {
  const { path, write } = folderOf('first', 'mv_one');
  const file = { MAILVERDICT_CONFIG: path('mailverdict.yaml') };
  const read = (text: string) => {
    write('mailverdict.yaml', text);
    const outcome = readConfig(file);
    return outcome.kind === 'config' ? outcome : assert.fail(outcome.mistakes.join('\n'));
  };
  const cases: [before: string, after: string, isTaken: boolean][] = [
    ['enforceDomains: [a.example=on]', 'enforceDomains: []', true],
    ['enforceDomains: [a.example=on]', 'strict: yes', false],
    ['removeAuthservIds: [mx.example]', 'strict: yes', false],
    ['localNetworks: [192.0.2.1]', 'strict: yes', false],
    ['localNetworks: [192.0.2.1]', 'localNetworks: [192.0.2.1, 192.0.2.2]', true],
    ['allowDomains: [a.example]', 'strict: yes', true],
    ['apiKeys: ""', 'strict: yes', true],
    ['strict: yes', '', false],
    ['', 'strict: yes', true],
    ['', '', true],
  ];
  for (const [before, after, isTaken] of cases) {
    const inUse = read(before);
    write('mailverdict.yaml', after);
    assert.equal(rereadConfig(inUse, file).kind, isTaken ? 'config' : 'mistakes', `${before} -> ${after}`);
  }
});

test('createService.reload names what needs a restart', async (t) => {
  const { environment } = folderOf('first');
  const configOf = (more: Record<string, string>) => {
    const outcome = readConfig({ ...environment, ...more });
    return outcome.kind === 'config' ? outcome.config : assert.fail(outcome.mistakes.join('\n'));
  };
  const service = await createService({
    config: configOf({}),
    log: createLog('silent'),
    group: SINGLE_PROCESS,
    traces: NO_TRACES,
  });
  t.after(() => service.close({ drainMs: 0, graceMs: 0 }));
  assert.deepEqual(service.reload(configOf({})), []);
  assert.deepEqual(
    service.reload(
      configOf({ LOCAL_DOMAINS: 'brand.example', ARC_TRUSTED_SEALERS: 'lists.example', DNS_SERVERS: '192.0.2.1' }),
    ),
    ['dnsServers'],
  );
  assert.deepEqual(
    service.reload(configOf({ TLS_CERTIFICATE: '', TLS_KEY: '' })),
    ['tlsCertificate', 'tlsKey'],
    'whether TLS is spoken is settled at start',
  );
});

test('createService.reload hands the lists of the mail servers on', async (t) => {
  const { environment } = folderOf('first');
  const configOf = (networks: string) => {
    const outcome = readConfig({
      ...environment,
      MILTER_LISTEN: 'inet:0@127.0.0.1',
      PIPELINE_NETWORKS: networks,
      ENFORCE_DOMAINS: `${networks}=on`,
      ENFORCE_DAEMONS: `${networks}=on`,
      LOCAL_NETWORKS: networks,
      REMOVE_AUTHSERV_IDS: networks,
    });
    return outcome.kind === 'config' ? outcome.config : assert.fail(outcome.mistakes.join('\n'));
  };
  const service = await createService({
    config: configOf('192.0.2.1'),
    log: createLog('silent'),
    group: SINGLE_PROCESS,
    traces: NO_TRACES,
  });
  t.after(() => service.close({ drainMs: 0, graceMs: 0 }));
  const addresses = await service.listen();
  const port = Number(/^inet:127\.0\.0\.1:(\d+)$/.exec(addresses[1] ?? '')?.[1]);
  const isServed = async (): Promise<boolean> => {
    const socket = connect({ host: '127.0.0.1', port });
    // Options of a milter session, which is answered by who is let in.
    socket.write(Buffer.from('0000000d4f00000006000001ff001fffff', 'hex'));
    const served = await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
    socket.destroy();
    return served;
  };
  assert.equal(await isServed(), false);
  assert.deepEqual(service.reload(configOf('127.0.0.1')), []);
  assert.equal(await isServed(), true);
});

for (const [name, value] of [
  ['MAX_HEADER_BYTES', '1024'],
  ['MAX_HEADER_FIELDS', '100'],
]) {
  test(`createMailverdict holds messages to ${name}`, async (t) => {
    const outcome = readConfig({ DNS_SERVERS: '127.0.0.1:9', [name ?? '']: value });
    const { config } = outcome.kind === 'config' ? outcome : assert.fail(outcome.mistakes.join('\n'));
    const parts = createMailverdict(config, createLog('silent'));
    t.after(() => parts.resolver.close());
    const folds = ` ${'x'.repeat(9)}\r\n`.repeat(110);
    const message = Buffer.from(`A: b\r\n${folds}${'B: c\r\n'.repeat(110)}\r\n`);
    await assert.rejects(
      parts.verify(message, {}),
      (cause) => cause instanceof Fault && cause.code === 'header-too-large',
    );
  });
}

test('createMailverdict.relist gives new lists to the next verification, and nothing else', async (t) => {
  const configOf = (environment: Record<string, string>) => {
    const outcome = readConfig({ DNS_SERVERS: '127.0.0.1:9', ...environment });
    return outcome.kind === 'config' ? outcome.config : assert.fail(outcome.mistakes.join('\n'));
  };
  const parts = createMailverdict(configOf({}), createLog('silent'));
  t.after(() => parts.resolver.close());
  const message = readFileSync(new URL('../../examples/spf-fail.eml', import.meta.url));
  const facts = { clientIp: '198.51.100.200', mailFrom: 'alice@brand.example' };
  const judge = () => parts.verify(message, facts, { include: ['evidence'] });
  const before = await judge();
  assert.equal(before.disposition.override, undefined);
  parts.relist(configOf({ ALLOW_NETWORKS: '198.51.100.0/24', ENFORCE: 'yes' }));
  const after = await judge();
  assert.equal(after.disposition.override?.type, 'local_policy');
  assert.deepEqual(after.engine.settings, { ...before.engine.settings, allowNetworks: ['198.51.100.0/24'] });
});

test('readAccessFiles names each file that cannot be used', () => {
  const { write, environment } = folderOf('first', 'mv_one');
  const settings = {
    apiKeys: environment.API_KEYS,
    tlsCertificate: environment.TLS_CERTIFICATE,
    tlsKey: environment.TLS_KEY,
  };
  assert.equal(readAccessFiles(settings).keys?.length, 1);
  assert.deepEqual(readAccessFiles({ apiKeys: '', tlsCertificate: '', tlsKey: '' }), { keys: null, tls: null });
  write('key.pem', selfSigned('another').key);
  write('keys', 'one\ntwo\n');
  assert.throws(
    () => readAccessFiles(settings),
    (cause) =>
      cause instanceof SettingMistake &&
      /^API_KEYS: .*line 1.*\nAPI_KEYS: .*line 2.*\nTLS_CERTIFICATE and TLS_KEY: /.test(cause.message),
  );
});
