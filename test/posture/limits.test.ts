import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitText, type ReachedLimit, reached } from '../../schemas/limit.ts';
import type { Posture } from '../../schemas/posture/posture.ts';
import { MAX_ADDRESSES } from '../../src/dmarc/report-addresses.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createAssessor } from '../../src/posture/assess.ts';
import type { FetchLimits, HttpsFetch } from '../../src/posture/reach/https-fetch.ts';
import { MAX_FINDINGS_PER_RULE } from '../../src/posture/rules/findings.ts';
import { MAX_NAME_SERVERS } from '../../src/posture/zone-sanity.ts';
import { documentedValue } from '../house/limits-table.ts';
import { GOOD } from './cases.ts';
import { assessIn, codesOf, type World, type WorldOptions, worldParts } from './world.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('assess asks for no more registered domains than its limit allows', async () => {
  const world = {
    ...GOOD,
    'brand.example TXT': [
      `v=spf1 ${range(20)
        .map((n) => `a:h.d${n}.example`)
        .join(' ')} -all`,
    ],
  };
  const posture = await assessIn(world, 'brand.example', { limits: { maxDomains: 8 } });
  assert.deepEqual(posture.dns.exceeded, [reached('domains', 8, null)]);
  assert.equal(posture.dns.domains.used, 8);
});

test('assess asks no further after as many failures as its limit allows', async () => {
  const parts = worldParts({ ...GOOD, '_smtp._tls.brand.example TXT': 'servfail' }, { limits: { maxFailures: 1 } });
  const sent = new Set<string>();
  const lookup: Lookup = async ({ name, type }, deadlineMs) => {
    // A moment that has passed asks for what is in memory, where nothing is.
    if (deadlineMs === Number.NEGATIVE_INFINITY) return { kind: 'failure', failure: 'timeout', source: 'local' };
    sent.add(name);
    return parts.lookup({ name, type }, deadlineMs);
  };
  const outcome = await createAssessor({ ...parts, lookup })('brand.example', { selectors: ['a'] });
  assert.ok(outcome.kind === 'posture');
  assert.deepEqual(outcome.posture.dns.exceeded, [reached('failures', 1, null)]);
  assert.ok(!sent.has('mx1.brand.example'));
  assert.equal(outcome.posture.mail.hosts[0]?.state, 'dns-failure');
});

test('assess hands every question the end of its time', async () => {
  const deadlines = new Set<number>();
  const parts = worldParts(GOOD, { settings: { domainMaxElapsedMs: 700 } });
  const lookup: Lookup = (question, deadlineMs) => {
    deadlines.add(deadlineMs);
    return parts.lookup(question, deadlineMs);
  };
  await createAssessor({ ...parts, lookup, clock: { nowMs: Date.now, monotonicMs: () => 1000 } })('brand.example');
  assert.deepEqual([...deadlines], [1700]);
});

test('assess holds an assessment no longer than the setting allows', async () => {
  assert.equal((await assessIn(GOOD, 'brand.example', { settings: { domainMaxTtlSeconds: 60 } })).ttlSeconds, 60);
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
  const settings = { domainFetchTimeoutMs: 300 };
  const limits = { maxPolicyBytes: 2000, maxLogoBytes: 40_000 };
  await createAssessor({ ...worldParts(FETCHING, { settings, limits }), fetch })('brand.example');
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
  const posture = await assessIn(FETCHING, 'brand.example', { web: {}, settings: { domainFetch: false } });
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

/** The limits that a posture tells, as findings, and nowhere else as something missing. */
const told = (posture: Posture) =>
  posture.findings.flatMap(({ code, limit, message }) => {
    if (code !== 'limit-reached') return [];
    assert.ok(limit !== undefined && message.includes(limitText(limit)), message);
    return [limit];
  });

test('assess comes to permerror, as the verifier does, where one answer of the SPF tree passes a limit', async () => {
  const spf = (text: string): World => ({ ...GOOD, 'brand.example TXT': [text] });
  const many = range(65).map((n) => `198.51.100.${n}`);
  const cases: [World, ReachedLimit][] = [
    [{ ...spf('v=spf1 a:many.brand.example -all'), 'many.brand.example A': many }, reached('records', 64)],
    [
      { ...spf('v=spf1 include:big.brand.example -all'), 'big.brand.example TXT': Array(258).fill('x'.repeat(255)) },
      reached('text-bytes', 65_535),
    ],
    [{ ...GOOD, 'brand.example TXT': Array(258).fill('x'.repeat(255)) }, reached('text-bytes', 65_535)],
  ];
  for (const [world, limit] of cases) {
    const posture = await assessIn(world, 'brand.example');
    assert.equal(posture.spf.outcome, 'permerror');
    assert.ok(posture.spf.reason.includes(limitText(limit)), posture.spf.reason);
    assert.deepEqual(told(posture), [limit]);
    assert.ok(!codesOf(posture).includes('spf-missing'));
  }
});

test('assess takes 65 TXT records beside one another, since text is bounded by its octets', async () => {
  const texts = ['v=spf1 mx -all', ...range(64).map((n) => `verification=${n}`)];
  const posture = await assessIn({ ...GOOD, 'brand.example TXT': texts }, 'brand.example');
  assert.equal(posture.spf.outcome, 'usable');
  assert.deepEqual(told(posture), []);
});

test('assess names the limit where a record of another part passes it', async () => {
  const world: World = { ...GOOD, 'brand.example MX': range(65).map((n) => ({ priority: n, exchange: `m${n}.test` })) };
  const posture = await assessIn(world, 'brand.example');
  assert.equal(posture.mail.state, 'dns-failure');
  assert.deepEqual(posture.mail.failure, {
    name: 'brand.example',
    type: 'MX',
    failure: 'limit',
    limit: reached('records', 64),
  });
  assert.deepEqual(told(posture), [reached('records', 64)]);
});

test('assess names the limits that cut the SPF tree, and hosts that it does not look at', async () => {
  const includes = (count: number): World => ({
    ...GOOD,
    'brand.example TXT': ['v=spf1 include:i0.brand.example -all'],
    ...Object.fromEntries(
      range(count).map((n) => [`i${n}.brand.example TXT`, [`v=spf1 include:i${n + 1}.brand.example -all`]]),
    ),
    [`i${count}.brand.example TXT`]: ['v=spf1 -all'],
  });
  const depth = documentedValue('spf-depth');
  const cases: [World, WorldOptions['limits'], ReachedLimit | null][] = [
    [includes(depth - 1), {}, null],
    [includes(depth + 1), {}, reached('spf-depth', depth)],
    [includes(20), { maxSpfQuestions: 16 }, reached('spf-questions', 16)],
    [
      {
        ...GOOD,
        'brand.example TXT': [
          `v=spf1 ${range(60)
            .map((n) => `ip4:11.0.0.${n}`)
            .join(' ')} -all`,
        ],
      },
      { maxSpfTerms: 50 },
      reached('spf-terms', 50),
    ],
    [GOOD, { maxMailHosts: 1 }, reached('mail-hosts', 1)],
  ];
  for (const [world, limits, limit] of cases) {
    const posture = await assessIn(world, 'brand.example', { limits });
    assert.deepEqual(told(posture), limit === null ? [] : [limit]);
  }
});
