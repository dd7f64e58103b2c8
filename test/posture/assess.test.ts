import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reached } from '../../schemas/limit.ts';
import { Posture } from '../../schemas/posture/posture.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { type AssessOutcome, createAssessor } from '../../src/posture/assess.ts';
import { CASES, GOOD } from './cases.ts';
import { assessIn, codesOf, NOW_MS, type World, worldParts } from './world.ts';

const postureOf = (outcome: AssessOutcome): Posture => {
  if (outcome.kind !== 'posture') throw new Error(JSON.stringify(outcome));
  return outcome.posture;
};
const counting = (lookup: Lookup): { lookup: Lookup; asked: string[] } => {
  const asked: string[] = [];
  return {
    asked,
    lookup: (question, deadlineMs) => {
      asked.push(`${question.name} ${question.type}`);
      return lookup(question, deadlineMs);
    },
  };
};

test('assess answers in the shape of its schema, whatever a domain holds', async () => {
  for (const { title, world, domain = 'brand.example', options } of CASES) {
    const parsed = Posture.safeParse(await assessIn(world, domain, options));
    assert.ok(parsed.success, `${title}: ${JSON.stringify(parsed.error?.issues[0])}`);
  }
});

test('assess tells the domain as it was written, asked and read', async () => {
  const world = { 'xn--bcher-kva.example TXT': ['v=spf1 -all'] };
  const posture = await assessIn(world, 'Bücher.example');
  assert.deepEqual(posture.domain, {
    given: 'Bücher.example',
    ascii: 'xn--bcher-kva.example',
    unicode: 'bücher.example',
  });
  assert.equal(posture.spf.state, 'valid');
});

test('assess says of a name that does not exist nothing but that, with the nearest name that does, and gives no grade', async () => {
  const posture = await assessIn(GOOD, 'no.such.brand.example');
  assert.deepEqual(
    posture.findings.map(({ code }) => code),
    ['domain-not-found'],
  );
  assert.match(posture.findings[0]?.message ?? '', /the nearest name above it that does is brand\.example$/);
  assert.equal(posture.zone.nearestParent, 'brand.example');
  assert.deepEqual(posture.grade, { letter: null, points: 0, outOf: 0, parts: [] });
  assert.equal(posture.sendsMail, null);
  assert.equal(posture.summary, 'no.such.brand.example does not exist in DNS');
});

test('assess says that a domain sends mail only where a record shows it', async () => {
  const zone = { 'brand.example SOA': GOOD['brand.example SOA'] ?? [], 'brand.example A': ['11.0.0.9'] };
  const sends = async (world: World) => (await assessIn({ ...zone, ...world }, 'brand.example')).sendsMail;
  assert.equal(await sends({}), null);
  assert.match((await assessIn(zone, 'brand.example')).summary, /nothing shows whether it sends mail/);
  assert.equal(await sends({ 'brand.example MX': [{ priority: 10, exchange: 'mx1.brand.example' }] }), true);
  assert.equal(await sends({ 'brand.example TXT': ['v=spf1 ip4:11.0.1.0/24 -all'] }), true);
  assert.equal(await sends({ 'brand.example TXT': ['v=spf1 -all'] }), false);
  assert.equal(await sends({ 'brand.example MX': [{ priority: 0, exchange: '' }] }), false);
});

test('assess never turns a DNS failure into something missing, whichever question fails', async () => {
  const missing = new Set([
    'spf-missing',
    'spf-no-all',
    'spf-dead-include',
    'dmarc-missing',
    'mx-none',
    'mx-implicit',
    'mx-dangling',
    'domain-not-found',
    'ns-dangling',
    'ns-single',
    'tls-rpt-missing',
    'dmarc-report-unauthorized',
    'dkim-selector-missing',
    'dnssec-not-validated',
    'no-mail-null-mx',
  ]);
  const world: World = {
    ...GOOD,
    '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; rua=mailto:x@reports.example'],
    'brand.example._report._dmarc.reports.example TXT': ['v=DMARC1'],
  };
  const base = worldParts(world, { signed: () => true });
  const healthy = new Set(codesOf(postureOf(await createAssessor(base)('brand.example'))));
  const { lookup, asked } = counting(base.lookup);
  await createAssessor({ ...base, lookup })('brand.example');
  for (const question of new Set(asked)) {
    const failing: Lookup = async ({ name, type }, deadlineMs) =>
      `${name} ${type}` === question
        ? { kind: 'failure', failure: 'timeout', source: 'network' }
        : base.lookup({ name, type }, deadlineMs);
    const posture = postureOf(await createAssessor({ ...base, lookup: failing })('brand.example'));
    const caused = codesOf(posture).filter((code) => missing.has(code) && !healthy.has(code));
    assert.deepEqual(caused, [], `without an answer for ${question}`);
    assert.equal(posture.ttlSeconds, 0, `an assessment with a failure in it (${question}) may not be held`);
  }
});

