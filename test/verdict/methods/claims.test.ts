/** findOverride: what a trusted sealer must claim for its chain to override a DMARC failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../../src/message/message.ts';
import { findOverride } from '../../../src/verdict/disposition/override.ts';
import { readClaims } from '../../../src/verdict/methods/claims.ts';
import { example, makeVerifier, SETTINGS } from '../make-verifier.ts';

const smtp = { clientIp: '203.0.113.25', helo: 'mx.lists.example', mailFrom: 'gardening-bounces@lists.example' };
const settings = { ...SETTINGS, enforce: true, arcTrustedSealers: ['lists.example'] };
const verdict = await makeVerifier(settings)(example('mailing-list.eml'), smtp);
const message = readMessage(example('mailing-list.eml'));
assert.equal(message.kind, 'message');
const author = verdict.dmarc.authorDomain;

const overrideFor = (results: string) =>
  findOverride({
    ...verdict,
    facts: verdict.smtp,
    message,
    settings,
    arc: {
      ...verdict.arc,
      instances: verdict.arc.instances.map((instance) => ({
        ...instance,
        ...readClaims(`i=${instance.instance}; lists.example; ${results}`),
      })),
    },
  });

for (const results of [`dmarc=pass header.from=${author}`, `spf=fail; dmarc=pass (p=reject) header.from=${author}`])
  test(`findOverride takes "${results}" for a claim`, () => assert.notEqual(overrideFor(results), null));

for (const results of [
  'dmarc=pass header.from=other.example',
  'dmarc=pass',
  `dmarc/2=pass header.from=${author}`,
  `dmarc=fail header.from=${author}`,
  `dmarc=pass header.from=${author}; dmarc/2=fail header.from=${author}`,
  `dmarc=pass header.from=${author}; dmarc=fail header.from=${author}`,
  `dmarc=pass header.from=${author}; dmarc=pass header.from=other.example`,
  `dmarc=pass header.from=${author} header.from=other.example`,
  `dmarc=pass header.from=other.example header.from=${author}`,
  `dmarc=pass header.d=${author} header.from=other.example`,
  `${'spf=pass; '.repeat(20)}dmarc=pass header.from=${author}`,
  `dmarc=pass header.from=${author}${'; spf/2=pass'.repeat(19)}`,
]) {
  test(`findOverride takes "${results.slice(-90)}" for no claim`, () => assert.equal(overrideFor(results), null));
}

test('readClaims takes nothing from a field of a version that is not known', () =>
  assert.deepEqual(readClaims(`i=1; lists.example 2; dmarc=pass header.from=${author}`).claims, []));
