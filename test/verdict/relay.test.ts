/** Relaying by strangers: who is one, which recipients are outside, and when it is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import { relayedUnder } from '../../src/verdict/relay.ts';
import { example, makeVerifier, SETTINGS } from './make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const OUTSIDE = ['bob@other.example'];
const LOCAL: Partial<VerdictSettings> = { localDomains: ['receiver.example', 'xn--mller-kva.example'] };

const relayed = (facts: SmtpFacts, settings: Partial<VerdictSettings> = LOCAL): readonly string[] =>
  relayedUnder({ ...SETTINGS, ...settings })({ ...BRAND, ...facts });

const CASES: readonly (readonly [of: string, rcptTo: string[], outside: string[]])[] = [
  ['a recipient elsewhere', ['bob@other.example'], ['bob@other.example']],
  ['brackets', ['<bob@other.example>', '<eve@receiver.example>'], ['bob@other.example']],
  ['upper case and a final dot', ['Eve@RECEIVER.example', 'eve@receiver.example.'], []],
  ['a U-label', ['eve@müller.example', 'eve@MÜLLER.example'], []],
  ['no domain', ['postmaster', 'Postmaster', '<postmaster>'], []],
  ['a recipient that cannot be read', [''], []],
  ['a subdomain', ['eve@sub.receiver.example'], ['eve@sub.receiver.example']],
  ['a route', ['@receiver.example:bob@other.example'], ['@receiver.example:bob@other.example']],
  ['an at sign in quotes', ['"bob@other.example"@receiver.example'], []],
  ['an address literal', ['bob@[192.0.2.1]'], ['bob@[192.0.2.1]']],
];

for (const [of, rcptTo, outside] of CASES)
  test(`relayedUnder reads ${of}`, () => assert.deepEqual(relayed({ rcptTo }), outside));

const OWN: readonly (readonly [of: string, facts: SmtpFacts, settings?: Partial<VerdictSettings>])[] = [
  ['a client that logged in', { auth: { identity: 'alice' } }],
  ['a client that logged in under a name that is not known', { auth: { mechanism: 'PLAIN' } }],
  ['a client whose session had AUTH', { protocol: 'ESMTPSA' }],
  ['this machine', { clientIp: '127.0.0.1' }],
  ['an own network', { clientIp: '2001:db8::1' }, { ...LOCAL, localNetworks: ['2001:db8::/32'] }],
  ['an allowed network', {}, { ...LOCAL, allowNetworks: ['192.0.2.0/24'] }],
  ['a receiver whose domains are not known', {}, { localDomains: [] }],
];

for (const [of, facts, settings] of OWN)
  test(`relayedUnder says nothing of ${of}`, () =>
    assert.deepEqual(relayed({ rcptTo: OUTSIDE, ...facts }, settings), []));

test('relayedUnder says nothing of a client that is not known', () =>
  assert.deepEqual(relayedUnder({ ...SETTINGS, ...LOCAL })({ rcptTo: OUTSIDE }), []));

test('the finding of relaying names five recipients and counts the rest', async () => {
  const rcptTo = Array.from({ length: 8 }, (_, index) => `u${index}@other.example`);
  const verdict = await makeVerifier(LOCAL)(example('aligned.eml'), { ...BRAND, rcptTo });
  const relay = verdict.findings.find(({ code }) => code === 'relay');
  assert.match(relay?.message ?? '', /u0@other\.example, .*u4@other\.example and 3 more$/);
  assert.deepEqual(relay?.section, 'RFC 5321 section 3.6.2');
});

const OUTCOMES: readonly (readonly [
  settings: Partial<VerdictSettings>,
  facts: SmtpFacts,
  action: string,
  wouldBe: string,
])[] = [
  [{ enforce: true, relay: 'reject' }, {}, 'reject', 'reject'],
  [{ enforce: false, relay: 'reject' }, {}, 'accept', 'reject'],
  [{ enforce: true, relay: 'report' }, {}, 'accept', 'accept'],
  [{ enforce: true, relay: 'reject' }, { auth: { identity: 'alice' } }, 'accept', 'accept'],
  [{ enforce: true, relay: 'reject', allowNetworks: ['192.0.2.10'] }, {}, 'accept', 'accept'],
  [{ enforce: true, relay: 'reject' }, { rcptTo: ['eve@receiver.example'] }, 'accept', 'accept'],
];

for (const [settings, facts, action, wouldBe] of OUTCOMES)
  test(`relaying of a message that DMARC passes, ${JSON.stringify([settings, facts])}: ${action}, would be ${wouldBe}`, async () => {
    const smtp = { ...BRAND, rcptTo: OUTSIDE, ...facts };
    const { disposition, dmarc } = await makeVerifier({ ...LOCAL, ...settings })(example('aligned.eml'), smtp);
    assert.equal(dmarc.result, 'pass');
    assert.deepEqual([disposition.action, disposition.wouldBe], [action, wouldBe]);
    assert.equal(disposition.cause, wouldBe === 'reject' ? 'relay' : 'dmarc');
    const reply = disposition.smtpReply;
    assert.deepEqual(reply && [reply.code, reply.enhancedCode], action === 'reject' ? [550, '5.7.1'] : undefined);
  });

test('relaying is refused also where DMARC is only not known yet', async () => {
  const verify = makeVerifier({ ...LOCAL, enforce: true, relay: 'reject' }, async () => ({
    kind: 'failure',
    failure: 'servfail',
    source: 'network',
  }));
  const { disposition } = await verify(example('aligned.eml'), { ...BRAND, rcptTo: OUTSIDE });
  assert.deepEqual([disposition.action, disposition.cause], ['reject', 'relay']);
});
