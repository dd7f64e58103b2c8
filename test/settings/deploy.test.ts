/**
 * The files of `deploy/` and their neighbours against the code: each setting they make is one, each
 * gauge they show is there.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { Config, environmentName } from '../../schemas/settings/settings.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const textOf = (file: string): string => readFileSync(pathOf(file), 'utf8');
const NAMES = new Set([...Object.keys(Config.shape).map(environmentName), 'NODE_ENV', 'MAILVERDICT_CONFIG']);

/** Asserts that these variables are settings and make a service that starts. */
const assertWorks = (environment: Record<string, string>, where: string): void => {
  for (const name of Object.keys(environment)) assert.ok(NAMES.has(name), `${where}: ${name} is no setting`);
  const outcome = readConfig(environment);
  assert.deepEqual(outcome.kind === 'mistakes' ? outcome.mistakes : [], [], where);
};

test('docker-compose.yml makes settings that work, in every profile', () => {
  const { services } = parse(textOf('docker-compose.yml'), { merge: true });
  for (const name of ['mailverdict', 'replica']) assertWorks(services[name].environment, name);
});

test('docker-compose.yml trusts its balancer and nobody else', () => {
  const { services, networks } = parse(textOf('docker-compose.yml'), { merge: true });
  const balancer = services.balancer.networks.inner.ipv4_address;
  assert.equal(services.replica.environment.TRUST_PROXY, balancer);
  assert.notEqual(balancer, networks.inner.ipam.config[0].gateway);
  assert.match(textOf('deploy/haproxy.cfg'), /del-header X-Forwarded-For\n\s+option forwardfor/);
});

test('docker-compose.yml publishes ports on the loopback only', () => {
  const { services } = parse(textOf('docker-compose.yml'), { merge: true });
  const ports = Object.values<{ ports?: string[] }>(services).flatMap((service) => service.ports ?? []);
  assert.ok(ports.length > 0);
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});

test('deploy/kubernetes makes settings that work, with keys', () => {
  const [deployment] = parseAllDocuments(textOf('deploy/kubernetes/deployment.yaml')).map((document) =>
    document.toJS(),
  );
  const [container] = deployment.spec.template.spec.containers;
  const environment = Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  assertWorks(environment, 'deployment.yaml');
  assert.notEqual(environment.API_KEYS, undefined);
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  const graceSeconds = deployment.spec.template.spec.terminationGracePeriodSeconds;
  const endingMs = Number(environment.DRAIN_MS) + Number(environment.SHUTDOWN_TIMEOUT_MS);
  assert.ok(endingMs / 1000 < graceSeconds, 'time to drain');
});

test('deploy/mailverdict.yaml and the unit make settings that work', () => {
  assertWorks({ MAILVERDICT_CONFIG: pathOf('deploy/mailverdict.yaml') }, 'mailverdict.yaml');
  const names = [...textOf('deploy/mailverdict.service').matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((assignment) => assignment.split('=')[0] ?? ''),
  );
  assert.ok(names.length > 0);
  for (const name of names) assert.ok(NAMES.has(name), name);
});

test('Dockerfile sets what the service reads, and refuses to start without keys', () => {
  const [, line = ''] = /^ENV (.*)$/m.exec(textOf('Dockerfile')) ?? [];
  const environment = Object.fromEntries(line.split(' ').map((assignment) => assignment.split('=')));
  for (const name of Object.keys(environment)) assert.ok(NAMES.has(name), name);
  assert.equal(readConfig(environment).kind, 'mistakes');
  assertWorks({ ...environment, ALLOW_ANONYMOUS: 'yes' }, 'Dockerfile');
});

test('every image can be pinned by a digest without changing a file', () => {
  for (const file of ['Dockerfile', 'deploy/unbound/Dockerfile', 'deploy/postfix/Dockerfile']) {
    const text = textOf(file);
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base = '']) => /^\$\{(\w+)\}$/.exec(base)?.[1]);
    assert.ok(bases.length > 0, file);
    for (const base of bases) assert.match(text, new RegExp(`^ARG ${base}=`, 'm'), file);
  }
});

test('deploy/grafana-dashboard.json shows gauges that are there', async () => {
  const { text } = await createMetrics('1').read({
    counted: null,
    cache: {
      records: { entries: 0, bytes: 0, maxBytes: 0 },
      negatives: { entries: 0, bytes: 0, maxBytes: 0 },
      hits: 0,
      misses: 0,
      shared: 0,
      stale: 0,
      prefetches: 0,
      inFlight: 0,
      waiting: 0,
      unexpectedReplies: 0,
    },
  });
  const known = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const dashboard = JSON.parse(textOf('deploy/grafana-dashboard.json'));
  const shown = new Set<string>();
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      for (const [name] of expr.matchAll(/\b(?:mailverdict|nodejs|process)_[a-z0-9_]+/g)) {
        const gauge = name.replace(/_(?:bucket|count|sum)$/, '');
        const isThere = known.has(name) || (gauge !== name && known.get(gauge) === 'histogram');
        assert.ok(isThere, `${title}: ${name}`);
        shown.add(known.has(name) ? name : gauge);
      }
    }
  }
  const own = [...known.keys()].filter((name) => name.startsWith('mailverdict_') && name !== 'mailverdict_build_info');
  assert.deepEqual(
    own.filter((name) => !shown.has(name)),
    ['mailverdict_dns_cache_entries'],
    'every gauge but one stands on the dashboard',
  );
});
