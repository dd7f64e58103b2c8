/**
 * A selector with an underscore, which RFC 6376 section 3.1 does not allow and real signers use.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYS, keyRecord, sealMessage, signMessage } from '../../dkim/sign.ts';
import { worldLookup } from '../../posture/world.ts';
import { makeVerifier } from '../make-verifier.ts';

const lookup = worldLookup({ 's_1._domainkey.brand.example TXT': [keyRecord(KEYS.ed25519)] });
const TEXT = 'From: a@brand.example\r\nTo: b@receiver.example\r\nSubject: x\r\n\r\nx\r\n';
const signed = await signMessage(TEXT, { key: KEYS.ed25519, tags: 'v=1; d=brand.example; s=s_1;' });
const sealed = await sealMessage(TEXT, { instance: 1, key: KEYS.ed25519, d: 'brand.example', s: 's_1', cv: 'none' });

for (const [underscoreSelectors, dkim, arc] of [
  [false, 'neutral', 'fail'],
  [true, 'pass', 'pass'],
] as const) {
  test(`verify gives ${dkim} for s=s_1 with UNDERSCORE_SELECTORS=${underscoreSelectors ? 'yes' : 'no'}, and a finding`, async () => {
    const verdict = await makeVerifier({ underscoreSelectors }, lookup)(Buffer.from(signed, 'latin1'), {});
    assert.equal(verdict.dkim[0]?.result, dkim);
    assert.ok(verdict.findings.some(({ code }) => code === 'dkim-selector-underscore'));
  });

  test(`verify gives ${arc} for an ARC chain sealed under s=s_1 with UNDERSCORE_SELECTORS=${underscoreSelectors ? 'yes' : 'no'}`, async () => {
    const verdict = await makeVerifier({ underscoreSelectors }, lookup)(Buffer.from(sealed, 'latin1'), {});
    assert.equal(verdict.arc.result, arc);
  });
}
