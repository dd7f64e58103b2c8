import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpfTreeRecord, SpfTreeTerm } from '../../../schemas/posture/spf.ts';
import { createAssessor } from '../../../src/posture/assess.ts';
import { checkHost } from '../../../src/spf/check-host.ts';
import { documentedValue } from '../../house/limits-table.ts';
import { assessIn, type World, worldLookup, worldParts } from '../world.ts';

const terms = (record: SpfTreeRecord | null): SpfTreeTerm[] =>
  (record?.terms ?? []).flatMap((term) => [term, ...terms(term.record ?? null)]);
const spfOf = async (text: string, more: World = {}, options = {}) =>
  (await assessIn({ 'brand.example TXT': [text], ...more }, 'brand.example', options)).spf;

const NEST: World = {
  'a.example TXT': ['v=spf1 include:b.example a:h.example -all'],
  'b.example TXT': ['v=spf1 ip4:11.0.0.0/24 ip4:11.0.0.128/25 mx:h.example -all'],
  'h.example A': ['11.0.1.1', '11.0.1.2'],
  'h.example AAAA': ['2600::1'],
  'h.example MX': [{ priority: 1, exchange: 'h.example' }],
};

test('growSpfTree gives each term its cost, and the count in the order of evaluation', async () => {
  const spf = await spfOf('v=spf1 ip4:11.0.9.1 include:a.example exists:x.example ~all', NEST);
  assert.deepEqual(
    terms(spf.tree).map(({ text, lookups, lookupsSoFar }) => [text, lookups, lookupsSoFar]),
    [
      ['ip4:11.0.9.1', 0, undefined],
      ['include:a.example', 1, 1],
      ['include:b.example', 1, 2],
      ['ip4:11.0.0.0/24', 0, undefined],
      ['ip4:11.0.0.128/25', 0, undefined],
      ['mx:h.example', 1, 3],
      ['-all', 0, undefined],
      ['a:h.example', 1, 4],
      ['-all', 0, undefined],
      ['exists:x.example', 1, 5],
      ['~all', 0, undefined],
    ],
  );
  assert.equal(spf.lookups.used, 5);
});

test('countNetworks counts each address once, and no network that a term refuses', async () => {
  const spf = await spfOf('v=spf1 -ip4:12.0.0.0/8 include:a.example ip4:11.0.0.7 ~all', NEST);
  // 11.0.0.0/24 holds the /25 and the single address; h.example adds two addresses and one of IPv6.
  assert.deepEqual(spf.networks, { ip4Networks: 5, ip4Addresses: 258, ip6Networks: 1 });
});

test('countSpfTree reads the redirect last, wherever it stands', async () => {
  const spf = await spfOf('v=spf1 redirect=a.example include:b.example', NEST);
  const bySoFar = terms(spf.tree)
    .filter(({ lookupsSoFar }) => lookupsSoFar !== undefined)
    .toSorted((one, other) => (one.lookupsSoFar ?? 0) - (other.lookupsSoFar ?? 0));
  assert.equal(bySoFar[0]?.text, 'include:b.example');
  assert.equal(spf.all, '-');
});

test('growSpfTree asks nothing for terms that no evaluation reaches', async () => {
  const spf = await spfOf('v=spf1 -all include:a.example redirect=b.example', NEST);
  assert.deepEqual(
    terms(spf.tree).map(({ state }) => state),
    ['ok', 'unreachable', 'unreachable'],
  );
  assert.equal(spf.lookups.used, 0);
  assert.equal(spf.questions, 1);
});

test('countSpfTree goes on past the limit and marks every term from there', async () => {
  const names = Array.from({ length: 14 }, (_, index) => `h${index}.example`);
  const spf = await spfOf(
    `v=spf1 ${names.map((name) => `a:${name}`).join(' ')} ~all`,
    Object.fromEntries(names.map((name) => [`${name} A`, ['11.0.0.1']])),
  );
  assert.equal(spf.lookups.used, 14);
  assert.equal(spf.outcome, 'permerror');
  assert.match(spf.lookups.passedAt ?? '', /^a:h10\.example in the record of brand\.example$/);
  assert.deepEqual(
    terms(spf.tree).map(({ overLimit }) => overLimit),
    [...Array(10).fill(false), ...Array(5).fill(true)],
  );
  assert.ok(terms(spf.tree).every(({ state }) => state === 'ok'));
});

test('growSpfTree writes void lookups to the term and the family that cause them', async () => {
  const spf = await spfOf('v=spf1 a:v4.example a:none.example mx:none.example ~all', { 'v4.example A': ['11.0.0.1'] });
  assert.deepEqual(
    terms(spf.tree).map(({ text, voids }) => [text, voids.ip4, voids.ip6]),
    [
      ['a:v4.example', 0, 1],
      ['a:none.example', 1, 1],
      ['mx:none.example', 1, 1],
      ['~all', 0, 0],
    ],
  );
  assert.deepEqual(spf.voids, { ip4: 2, ip6: 3, limit: 2 });
});

