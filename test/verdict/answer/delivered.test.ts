/**
 * weighTrustedWord through the door: whose word a delivered message may carry, and for each word
 * that is taken the twin of it that an attacker can write.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../../schemas/verdict.ts';
import { example, makeVerifier } from '../make-verifier.ts';
import { FORGED, ID, PASS, RECEIVED, VOUCHED } from './delivered-cases.ts';

const verify = makeVerifier();
/** A message that proves nothing, with fields on top as they were put there: the last one first. */
const delivered = (fields: readonly string[], file = 'spf-fail.eml', trust = [ID]): Promise<Verdict> =>
  verify(
    Buffer.concat([Buffer.from(fields.map((field) => `${field}\r\n`).join('')), example(file)]),
    {},
    {
      trustedAuthservIds: trust,
    },
  );

for (const [what, fields] of VOUCHED)
  test(`verify takes the word of a trusted server: ${what}`, async () => {
    const { author, dmarc } = await delivered(fields);
    assert.equal(author.level, 'vouched');
    assert.equal(author.authenticated, false, 'it was not proven here');
    assert.equal(dmarc.result, 'fail', 'no result changes');
    assert.deepEqual(
      author.by.map(({ kind, domain, by, at }) => ({ kind, domain, by, at })),
      [
        {
          kind: 'authentication-results',
          domain: 'brand.example',
          by: author.by[0]?.by.toLowerCase() === ID ? author.by[0].by : ID,
          at: '2025-02-03T10:00:00.000Z',
        },
      ],
    );
    assert.match(author.by[0]?.where ?? '', /^derived\.authenticationResults\[\d+\]$/);
    assert.match(author.summary, /^Yes, on the word of others: mx\.receiver\.example/i);
  });

for (const [what, fields, file] of FORGED)
  test(`verify takes no word from ${what}`, async () => {
    const { author } = await delivered(fields, file);
    assert.ok(author.level === 'contradicted' || author.level === 'unproven', author.level);
    assert.deepEqual(author.by, []);
  });

test('verify does not take a word against a signature that is broken here, and tells so', async () => {
  const claim = `Authentication-Results: ${ID}; dkim=pass header.d=brand.example; dmarc=pass header.from=brand.example`;
  const { author, findings } = await delivered([claim, RECEIVED], 'body-changed.eml');
  assert.equal(author.level, 'contradicted');
  const told = findings.find(({ code }) => code === 'trusted-result-contradicted');
  assert.match(
    told?.message ?? '',
    /mx\.receiver\.example says dmarc=pass for brand\.example, but the signature .* is broken/,
  );
  // The same word may rest on SPF of that day, which no change of the body touches.
  const spf = `Authentication-Results: ${ID}; spf=pass smtp.mailfrom=alice@brand.example; dmarc=pass header.from=brand.example`;
  assert.equal((await delivered([spf, RECEIVED], 'body-changed.eml')).author.level, 'vouched');
});

test('verify says of a key that is gone that it cannot be checked any more, and takes the word of that day', async () => {
  const gone = Buffer.from(
    example('ed25519.eml')
      .toString('latin1')
      .replace(/\bs=ed;/, 's=gone;'),
    'latin1',
  );
  const on = (fields: readonly string[]) =>
    verify(
      Buffer.concat([Buffer.from(fields.map((field) => `${field}\r\n`).join('')), gone]),
      {},
      {
        trustedAuthservIds: [ID],
      },
    );
  const alone = (await on([RECEIVED])).author;
  assert.equal(alone.level, 'unproven');
  assert.match(alone.summary, /cannot be checked any more .* gone\._domainkey\.brand\.example/);
  assert.equal(
    (await on([PASS.replace('dmarc=pass', 'dkim=pass header.d=brand.example; dmarc=pass'), RECEIVED])).author.level,
    'vouched',
  );
  // As the message comes in, a signature without a key is no excuse.
  assert.equal((await verify(gone, {})).author.level, 'contradicted');
});

test('verify believes fields down to the own host that took the message in, and none below it', async () => {
  const inner =
    'Received: from mx.receiver.example (mx.receiver.example [10.0.0.1]) by store.receiver.example with LMTP; Mon, 3 Feb 2025 10:00:01 +0000';
  const level = async (fields: readonly string[]) =>
    (
      await verify(
        Buffer.concat([Buffer.from(fields.map((field) => `${field}\r\n`).join('')), example('spf-fail.eml')]),
        {},
        {
          trustedAuthservIds: [ID],
          trustReceived: ['store.receiver.example', ID],
        },
      )
    ).author.level;
  assert.equal(await level([inner, PASS, RECEIVED]), 'vouched');
  assert.equal(await level([PASS, inner, RECEIVED]), 'vouched');
  assert.notEqual(await level([inner, RECEIVED, PASS]), 'vouched');
});

test('verify takes no word of a server of whom more was written than is read', async () => {
  const filler = Array.from({ length: 10 }, (_, at) => `dkim=none header.s=s${at}`).join('; ');
  const fillers = (count: number) => Array.from({ length: count }, () => `Authentication-Results: ${ID}; ${filler}`);
  assert.equal((await delivered([PASS, ...fillers(4), RECEIVED])).author.level, 'vouched', '41 results');
  const full = await delivered([PASS, ...fillers(5), RECEIVED]);
  assert.equal(full.author.level, 'contradicted', '51 results');
  assert.equal(full.derived?.authenticationResults.length, 50);
  const others = (count: number) => Array.from({ length: count }, () => 'Authentication-Results: x.example; dkim=none');
  assert.equal((await delivered([PASS, ...others(49), RECEIVED])).author.level, 'vouched', '50 fields');
  assert.equal((await delivered([PASS, ...others(50), RECEIVED])).author.level, 'contradicted', '51 fields');
});

test('verify tells of a field in the name of a trusted server that its sender can have written', async () => {
  const { findings } = await delivered([RECEIVED, PASS]);
  assert.match(findings.find(({ code }) => code === 'results-not-believed')?.message ?? '', /below the Received field/);
  const unplaced = await delivered([PASS]);
  assert.match(
    unplaced.findings.find(({ code }) => code === 'results-not-believed')?.message ?? '',
    /no Received field of an own host/,
  );
});
