import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PostureQuery } from '../../schemas/requests/domain.ts';
import { KNOWN_SELECTORS } from '../../src/posture/dkim-selectors-data.ts';
import { GOOD } from './cases.ts';
import { RSA_1024, RSA_2048 } from './keys.ts';
import { assessIn } from './world.ts';

test('assessDkim tells keys, services and what a wildcard hides', async () => {
  const world = {
    ...GOOD,
    '*._domainkey.brand.example TXT': [`p=${RSA_1024}`],
    'google._domainkey.brand.example TXT': [`v=DKIM1; k=rsa; t=s; h=sha256; p=${RSA_2048}`],
  };
  const { dkim } = await assessIn(world, 'brand.example');
  assert.equal(dkim.wildcard, true);
  assert.deepEqual(
    dkim.selectors.map(({ selector, service, bits, strict, hashAlgorithms }) => ({
      selector,
      service,
      bits,
      strict,
      hashAlgorithms,
    })),
    [{ selector: 'google', service: 'Google Workspace', bits: 2048, strict: true, hashAlgorithms: ['sha256'] }],
  );
  // A selector asked for by name is judged by what is answered for it, from wherever that comes.
  const asked = await assessIn(world, 'brand.example', { selectors: ['ANY'] });
  assert.deepEqual(
    asked.dkim.selectors.map(({ selector, bits }) => [selector, bits]),
    [['any', 1024]],
  );
});

test('KNOWN_SELECTORS are selectors, each one once, and no more than two rounds of questions', () => {
  const selectors = KNOWN_SELECTORS.map(({ selector }) => selector);
  assert.equal(new Set(selectors).size, selectors.length);
  assert.ok(selectors.length >= 60 && selectors.length <= 100);
  // The same form that a request may name.
  for (let at = 0; at < selectors.length; at += 50)
    assert.ok(PostureQuery.safeParse({ selectors: selectors.slice(at, at + 50) }).success);
});