test('assess with every question failing knows nothing, finds nothing missing and gives no grade', async () => {
  const parts = worldParts({});
  const posture = postureOf(
    await createAssessor({
      ...parts,
      lookup: async () => ({ kind: 'failure', failure: 'servfail', source: 'network' }),
    })('brand.example'),
  );
  assert.deepEqual(
    [
      posture.spf.state,
      posture.dmarc.state,
      posture.dkim.state,
      posture.mail.state,
      posture.mtaSts.state,
      posture.tlsRpt.state,
      posture.bimi.state,
      posture.dnssec.state,
    ],
    Array(8).fill('dns-failure'),
  );
  assert.equal(posture.sendsMail, null);
  assert.equal(posture.zone.exists, null);
  assert.equal(posture.grade.letter, null);
  assert.deepEqual(
    posture.findings.filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('assess holds an assessment as long as its records allow, for each way of asking', async () => {
  let nowMs = 0;
  const base = worldParts(GOOD);
  const { lookup, asked } = counting(base.lookup);
  const assess = createAssessor({ ...base, lookup, clock: { nowMs: () => NOW_MS, monotonicMs: () => nowMs } });
  const first = postureOf(await assess('brand.example'));
  const cost = asked.length;
  assert.equal(first.ttlSeconds, 300);
  nowMs = 100_000;
  const again = postureOf(await assess('BRAND.example'));
  assert.equal(asked.length, cost);
  assert.equal(again.ttlSeconds, 200);
  assert.equal(again.domain.given, 'BRAND.example');
  await assess('brand.example', { selectors: ['other'] });
  assert.ok(asked.length > cost);
  const before = asked.length;
  nowMs = 300_001;
  await assess('brand.example');
  assert.equal(asked.length, before + cost);
});

test('assess shares one assessment between those who ask at once', async () => {
  const base = worldParts(GOOD);
  const { lookup, asked } = counting(base.lookup);
  const assess = createAssessor({ ...base, lookup });
  await Promise.all(Array.from({ length: 10 }, () => assess('brand.example')));
  assert.equal(asked.length, new Set(asked).size);
});

test('assess with unpublished records tells what they would change against today', async () => {
  const world = { ...GOOD, '_dmarc.brand.example TXT': ['v=DMARC1; p=none; rua=mailto:dmarc@brand.example'] };
  const posture = await assessIn(world, 'brand.example', {
    overlay: [
      { name: '_dmarc.brand.example', type: 'TXT', records: ['v=DMARC1; p=reject; rua=mailto:dmarc@brand.example'] },
    ],
  });
  const { changes } = posture;
  assert.ok(changes !== undefined);
  assert.ok(changes.mended.some(({ code }) => code === 'dmarc-policy-none'));
  assert.ok(changes.caused.some(({ code }) => code === 'dmarc-good'));
  assert.deepEqual(
    changes.values.map(({ field }) => field),
    ['dmarc.record', 'dmarc.policy'],
  );
  assert.ok((changes.grade.after ?? 'Z') < (changes.grade.today ?? 'A'));
  assert.equal(posture.dmarc.policy?.domain, 'reject');
});

test('assess never holds what unpublished records gave', async () => {
  const assess = createAssessor(worldParts(GOOD));
  await assess('brand.example', { overlay: [{ name: 'brand.example', type: 'TXT', records: ['v=spf1 +all'] }] });
  assert.equal(postureOf(await assess('brand.example')).spf.all, '~');
});

test('assess refuses wrong names, wrong records, and a probe that is not allowed', async () => {
  const assess = createAssessor(worldParts(GOOD));
  const refusalOf = async (...asked: Parameters<typeof assess>) => {
    const outcome = await assess(...asked);
    return outcome.kind === 'refused' ? [outcome.reason, outcome.errors[0]?.path] : outcome.kind;
  };
  assert.deepEqual(await refusalOf('a..b'), ['invalid-domain', 'domain']);
  assert.deepEqual(await refusalOf('brand.example', { probe: 'smtp' }), ['probe-not-allowed', 'probe']);
  assert.deepEqual(
    await refusalOf('brand.example', { overlay: [{ name: 'brand.example', type: 'A', records: ['300.1.1.1'] }] }),
    ['invalid-overlay', 'dns[0].records[0]'],
  );
});

test('assess keeps to its limit on questions and tells that it was reached', async () => {
  const base = worldParts(GOOD, { settings: { domainMaxQuestions: 64 } });
  const { lookup, asked } = counting(base.lookup);
  const posture = postureOf(await createAssessor({ ...base, lookup })('brand.example'));
  assert.ok(asked.length <= 64);
  assert.deepEqual(posture.dns.exceeded, [reached('questions', 64, 'DOMAIN_MAX_QUESTIONS')]);
});

test('assess takes no more round trips than levels: ten includes, mail hosts, reports and a sender come in together', async () => {
  let waiting: (() => void)[] = [];
  const includes = Array.from({ length: 10 }, (_, n) => n);
  const world: World = {
    ...GOOD,
    'brand.example TXT': [`v=spf1 ${includes.map((n) => `include:i${n}.example`).join(' ')} -all`],
    ...Object.fromEntries(includes.map((n) => [`i${n}.example TXT`, [`v=spf1 a:h${n}.example -all`]])),
    ...Object.fromEntries(includes.map((n) => [`h${n}.example A`, ['11.0.0.1']])),
  };
  const base = worldParts(world);
  const lookup: Lookup = async (question, deadlineMs) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return base.lookup(question, deadlineMs);
  };
  let done = false;
  const assessing = createAssessor({ ...base, lookup })('brand.example', { clientIp: '12.0.0.1' }).finally(() => {
    done = true;
  });
  let roundTrips = 0;
  for (; !done && roundTrips < 20; roundTrips += 1) {
    const arrived = waiting;
    waiting = [];
    for (const answer of arrived) answer();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await assessing;
  // The last turn sees that it is done, the first one lets the questions be asked.
  assert.ok(roundTrips <= 5, `${roundTrips} rounds`);
});

test('grade judges a domain that sends no mail as one, and caps what no other point makes good', async () => {
  const letter = async (title: string): Promise<string | null> => {
    const found = CASES.find((one) => one.title === title);
    if (found === undefined) throw new Error(title);
    const { grade } = await assessIn(found.world, found.domain ?? 'brand.example', found.options);
    assert.equal(
      grade.points,
      grade.parts.reduce((total, part) => total + (part.points ?? 0), 0),
    );
    return grade.letter;
  };
  assert.equal(await letter('a domain that sends no mail and says so'), 'A');
  assert.equal(await letter('a signed zone with TLSA'), 'A');
  assert.equal(await letter('+all'), 'F');
  assert.ok(['D', 'E', 'F'].includes((await letter('no DMARC record')) ?? ''));
  assert.equal(await letter('a DNS failure for SPF'), null);
  assert.equal(await letter('a DNS failure for DMARC'), null);
});

test('grade is C at most while receivers cannot use the SPF record', async () => {
  const protectedWay = CASES.find(({ title }) => title === 'a signed zone with TLSA');
  const world = { ...protectedWay?.world, 'brand.example TXT': ['v=spf1 include:gone.example -all'] };
  const { grade } = await assessIn(world, 'brand.example', protectedWay?.options);
  assert.equal(grade.letter, 'C');
  assert.match(grade.capped ?? '', /SPF/);
});

test('grade is not lowered by tags that are merely new', async () => {
  const plain = await assessIn(GOOD, 'brand.example');
  const tagged = await assessIn(
    {
      ...GOOD,
      '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; np=reject; psd=n; t=n; rua=mailto:dmarc@brand.example'],
    },
    'brand.example',
  );
  assert.deepEqual(tagged.grade.points, plain.grade.points);
});

test('assess keeps the evidence when it is asked to', async () => {
  const posture = await assessIn(GOOD, 'brand.example', { include: ['evidence'] });
  assert.ok(posture.evidence?.some(({ name, type }) => name === 'brand.example' && type === 'MX'));
  assert.equal((await assessIn(GOOD, 'brand.example')).evidence, undefined);
});
