import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostureSettings } from '../../schemas/posture-settings.ts';
import { MAX_ADDRESSES } from '../../src/dmarc/report-addresses.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createAssessor } from '../../src/posture/assess.ts';
import { MAX_FINDINGS_PER_RULE } from '../../src/posture/findings.ts';
import type { FetchLimits, HttpsFetch } from '../../src/posture/https-fetch.ts';
import { MAX_NAME_SERVERS } from '../../src/posture/zone-sanity.ts';
import { GOOD } from './cases.ts';
import { assessIn, type World, worldParts } from './world.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('assess asks for no more registered domains than the setting allows', async () => {
  const world = {
    ...GOOD,
    'brand.example TXT': [
      `v=spf1 ${range(20)
        .map((n) => `a:h.d${n}.example`)
        .join(' ')} -all`,
    ],
  };
  const posture = await assessIn(world, 'brand.example', { settings: { postureMaxDomains: 8 } });
  assert.deepEqual(posture.dns.exceeded, ['domains']);
  assert.equal(posture.dns.domains.used, 8);
});

test('assess asks no further after as many failures as the setting allows', async () => {
  const parts = worldParts(
    { ...GOOD, '_smtp._tls.brand.example TXT': 'servfail' },
    { settings: { postureMaxFailures: 1 } },
  );
  const sent = new Set<string>();
  const lookup: Lookup = async ({ name, type }, deadlineMs) => {
    // A moment that has passed asks for what is in memory, where nothing is.
    if (deadlineMs === Number.NEGATIVE_INFINITY) return { kind: 'failure', failure: 'timeout', source: 'local' };
    sent.add(name);
    return parts.lookup({ name, type }, deadlineMs);
  };
  const outcome = await createAssessor({ ...parts, lookup })('brand.example', { selectors: ['a'] });
  assert.ok(outcome.kind === 'posture');
  assert.deepEqual(outcome.posture.dns.exceeded, ['failures']);
  assert.ok(!sent.has('mx1.brand.example'));
  assert.equal(outcome.posture.mail.hosts[0]?.state, 'dns-failure');
});

test('assess hands every question the end of its time', async () => {
  const deadlines = new Set<number>();
  const parts = worldParts(GOOD, { settings: { postureMaxElapsedMs: 700 } });
  const lookup: Lookup = (question, deadlineMs) => {
    deadlines.add(deadlineMs);
    return parts.lookup(question, deadlineMs);
  };
  await createAssessor({ ...parts, lookup, clock: { nowMs: Date.now, monotonicMs: () => 1000 } })('brand.example');
  assert.deepEqual([...deadlines], [1700]);
});

test('assess holds an assessment no longer than the setting allows', async () => {
  assert.equal((await assessIn(GOOD, 'brand.example', { settings: { postureMaxTtlSeconds: 60 } })).ttlSeconds, 60);
});

const FETCHING: World = {
  ...GOOD,
  '_mta-sts.brand.example TXT': ['v=STSv1; id=1'],
  'default._bimi.brand.example TXT': ['v=BIMI1; l=https://brand.example/l.svg; a=https://brand.example/a.pem'],
};

test('assess gives each fetch its limits, and lets only those of BIMI be redirected', async () => {
  const seen = new Map<string, FetchLimits>();
  const fetch: HttpsFetch = async (url, _, limits) => {
    seen.set(url, limits);
    return { kind: 'failed', code: 'status', reason: 'told by the test' };
  };
  const settings: Partial<PostureSettings> = {
    postureMaxPolicyBytes: 2000,
    postureMaxLogoBytes: 40_000,
    postureFetchTimeoutMs: 300,
  };
  await createAssessor({ ...worldParts(FETCHING, { settings }), fetch })('brand.example');
  assert.deepEqual(
    [...seen]
      .map(([url, { maxBytes, maxRedirects, timeoutMs }]) => [url, maxBytes, maxRedirects, timeoutMs])
      .toSorted(),
    [
      ['https://brand.example/a.pem', 40_000, 3, 300],
      ['https://brand.example/l.svg', 40_000, 3, 300],
      ['https://mta-sts.brand.example/.well-known/mta-sts.txt', 2000, 0, 300],
    ],
  );
});

test('assess fetches nothing where the setting says so, and tells that it did not', async () => {
  const posture = await assessIn(FETCHING, 'brand.example', { web: {}, settings: { postureFetch: false } });
  assert.deepEqual(
    [posture.mtaSts.policy.state, posture.bimi.logo.state, posture.bimi.evidence.state],
    Array(3).fill('not-fetched'),
  );
});

test('collectFindings tells no more than so many findings of one rule', async () => {
  const world = {
    ...GOOD,
    'brand.example TXT': [
      `v=spf1 ${range(60)
        .map((n) => `a:x${n}.example`)
        .join(' ')} -all`,
    ],
  };
  const posture = await assessIn(world, 'brand.example');
  assert.equal(posture.findings.filter(({ code }) => code === 'spf-void-term').length, MAX_FINDINGS_PER_RULE);
});

test('assessDmarc looks at no more than so many addresses of a tag', async () => {
  const world = {
    ...GOOD,
    '_dmarc.brand.example TXT': [
      `v=DMARC1; p=reject; rua=${range(30)
        .map((n) => `mailto:a@r${n}.example`)
        .join(',')}`,
    ],
  };
  assert.equal((await assessIn(world, 'brand.example')).dmarc.reports.length, MAX_ADDRESSES);
});

test('assessZone looks at no more than so many name servers', async () => {
  const world = { ...GOOD, 'brand.example NS': range(40).map((n) => `n${n}.brand.example`) };
  assert.equal((await assessIn(world, 'brand.example')).zone.nameServers.length, MAX_NAME_SERVERS);
});
