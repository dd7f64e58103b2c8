/**
 * The failing case of each program that read Authentication-Results by hand, through the door: what
 * a program asks with require=vouched and require=proven. The projects are named beside the cases.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReallyFrom } from '../../../src/client/is-really-from.ts';
import { example, makeVerifier } from '../make-verifier.ts';
import { HAND_MADE_CASES, HAND_MADE_ID } from './hand-made-cases.ts';

const verify = makeVerifier();

for (const { fault, fields, trusted = [HAND_MADE_ID], isVouched } of HAND_MADE_CASES)
  test(`verify answers what a program got wrong that ${fault}`, async () => {
    const message = Buffer.concat([
      Buffer.from(fields.map((field) => `${field}\r\n`).join('')),
      example('spf-fail.eml'),
    ]);
    const { author, decision } = await verify(message, {}, { trustedAuthservIds: trusted, require: 'vouched' });
    assert.equal(decision?.satisfied, isVouched, author.summary);
    assert.equal(author.level === 'vouched', isVouched);
    assert.notEqual(author.level, 'proven', 'the word of others proves nothing');
  });

// RooCodeInc/Roomote#2781: no check can fail where the domain has no policy.
test('verify does not satisfy a requirement because no check failed', async () => {
  const { dmarc, disposition, decision } = await verify(example('unsigned.eml'), {}, { require: 'vouched' });
  assert.equal(dmarc.result, 'none');
  assert.equal(disposition.action, 'accept');
  assert.equal(decision?.satisfied, false);
});

// Mnexa-AI/e2a#318: an address on a list of known senders was taken as it stands in From.
test('verify does not satisfy a requirement for a From of a known sender that nothing proves', async () => {
  const stranger = { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'alice@brand.example' };
  const verdict = await verify(example('spf-fail.eml'), stranger, { require: 'vouched' });
  assert.equal(verdict.author.address, 'alice@brand.example');
  assert.equal(verdict.decision?.satisfied, false);
  assert.equal(isReallyFrom(verdict, 'alice@brand.example', { level: 'vouched' }), false);
});

// Mnexa-AI/e2a#318: forwarded mail and mail of lists was refused as forged.
test('verify knows forwarded mail as proven where its signature survived', async () => {
  const facts = { clientIp: '203.0.113.77', helo: 'mx.alumni.example', mailFrom: 'bounce@alumni.example' };
  const verdict = await verify(example('forwarded.eml'), facts, { require: 'proven' });
  assert.notEqual(verdict.spf.result, 'pass');
  assert.equal(verdict.decision?.satisfied, true, verdict.author.summary);
});

test('verify knows mail of a list as vouched for where the list is trusted, and tells how where it is not', async () => {
  const alone = await verify(example('mailing-list.eml'), {}, { require: 'vouched' });
  assert.equal(alone.decision?.satisfied, false);
  assert.match(alone.author.next.map(({ setting }) => setting).join(), /ARC_TRUSTED_SEALERS=lists\.example/);
  const trusting = makeVerifier({ arcTrustedSealers: ['lists.example'] });
  assert.equal((await trusting(example('mailing-list.eml'), {}, { require: 'vouched' })).decision?.satisfied, true);
  assert.equal((await trusting(example('mailing-list.eml'), {}, { require: 'proven' })).decision?.satisfied, false);
});