test('growSpfTree expands macros with the sender given, else with samples of documentation', async () => {
  const record = 'v=spf1 exists:%{ir}.%{l1r-}.%{d2}.list.example ~all';
  const given = await spfOf(
    record,
    {},
    { clientIp: '11.22.33.44', mailFrom: 'a-b@brand.example', helo: 'mx.brand.example' },
  );
  assert.equal(given.tree?.terms[0]?.target, '44.33.22.11.a.brand.example.list.example');
  assert.equal(given.tree?.terms[0]?.macro, true);
  const sample = await spfOf(record);
  assert.equal(sample.tree?.terms[0]?.target, '1.2.0.192.postmaster.brand.example.list.example');
  assert.equal(sample.sender, undefined);
});

test('assessSpf tells whether a sender would pass', async () => {
  const world = { 'brand.example TXT': ['v=spf1 include:a.example -all'], ...NEST };
  const passing = (await assessIn(world, 'brand.example', { clientIp: '11.0.1.2' })).spf.sender;
  assert.equal(passing?.result, 'pass');
  assert.match(passing?.matched ?? '', /include:a\.example/);
  assert.equal((await assessIn(world, 'brand.example', { clientIp: '12.0.0.1' })).spf.sender?.result, 'fail');
});

test('growSpfTree ends at a loop and says where it leads back', async () => {
  const spf = await spfOf('v=spf1 include:loop.example ~all', {
    'loop.example TXT': ['v=spf1 include:brand.example -all'],
  });
  const loop = terms(spf.tree).find(({ state }) => state === 'loop');
  assert.match(loop?.reason ?? '', /leads back to brand\.example/);
  assert.equal(spf.outcome, 'permerror');
  assert.ok(spf.questions <= 3);
});

test('growSpfTree answers for a tree of a thousand terms with bounded questions', async () => {
  const world: Record<string, readonly unknown[]> = {};
  const record = (depth: number, place: number): string =>
    `v=spf1 ${depth === 0 ? Array.from({ length: 10 }, (_, n) => `a:h${place}x${n}.example`).join(' ') : Array.from({ length: 10 }, (_, n) => `include:r${depth - 1}x${place * 10 + n}.example`).join(' ')} -all`;
  for (let place = 0; place < 10; place += 1) world[`r1x${place}.example TXT`] = [record(1, place)];
  for (let place = 0; place < 100; place += 1) world[`r0x${place}.example TXT`] = [record(0, place)];
  world['brand.example TXT'] = [record(2, 0)];
  let asked = 0;
  const parts = worldParts(world);
  const outcome = await createAssessor({
    ...parts,
    lookup: (question, deadlineMs) => {
      asked += 1;
      return parts.lookup(question, deadlineMs);
    },
  })('brand.example');
  assert.equal(outcome.kind, 'posture');
  if (outcome.kind !== 'posture') return;
  const { spf } = outcome.posture;
  assert.ok(terms(spf.tree).length > 1000, String(terms(spf.tree).length));
  assert.ok(spf.questions <= documentedValue('spf-questions'));
  assert.ok(asked <= parts.settings.domainMaxQuestions, String(asked));
  assert.equal(spf.complete, false);
  assert.equal(spf.outcome, 'permerror');
  assert.ok(terms(spf.tree).some(({ state }) => state === 'not-asked'));
  assert.ok(outcome.posture.findings.length < 100);
});

test('growSpfTree shows no more terms than the limit', async () => {
  const spf = await spfOf(
    `v=spf1 ${Array.from({ length: 300 }, (_, n) => `ip4:11.0.${n % 250}.1`).join(' ')} -all`,
    {},
    { limits: { maxSpfTerms: 50 } },
  );
  assert.equal(terms(spf.tree).length, 50);
  assert.equal(spf.complete, false);
});

test('growSpfTree follows no more includes inside includes than its bound', async () => {
  const world = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`d${n}.example TXT`, [`v=spf1 include:d${n + 1}.example -all`]]),
  );
  const spf = await spfOf('v=spf1 include:d0.example -all', world);
  assert.equal(terms(spf.tree).filter(({ state }) => state === 'not-asked').length, 1);
  assert.equal(spf.lookups.used, 21);
});

const RECORDS = [
  'v=spf1 include:a.example ~all',
  'v=spf1 a:h.example mx:h.example include:b.example -all',
  'v=spf1 redirect=a.example',
  'v=spf1 include:b.example include:b.example a:none.example redirect=b.example',
  'v=spf1 exists:none.example ip4:11.1.1.1 include:a.example include:gone.example -all',
  'v=spf1 a mx ptr include:a.example ?all',
];

test('countSpfTree counts what check_host counts for a sender that nothing matches', async () => {
  for (const text of RECORDS) {
    const world: World = {
      'brand.example TXT': [text],
      'brand.example A': ['11.0.8.1'],
      'brand.example MX': [{ priority: 1, exchange: 'h.example' }],
      ...NEST,
    };
    const { spf } = await assessIn(world, 'brand.example');
    const checked = await checkHost(
      { ip: '203.0.113.9', domain: 'brand.example', sender: 'x@brand.example', helo: 'h.example', receiver: '' },
      { lookup: worldLookup(world), deadlineMs: Number.POSITIVE_INFINITY, whole: true },
    );
    assert.equal(spf.lookups.used, checked.tree?.lookups, text);
    assert.equal(spf.outcome === 'permerror', checked.result === 'permerror', text);
  }
});
