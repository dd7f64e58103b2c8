/** `require`, through the door: which level satisfies what, in words, and again in a replay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthorLevel, RequiredLevel } from '../../../schemas/author.ts';
import { ReplayedVerdict } from '../../../schemas/requests/replay.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { createReplayer } from '../../../src/verdict/replay.ts';
import type { VerifyOptions } from '../../../src/verdict/run.ts';
import { example, exampleLookup, makeVerifier, PARTS } from '../make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const ID = 'mx.receiver.example';
const VOUCHED = Buffer.concat([
  Buffer.from(
    `Authentication-Results: ${ID}; dmarc=pass header.from=brand.example\r\nReceived: from host.stranger.example (host.stranger.example [198.51.100.200]) by ${ID} with ESMTP; Mon, 3 Feb 2025 10:00:00 +0000\r\n`,
  ),
  example('spf-fail.eml'),
]);
const silent: Lookup = async () => ({ kind: 'failure', failure: 'timeout', source: 'local' });

type Case = {
  readonly level: AuthorLevel;
  readonly message: Buffer;
  readonly facts?: SmtpFacts;
  readonly options?: VerifyOptions;
  readonly lookup?: Lookup;
  readonly satisfies: readonly RequiredLevel[];
  readonly reason: RegExp;
};

const cases: readonly Case[] = [
  {
    level: 'proven',
    message: example('aligned.eml'),
    facts: BRAND,
    satisfies: ['proven', 'vouched'],
    reason: /^Yes: brand\.example really sent/,
  },
  {
    level: 'vouched',
    message: VOUCHED,
    options: { trustedAuthservIds: [ID] },
    satisfies: ['vouched'],
    reason: /^Yes, on the word of others: mx\.receiver\.example/,
  },
  { level: 'contradicted', message: VOUCHED, satisfies: [], reason: /^No: nothing in this message proves/ },
  {
    level: 'unproven',
    message: example('unsigned.eml'),
    satisfies: [],
    reason: /^No: nothing in this message proves/,
  },
  {
    level: 'unproven',
    message: example('two-from.eml'),
    facts: BRAND,
    satisfies: [],
    reason: /more than one From field/,
  },
  {
    level: 'unknown',
    message: example('aligned.eml'),
    facts: BRAND,
    lookup: silent,
    satisfies: [],
    reason: /try again/,
  },
];

for (const { level, message, facts = {}, options, lookup = exampleLookup, satisfies, reason } of cases)
  for (const require of ['proven', 'vouched'] as const)
    test(`require=${require} of ${level} is ${satisfies.includes(require) ? '' : 'not '}satisfied: ${reason.source}`, async () => {
      const verdict = await makeVerifier({}, lookup)(message, facts, { ...options, require, include: ['evidence'] });
      assert.equal(verdict.author.level, level);
      assert.equal(verdict.decision?.required, require);
      assert.equal(verdict.decision.satisfied, satisfies.includes(require));
      assert.match(verdict.decision.reasons.at(-1) ?? '', reason);
      const earlier = ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict)));
      const replay = await createReplayer(PARTS)(message, earlier);
      assert.deepEqual(replay.differences, []);
      assert.deepEqual(replay.verdict.decision, verdict.decision);
    });

test('a verdict has no decision unless one is asked for', async () => {
  assert.equal('decision' in (await makeVerifier()(example('aligned.eml'), BRAND)), false);
});

test('require=proven says of a vouched author that others vouch', async () => {
  const { decision } = await makeVerifier()(VOUCHED, {}, { trustedAuthservIds: [ID], require: 'proven' });
  assert.equal(decision?.reasons[0], 'Only proven is enough here, and others vouch for the domain.');
});
