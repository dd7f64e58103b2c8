import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../../schemas/dns.ts';
import { reached } from '../../../schemas/limit.ts';
import { parseOverlay, withOverlay } from '../../../src/dns/zone/overlay.ts';
import { evidenceErrors, recorded } from '../../../src/dns/zone/recorded.ts';

const entry = (given: Partial<Evidence>): Evidence => ({
  name: 'brand.example',
  type: 'TXT',
  outcome: 'nodata',
  authenticated: false,
  source: 'network',
  startedMs: 1,
  elapsedMs: 2,
  ...given,
});
const evidence = [
  entry({
    outcome: 'records',
    records: [['v=spf1 -all']],
    ttlSeconds: 77,
    authenticated: true,
    rcode: 0,
    source: 'cache',
  }),
  entry({ name: 'none.example', ttlSeconds: 5, rcode: 0 }),
  entry({ name: 'gone.example', outcome: 'nxdomain', ttlSeconds: 9, rcode: 3 }),
  entry({ name: 'down.example', outcome: 'failure', failure: 'timeout' }),
  entry({
    name: 'refused.example',
    outcome: 'failure',
    failure: 'limit',
    limit: reached('misses', 16),
    source: 'local',
  }),
];
const timing = { recorded: { startedMs: 1, elapsedMs: 2 } };

test('recorded answers with the recorded outcome, source, TTL and timing, whatever the deadline', async () => {
  const lookup = recorded(evidence);
  const cases: [string, object][] = [
    [
      'Brand.example.',
      { kind: 'records', records: [['v=spf1 -all']], ttlSeconds: 77, authenticated: true, rcode: 0, source: 'cache' },
    ],
    ['none.example', { kind: 'nodata', ttlSeconds: 5, authenticated: false, rcode: 0, source: 'network' }],
    ['gone.example', { kind: 'nxdomain', ttlSeconds: 9, authenticated: false, rcode: 3, source: 'network' }],
    ['down.example', { kind: 'failure', failure: 'timeout', source: 'network' }],
    ['refused.example', { kind: 'failure', failure: 'limit', limit: reached('misses', 16), source: 'local' }],
  ];
  for (const [name, expected] of cases)
    assert.deepEqual(await lookup({ name, type: 'TXT' }, -1), { ...expected, ...timing }, name);
});

test('recorded fails on a question that it does not hold', async () => {
  const lookup = recorded(evidence);
  const unrecorded = { kind: 'failure', failure: 'unrecorded', source: 'local' };
  assert.deepEqual(await lookup({ name: 'brand.example', type: 'A' }, 0), unrecorded);
  assert.deepEqual(await lookup({ name: 'else.example', type: 'TXT' }, 0), unrecorded);
  assert.deepEqual(await lookup({ name: 'a..b', type: 'TXT' }, 0), {
    kind: 'failure',
    failure: 'badname',
    source: 'local',
  });
});

test('recorded takes an overlay around it', async () => {
  const parsed = parseOverlay([{ name: 'brand.example', type: 'TXT', records: ['v=spf1 +all'] }]);
  assert.ok(parsed.ok);
  const lookup = withOverlay(parsed.overlay, recorded(evidence));
  const answer = await lookup({ name: 'brand.example', type: 'TXT' }, 0);
  assert.deepEqual(answer.kind === 'records' && [answer.records, answer.source], [[['v=spf1 +all']], 'overlay']);
  assert.equal((await lookup({ name: 'gone.example', type: 'TXT' }, 0)).kind, 'nxdomain');
});

test('evidenceErrors names each wrong entry, and recorded answers it as a bad reply', async () => {
  const cases: [Evidence[], string][] = [
    [[entry({ name: 'a..b' })], 'evidence[0].name'],
    [[entry({ outcome: 'failure' })], 'evidence[0].failure'],
    [[entry({ outcome: 'records' })], 'evidence[0].records'],
    [[entry({ type: 'A', outcome: 'records', records: ['192.0.2.1', 'x'] })], 'evidence[0].records[1]'],
    [[entry({ type: 'MX', outcome: 'records', records: [['x']] })], 'evidence[0].records[0]'],
    [[entry({}), entry({ name: 'BRAND.example.' })], 'evidence[1]'],
  ];
  for (const [given, path] of cases)
    assert.deepEqual(
      evidenceErrors(given).map((error) => error.path),
      [path],
    );
  assert.deepEqual(evidenceErrors([...evidence, entry({ name: 'a..b', outcome: 'failure', failure: 'badname' })]), []);
  const answer = await recorded(cases[4]?.[0] ?? [])({ name: 'brand.example', type: 'MX' }, 0);
  assert.equal(answer.kind === 'failure' && answer.failure, 'badresp');
});
