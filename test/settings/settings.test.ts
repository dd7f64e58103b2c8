/** Settings from the environment and from a file. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../../src/settings/read-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-config-'));
let files = 0;

/** Reads settings with a file of this text. */
const withFile = (text: string, environment: Record<string, string> = {}) => {
  const file = join(folder, `${++files}.yaml`);
  writeFileSync(file, text);
  const outcome = readConfig({ MAILVERDICT_CONFIG: file, ...environment });
  return outcome.kind === 'config'
    ? outcome
    : { ...outcome, mistakes: outcome.mistakes.map((mistake) => mistake.replace(file, 'FILE')) };
};
const configOf = (outcome: ReturnType<typeof readConfig>) => {
  assert.equal(outcome.kind, 'config', outcome.kind === 'mistakes' ? outcome.mistakes.join('\n') : '');
  return outcome.kind === 'config' ? outcome : assert.fail();
};
const mistakesOf = (outcome: ReturnType<typeof readConfig>) => (outcome.kind === 'mistakes' ? outcome.mistakes : []);

test('readConfig without anything gives the defaults, on the loopback', () => {
  const { config, sources, file } = configOf(readConfig({}));
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8080);
  assert.notEqual(config.authservId, '');
  assert.match(config.dnsZone, /examples\/zone\.txt$/);
  assert.equal(sources.port, 'default');
  assert.equal(file, null);
  assert.equal(configOf(readConfig({ NODE_ENV: 'production' })).config.dnsZone, '');
});

test('readConfig takes the file, and the environment before it', () => {
  const { config, sources, file } = configOf(
    withFile('port: 9000\nmaxMessageBytes: 2048\ndnsServers: ["192.0.2.1:53", "192.0.2.2"]\nenforce: yes\nhost:\n', {
      MAX_MESSAGE_BYTES: '4096',
      LOCAL_DOMAINS: 'Brand.Example, other.example',
      LOG_LEVEL: '',
    }),
  );
  assert.equal(config.port, 9000);
  assert.equal(config.maxMessageBytes, 4096);
  assert.deepEqual(config.dnsServers, ['192.0.2.1:53', '192.0.2.2']);
  assert.equal(config.enforce, true);
  assert.deepEqual(config.localDomains, ['brand.example', 'other.example']);
  assert.equal(config.host, '127.0.0.1', 'a key without a value is not set');
  assert.equal(config.logLevel, 'info', 'an empty variable is not set');
  assert.deepEqual(
    [sources.port, sources.maxMessageBytes, sources.localDomains, sources.logLevel],
    ['file', 'environment', 'environment', 'default'],
  );
  assert.notEqual(file, null);
});

test('readConfig tells ten mistakes in ten lines, each with its place', () => {
  const outcome = withFile(
    [
      'prot: 8080',
      'MAX_MESSAGE_BYTES: 1024',
      'somethingElse: 1',
      'maxHeaderBytes: many',
      'dnsServers: ["192.0.2.1", "resolver.example"]',
      'tlsCertificate: /nowhere/cert.pem',
    ].join('\n'),
    { PORT: '70000', STRICT: 'perhaps', LOG_LEVEL: 'loud', HOST: '0.0.0.0' },
  );
  assert.deepEqual(mistakesOf(outcome), [
    'FILE, line 1: prot is no setting; did you mean port?',
    'FILE, line 2: MAX_MESSAGE_BYTES is no setting; did you mean maxMessageBytes?',
    'FILE, line 3: somethingElse is no setting',
    'PORT: must be a whole number from 0 to 65535',
    'FILE: maxHeaderBytes: must be a whole number from 1024 to 67108864',
    'LOG_LEVEL: must be fatal, error, warn, info, debug, trace or silent',
    'STRICT: must be yes or no',
    'FILE: dnsServers[1]: must be an IP literal with an optional port, as in 127.0.0.1:53 or [::1]:53',
    'HOST: 0.0.0.0 can be reached from other machines and there are no keys; set API_KEYS, or ALLOW_ANONYMOUS=yes to answer everybody',
    'TLS_KEY: is needed with TLS_CERTIFICATE',
  ]);
});

test('readConfig takes no setting for what is fixed', () => {
  const fixed = ['dnsMaxRecords', 'maxHeaderLines', 'pipelineMaxFields', 'rateLimitEntries', 'domainMaxSpfTerms'];
  assert.deepEqual(
    mistakesOf(withFile(fixed.map((name) => `${name}: 100`).join('\n'))),
    fixed.map((name, index) => `FILE, line ${index + 1}: ${name} is no setting`),
  );
});

test('readConfig refuses an address that others can reach, unless there are keys or it is wanted', async (t) => {
  const cases: [environment: Record<string, string>, isRefused: boolean][] = [
    [{ HOST: '127.0.0.1' }, false],
    [{ HOST: '127.8.9.1' }, false],
    [{ HOST: '::1' }, false],
    [{ HOST: 'localhost' }, false],
    [{ HOST: '::' }, true],
    [{ HOST: '0.0.0.0' }, true],
    [{ HOST: '192.0.2.1' }, true],
    [{ HOST: 'mail.brand.example' }, true],
    [{ HOST: '127.0.0.1.brand.example' }, true],
    [{ HOST: '0.0.0.0', API_KEYS: '/etc/mailverdict/keys' }, false],
    [{ HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'yes' }, false],
    [{ HOST: '0.0.0.0', ALLOW_ANONYMOUS: 'no' }, true],
  ];
  for (const [environment, isRefused] of cases) {
    await t.test(JSON.stringify(environment), () => {
      const mistakes = mistakesOf(readConfig(environment));
      assert.equal(mistakes.length, isRefused ? 1 : 0);
      if (isRefused) assert.match(mistakes[0] ?? '', /^HOST: .*API_KEYS.*ALLOW_ANONYMOUS=yes/);
    });
  }
});

test('readConfig tells what is wrong with the file itself', async (t) => {
  const cases: [what: string, text: string, expected: RegExp[]][] = [
    ['a list', '- port\n', [/^FILE: must be a map of settings/]],
    ['a word', 'port', [/^FILE: must be a map of settings/]],
    ['a key twice', 'port: 1\nport: 2\n', [/^FILE, line 2: Map keys must be unique/]],
    ['an open bracket', 'dnsServers: [1.2.3.4\nport: 1\n', [/^FILE, line \d: /]],
    ['a group of settings', 'http:\n  port: 1\n', [/^FILE, line 1: http is no setting/]],
    ['a map for a value', 'port:\n  number: 1\n', [/^FILE: port: must be a whole number/]],
    [
      'a name that JavaScript knows',
      '__proto__: 1\nconstructor: 2\n',
      [/__proto__ is no setting/, /constructor is no setting/],
    ],
    ['too much of it', `# ${'x'.repeat(262_145)}`, [/^FILE: is larger than 262144 bytes$/]],
  ];
  for (const [what, text, expected] of cases) {
    await t.test(what, () => {
      const mistakes = mistakesOf(withFile(text));
      for (const pattern of expected)
        assert.ok(
          mistakes.some((mistake) => pattern.test(mistake)),
          mistakes.join('\n'),
        );
    });
  }
  await t.test('a file that is named and not there', () => {
    assert.deepEqual(mistakesOf(readConfig({ MAILVERDICT_CONFIG: '/nowhere/mailverdict.yaml' })), [
      '/nowhere/mailverdict.yaml cannot be read: there is no such file',
    ]);
  });
  await t.test('nothing in it is no mistake', () => {
    assert.equal(configOf(withFile('# nothing yet\n')).config.port, 8080);
  });
});
