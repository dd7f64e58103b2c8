import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { example, exampleLookup, makeVerifier } from '../make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };

test('prefetchBimi asks for BIMI while the key is still awaited, once an enforcing policy is known', async () => {
  let asked = (): void => {};
  const bimiAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const lookup: Lookup = async (question, deadlineMs) => {
    if (question.name.includes('._bimi.')) asked();
    // The key comes only after the BIMI question: a verifier that asks one after the other would
    // wait for ever.
    if (question.name.includes('._domainkey.')) await bimiAsked;
    return exampleLookup(question, deadlineMs);
  };
  assert.equal((await makeVerifier({}, lookup)(example('ed25519.eml'), BRAND)).dmarc.result, 'pass');
});

test('prefetchBimi asks nothing of a domain without an enforcing policy', async () => {
  const asked: string[] = [];
  const lookup: Lookup = async ({ name }) => {
    asked.push(name);
    return name === '_dmarc.a.example'
      ? { kind: 'records', records: [['v=DMARC1; p=none']], ttlSeconds: 60, authenticated: false, source: 'network' }
      : { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'network' };
  };
  await makeVerifier({}, lookup)(Buffer.from('From: a@a.example\r\n\r\n'), BRAND);
  assert.ok(asked.includes('_dmarc.a.example'));
  assert.deepEqual(
    asked.filter((name) => name.includes('_bimi')),
    [],
  );
});
