/** Replays: the same bytes a year later, what-if over evidence, and evidence that lies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reached } from '../../schemas/limit.ts';
import { ReplayedVerdict } from '../../schemas/requests/replay.ts';
import { differencesOf } from '../../src/verdict/evidence.ts';
import { Fault } from '../../src/verdict/fault.ts';
import { createReplayer } from '../../src/verdict/replay.ts';
import { example, exampleLookup, makeVerifier, PARTS } from './make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const replay = createReplayer({ ...PARTS, clock: { ...PARTS.clock, nowMs: () => Date.UTC(2030, 0, 1) } });
const stored = async (file: string, smtp = BRAND, options = {}, settings = {}) =>
  ReplayedVerdict.parse(
    JSON.parse(
      JSON.stringify(await makeVerifier(settings)(example(file), smtp, { include: ['evidence'], ...options })),
    ),
  );

test('replay judges at the time and under the settings of the verdict', async () => {
  const { same, verdict } = await replay(
    example('aligned.eml'),
    await stored('aligned.eml', BRAND, {}, { enforce: true, authservId: 'then.example' }),
  );
  assert.equal(same, true);
  assert.equal(verdict.evaluatedAt, '2025-02-03T12:00:00.000Z');
  assert.match(verdict.headers.authenticationResults, /then\.example/);
});

test('replay takes every time that a verdict can hold, and no other text', async () => {
  for (const nowMs of [Date.UTC(12_025, 0, 1), Date.UTC(-44, 2, 15), 0]) {
    const clock = { ...PARTS.clock, nowMs: () => nowMs };
    const verdict = await makeVerifier({}, exampleLookup, { clock })(example('aligned.eml'), BRAND, {
      include: ['evidence'],
    });
    const earlier = ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict)));
    assert.equal((await replay(example('aligned.eml'), earlier)).same, true);
  }
  const earlier = await stored('aligned.eml');
  for (const evaluatedAt of ['yesterday', '2025', '+012025-13-01T00:00:00.000Z', '2025-02-30T00:00:00Z', '']) {
    assert.equal(ReplayedVerdict.safeParse({ ...earlier, evaluatedAt }).success, false, evaluatedAt);
  }
});

test('replay tells where another record would change the verdict', async () => {
  const overlay = [{ name: '_dmarc.brand.example', type: 'TXT' as const, records: ['v=DMARC1; p=none'] }];
  const earlier = await stored('spf-fail.eml', { ...BRAND, clientIp: '198.51.100.200', helo: 'host.stranger.example' });
  const { same, differences } = await replay(example('spf-fail.eml'), earlier, { overlay });
  assert.equal(same, false);
  const policy = differences.find(({ path }) => path === 'dmarc.rfc9989.policy.applies');
  assert.deepEqual([policy?.before, policy?.after], ['reject', 'none']);
});

test('replay of a verdict with a limit reached gives the same usage', async () => {
  const verify = makeVerifier({}, exampleLookup, { dnsLimits: { ...PARTS.dnsLimits, maxQuestions: 4 } });
  const verdict = await verify(example('aligned.eml'), BRAND, { include: ['evidence'] });
  assert.deepEqual(verdict.dns.exceeded, [reached('questions', 4)]);
  assert.ok(verdict.findings.some(({ code }) => code === 'limit-reached'));
  const parts = { ...PARTS, dnsLimits: { ...PARTS.dnsLimits, maxQuestions: 4 } };
  const replayed = await createReplayer(parts)(
    example('aligned.eml'),
    ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict))),
  );
  assert.deepEqual(replayed.differences, []);
});

test('include=reports tells whether outside receivers agreed to take reports, and replays (RFC 9990 section 4)', async () => {
  const overlay = [
    {
      name: '_dmarc.quiet.example',
      type: 'TXT' as const,
      records: ['v=DMARC1; p=none; rua=mailto:a@quiet.example,mailto:b@agreed.test,mailto:c@silent.test'],
    },
    { name: 'quiet.example._report._dmarc.agreed.test', type: 'TXT' as const, records: ['v=DMARC1'] },
  ];
  const earlier = await stored('unsigned.eml', BRAND, { include: ['evidence', 'reports'], overlay });
  const { verdict, differences } = await replay(example('unsigned.eml'), earlier);
  assert.deepEqual(
    verdict.dmarc.rfc9989.reports?.map(({ domain, external, authorized }) => [domain, external, authorized]),
    [
      ['quiet.example', false, true],
      ['agreed.test', true, true],
      ['silent.test', true, false],
    ],
  );
  assert.deepEqual(differences, []);
});

test('include=mime is asked for again by a replay', async () => {
  const earlier = await stored('bounce.eml', BRAND, { include: ['evidence', 'mime'] });
  const { verdict, differences } = await replay(example('bounce.eml'), earlier);
  assert.equal(verdict.message.mime?.type, 'multipart/report');
  assert.deepEqual(differences, []);
});

test('replay derives facts again from the message', async () => {
  const head =
    'Received: from mail.brand.example (mail.brand.example [192.0.2.10])\r\n by mx.receiver.example (Postfix) with ESMTPS id 4ABC; Mon, 3 Feb 2025 09:00:05 +0000\r\n';
  const message = Buffer.concat([Buffer.from(head), example('aligned.eml')]);
  const verdict = await makeVerifier()(message, {}, { trustReceived: 'mx.receiver.example', include: ['evidence'] });
  assert.equal(verdict.smtp.clientIp, '192.0.2.10');
  const { differences } = await replay(message, ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict))));
  assert.deepEqual(differences, []);
});

test('replay refuses another message, and evidence that contradicts itself', async () => {
  const earlier = await stored('aligned.eml');
  const isFault = (cause: unknown) => cause instanceof Fault && cause.code === 'invalid-evidence';
  await assert.rejects(replay(example('unsigned.eml'), earlier), isFault);
  const [first, ...rest] = earlier.evidence;
  assert.ok(first);
  await assert.rejects(replay(example('aligned.eml'), { ...earlier, evidence: [first, first, ...rest] }), isFault);
});

test('replay without an answer in the evidence is temperror, never "no record"', async () => {
  const earlier = await stored('ed25519.eml', { ...BRAND, clientIp: '198.51.100.200' });
  const evidence = earlier.evidence.filter(({ name }) => !name.includes('_domainkey'));
  const { verdict } = await replay(example('ed25519.eml'), { ...earlier, evidence });
  assert.equal(verdict.dkim[0]?.result, 'temperror');
});

test('differencesOf names the places, and leaves ids and run times aside', () => {
  const before = { id: '1', elapsedMs: 3, a: { b: [1, { c: 2 }] } };
  assert.deepEqual(differencesOf(before, { id: '2', elapsedMs: 9, a: { b: [1, { c: 2 }] } }), []);
  assert.deepEqual(differencesOf(before, { a: { b: [1, { c: 3 }, 4] } }), [
    { path: 'a.b[1].c', before: 2, after: 3 },
    { path: 'a.b[2]', before: null, after: 4 },
  ]);
});
