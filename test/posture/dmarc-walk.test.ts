import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GOOD } from './cases.ts';
import { assessIn } from './world.ts';

test('assessDmarc tells the Tree Walk step by step', async () => {
  const { dmarc } = await assessIn(GOOD, 'a.news.brand.example');
  assert.deepEqual(
    dmarc.steps.map(({ name, outcome }) => [name, outcome]),
    [
      ['_dmarc.a.news.brand.example', 'none'],
      ['_dmarc.news.brand.example', 'none'],
      ['_dmarc.brand.example', 'record'],
      ['_dmarc.example', 'none'],
    ],
  );
  assert.deepEqual(
    [dmarc.recordDomain, dmarc.organizationalDomain, dmarc.inherited],
    ['brand.example', 'brand.example', true],
  );
});

test('assessDmarc shortens a long name to seven labels after the first question', async () => {
  const { dmarc } = await assessIn(GOOD, `${'a.'.repeat(10)}brand.example`);
  assert.equal(dmarc.steps.length, 8);
  assert.equal(dmarc.steps[1]?.domain, 'a.a.a.a.a.brand.example');
});

test('assessDmarc tells the meaning of each tag, the defaults, and what was removed', async () => {
  const world = { ...GOOD, '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; np=none; aspf=s; fo=1:d; pct=5; foo=1'] };
  const { dmarc } = await assessIn(world, 'brand.example');
  const told = Object.fromEntries(dmarc.tags.map(({ name, status, meaning }) => [name, `${status}: ${meaning}`]));
  assert.match(told.p ?? '', /^published: .*refuse/);
  assert.match(told.aspf ?? '', /^published: .*exactly/);
  assert.match(told.adkim ?? '', /^default: .*Organizational Domain/);
  assert.match(told.fo ?? '', /SPF or DKIM does not pass and align, and when a DKIM signature fails$/);
  assert.match(told.pct ?? '', /^removed: /);
  assert.match(told.foo ?? '', /^unknown: /);
  assert.deepEqual(dmarc.policy, { domain: 'reject', subdomains: 'reject', nonExistent: 'none', testing: false });
});

test('assessDmarc tells how the older reading differs', async () => {
  const world = { ...GOOD, '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; t=y'] };
  const { dmarc } = await assessIn(world, 'brand.example');
  assert.equal(dmarc.agree, false);
  assert.match(dmarc.difference ?? '', /t=y/);
  assert.equal(dmarc.rfc7489.policy, 'reject');
});
