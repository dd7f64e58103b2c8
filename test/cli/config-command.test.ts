/** `mailverdict config`: every mistake at once, nothing secret shown. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { Config, environmentName } from '../../schemas/settings/settings.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-config-'));
after(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

test('config check prints ten lines for ten mistakes', async () => {
  const file = fileOf('ten.yaml', 'prot: 1\nportt: 2\nnothing: 3\nmaxHeaderBytes: -1\nstrict: perhaps\n');
  const { code, out, err } = await runCli(['config', 'check'], undefined, {
    MAILVERDICT_CONFIG: file,
    PORT: 'eighty',
    LOG_LEVEL: 'loud',
    DNS_SERVERS: 'resolver.example',
    HOST: '0.0.0.0',
    TLS_KEY: '/nowhere/key.pem',
  });
  assert.equal(code, 78);
  assert.equal(out, '');
  const lines = err.trimEnd().split('\n');
  assert.equal(lines.length, 10, err);
  for (const name of [
    'prot',
    'portt',
    'nothing',
    'maxHeaderBytes',
    'strict',
    'PORT',
    'LOG_LEVEL',
    'DNS_SERVERS[0]',
    'HOST',
    'TLS_CERTIFICATE',
  ])
    assert.ok(
      lines.some((line) => line.includes(`${name}:`) || line.includes(`: ${name} is no setting`)),
      name,
    );
});

test('config check reads the files that the settings name', async () => {
  const keys = fileOf('keys', 'not a key\n');
  const { code, err } = await runCli(['config', 'check'], undefined, { API_KEYS: keys, DNS_ZONE: '/nowhere/zone.txt' });
  assert.equal(code, 78);
  assert.match(err, /^API_KEYS: .*line 1: .*\nDNS_ZONE: .*cannot be read: there is no such file\n$/);
});

test('config check tells each setting with its value and whence it is, and masks what is secret', async () => {
  const file = fileOf('good.yaml', 'port: 9000\nlogHashKey: hush\n');
  const { code, out, err } = await runCli(['config', 'check'], undefined, {
    MAILVERDICT_CONFIG: file,
    ENFORCE: 'on',
    LOCAL_DOMAINS: 'a.example,b.example',
  });
  assert.equal(code, 0, err);
  assert.ok(out.includes(`  PORT=9000  # ${file}\n`));
  assert.match(out, /^ {2}ENFORCE=yes {2}# environment$/m);
  assert.match(out, /^ {2}LOCAL_DOMAINS=a\.example,b\.example {2}# environment$/m);
  assert.match(out, /^ {2}BATCH_WIDTH=4 {2}# default$/m);
  assert.match(out, /^ {2}LOG_HASH_KEY=\*{8} /m);
  assert.doesNotMatch(out, /hush/);
  for (const key of Object.keys(Config.shape)) assert.ok(out.includes(`  ${environmentName(key)}=`), key);
});

test('config show writes a mailverdict.yaml that gives the same settings again', async () => {
  const { code, out } = await runCli(['config', 'show'], undefined, { PORT: '9000', LOCAL_DOMAINS: 'a.example' });
  assert.equal(code, 0);
  const outcome = readConfig({ MAILVERDICT_CONFIG: fileOf('shown.yaml', out) });
  assert.equal(outcome.kind, 'config', outcome.kind === 'mistakes' ? outcome.mistakes.join('\n') : '');
  if (outcome.kind === 'config') assert.deepEqual(outcome.config, parse(out));
});

test('config without a word it knows is wrong use', async () => {
  for (const words of [[], ['chek'], ['check', 'more']]) {
    assert.equal((await runCli(['config', ...words])).code, 64, words.join(' '));
  }
});
