/**
 * weighTrustedWord through the door: whose word a delivered message may carry, and for each word
 * that is taken the twin of it that an attacker can write.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../../schemas/verdict.ts';
import { example, makeVerifier } from '../make-verifier.ts';

const verify = makeVerifier();
const ID = 'mx.receiver.example';
const RECEIVED = `Received: from host.stranger.example (host.stranger.example [198.51.100.200]) by ${ID} with ESMTP id 1; Mon, 3 Feb 2025 10:00:00 +0000`;
const PASS = `Authentication-Results: ${ID}; dmarc=pass header.from=brand.example`;

/** A message that proves nothing, with fields on top as they were put there: the last one first. */
const delivered = (fields: readonly string[], file = 'spf-fail.eml', trust = [ID]): Promise<Verdict> =>
  verify(
    Buffer.concat([Buffer.from(fields.map((field) => `${field}\r\n`).join('')), example(file)]),
    {},
    {
      trustedAuthservIds: trust,
    },
  );

const vouched: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['a DMARC pass above the field by which the message came in', [PASS, RECEIVED]],
  [
    'an id in other case, with a comment and a version',
    [
      `Authentication-Results: (us) MX.Receiver.Example (really) 1; dmarc=pass (p=reject) header.from=brand.example`,
      RECEIVED,
    ],
  ],
  [
    'DKIM and SPF of MAIL FROM without any DMARC result',
    [
      `Authentication-Results: ${ID}; dkim=pass header.d=brand.example; spf=fail smtp.mailfrom=a@other.example`,
      RECEIVED,
    ],
  ],
  [
    'SPF of an aligned MAIL FROM alone',
    [`Authentication-Results: ${ID}; spf=pass smtp.mailfrom=a@mail.brand.example`, RECEIVED],
  ],
  [
    'several fields of one server, of which only one tells of DMARC',
    [
      `Authentication-Results: ${ID}; spf=pass smtp.helo=x.example`,
      PASS,
      `Authentication-Results: ${ID}; dkim=none`,
      RECEIVED,
    ],
  ],
  [
    'Received-SPF of the server itself',
    [
      `Received-SPF: pass (ok) client-ip=192.0.2.10; envelope-from="a@brand.example"; helo=x.example; receiver=${ID}; identity=mailfrom`,
      RECEIVED,
    ],
  ],
  [
    'a field beside one of another server that says the opposite',
    ['Authentication-Results: elsewhere.example; dmarc=fail header.from=brand.example', PASS, RECEIVED],
  ],
];

for (const [what, fields] of vouched)
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

const forged: readonly (readonly [what: string, fields: readonly string[], file?: string])[] = [
  ['a field below the boundary', [RECEIVED, PASS]],
  [
    'a field between the boundary and an older Received',
    [RECEIVED, PASS, `Received: from a (a [192.0.2.1]) by ${ID} with ESMTP; Mon, 3 Feb 2025 09:00:00 +0000`],
  ],
  ['no Received field at all', [PASS]],
  ['a newest Received field of somebody else', [PASS, RECEIVED.replace(`by ${ID}`, 'by mx.elsewhere.example')]],
  ['a Received field that cannot be read', [PASS, RECEIVED.replace('from host', 'from a by b.example from host')]],
  [
    'the id in a comment only',
    [`Authentication-Results: evil.example (${ID}); dmarc=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'the id as a part of another',
    [`Authentication-Results: ${ID}.evil.example; dmarc=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'an id above the trusted one',
    ['Authentication-Results: receiver.example; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  [
    'an id that is folded apart',
    ['Authentication-Results: mx.receiver\r\n .example; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  [
    'an id as an encoded word',
    ['Authentication-Results: =?utf-8?q?mx.receiver.example?=; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  ['a second server', ['Authentication-Results: mx.other.example; dmarc=pass header.from=brand.example', RECEIVED]],
  ['a DMARC pass of another domain', [`Authentication-Results: ${ID}; dmarc=pass header.from=evil.example`, RECEIVED]],
  ['a DMARC pass that names no domain', [`Authentication-Results: ${ID}; dmarc=pass`, RECEIVED]],
  [
    'a DMARC pass of two domains',
    [`Authentication-Results: ${ID}; dmarc=pass header.from=evil.example header.from=brand.example`, RECEIVED],
  ],
  [
    'a DMARC pass beside a failure',
    [`Authentication-Results: ${ID}; dmarc=fail header.from=brand.example`, PASS, RECEIVED],
  ],
  [
    'a DMARC failure beside a DKIM pass',
    [`Authentication-Results: ${ID}; dkim=pass header.d=brand.example; dmarc=fail header.from=brand.example`, RECEIVED],
  ],
  [
    'DMARC in a version that nobody knows',
    [`Authentication-Results: ${ID}; dmarc/2=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'a field of a version that nobody knows beside a known one',
    [`Authentication-Results: ${ID} 2; dmarc=fail header.from=brand.example`, PASS, RECEIVED],
  ],
  [
    'a field of the server that cannot be read beside one that can',
    [`Authentication-Results: ${ID}; dmarc=fail (open header.from=brand.example`, PASS, RECEIVED],
  ],
  ['SPF of HELO', [`Authentication-Results: ${ID}; spf=pass smtp.helo=mail.brand.example`, RECEIVED]],
  ['SPF of another MAIL FROM', [`Authentication-Results: ${ID}; spf=pass smtp.mailfrom=a@evil.example`, RECEIVED]],
  [
    'DKIM of another domain',
    [`Authentication-Results: ${ID}; dkim=pass header.d=evil.example header.i=@brand.example`, RECEIVED],
  ],
  [
    'DKIM of a domain that only ends alike',
    [`Authentication-Results: ${ID}; dkim=pass header.d=notbrand.example`, RECEIVED],
  ],
  ['DKIM of a name above', [`Authentication-Results: ${ID}; dkim=pass header.d=example`, RECEIVED]],
  ['a softfail', [`Authentication-Results: ${ID}; spf=softfail smtp.mailfrom=a@brand.example`, RECEIVED]],
  ['Received-SPF below the boundary', [RECEIVED, `Received-SPF: pass envelope-from=a@brand.example; receiver=${ID}`]],
  [
    'Received-SPF of another receiver',
    [`Received-SPF: pass (${ID}) envelope-from=a@brand.example; receiver=evil.example; x-receiver=${ID}`, RECEIVED],
  ],
  [
    'Received-SPF with two receivers',
    [`Received-SPF: pass envelope-from=a@brand.example; receiver=evil.example; receiver=${ID}`, RECEIVED],
  ],
  ['Received-SPF of HELO', [`Received-SPF: pass identity=helo; helo=mail.brand.example; receiver=${ID}`, RECEIVED]],
  ['two From fields', [PASS, RECEIVED], 'two-from.eml'],
];

for (const [what, fields, file] of forged)
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

test('verify tells of a field in the name of a trusted server that its sender can have written', async () => {
  const { findings } = await delivered([RECEIVED, PASS]);
  assert.match(findings.find(({ code }) => code === 'results-not-believed')?.message ?? '', /below the Received field/);
  const unplaced = await delivered([PASS]);
  assert.match(
    unplaced.findings.find(({ code }) => code === 'results-not-believed')?.message ?? '',
    /no Received field of an own host/,
  );
});
