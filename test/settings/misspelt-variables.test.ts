/** Variables of the environment that nearly have the name of a setting. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/settings/read-settings.ts';

const misspeltIn = (environment: Record<string, string>): string[] => {
  const outcome = readConfig(environment);
  return outcome.kind === 'config'
    ? outcome.misspelt.map(({ variable, nearest }) => `${variable}: ${nearest}`)
    : assert.fail(outcome.mistakes.join());
};

test('readConfig reports variables that nearly have the name of a setting, and refuses none', () => {
  const cases: [variable: string, nearest: string][] = [
    ['MAX_TOTAL_BYTE', 'MAX_TOTAL_BYTES'],
    ['DNS_SERVER', 'DNS_SERVERS'],
    ['API_KEY', 'API_KEYS'],
    ['ENFROCE_DOMAINS', 'ENFORCE_DOMAINS'],
    ['MAXMESSAGEBYTES', 'MAX_MESSAGE_BYTES'],
    ['maxMessageBytes', 'MAX_MESSAGE_BYTES'],
    ['MAILVERDICT_CONFG', 'MAILVERDICT_CONFIG'],
  ];
  for (const [variable, nearest] of cases)
    assert.deepEqual(misspeltIn({ [variable]: '1' }), [`${variable}: ${nearest}`]);
});

test('readConfig reports no variable that is a setting, is empty or belongs to another program', () => {
  assert.deepEqual(misspeltIn({ MAX_TOTAL_BYTES: '2097152', DNS_SERVERS: '192.0.2.1', DNS_SERVER: '' }), []);
  const others =
    'HOME HOSTNAME HOSTTYPE PATH PWD OLDPWD POST SHELL TERM USER LANG LC_ALL TZ TMPDIR MAIL EDITOR PAGER SHLVL LOGNAME NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_ENDPOINT KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_PORT MAILVERDICT_SERVICE_HOST MAILVERDICT_SERVICE_PORT MAILVERDICT_PORT INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET CREDENTIALS_DIRECTORY npm_config_loglevel npm_lifecycle_event npm_package_name UV_THREADPOOL_SIZE FORCE_COLOR COLUMNS LINES DEBUG CI SSH_AUTH_SOCK XDG_RUNTIME_DIR DISPLAY';
  assert.deepEqual(misspeltIn(Object.fromEntries(others.split(' ').map((name) => [name, 'x']))), []);
});

test('readConfig reports ten variables at most, and compares no long ones', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`DNS_SERVERS${at}`, '1']));
  assert.equal(misspeltIn({ ...many, [`DNS_SERVERS${'_'.repeat(200)}`]: '1' }).length, 10);
  assert.deepEqual(misspeltIn({ [`DNS_SERVERS${'_'.repeat(200)}`]: '1' }), []);
});
