import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PostureQuery } from '../../schemas/requests/domain.ts';
import { ADVISED_LOGO_BYTES, MAX_LOGO_PARTS, svgFaults } from '../../src/posture/bimi-svg.ts';
import { KNOWN_SELECTORS } from '../../src/posture/dkim-selectors-data.ts';
import { GOOD } from './cases.ts';
import { RSA_1024, RSA_2048 } from './keys.ts';
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

test('assessZone finds the zone above a domain that is none itself', async () => {
  const { zone } = await assessIn(GOOD, 'news.brand.example');
  assert.deepEqual([zone.exists, zone.apex, zone.nameServers.length], [false, 'brand.example', 2]);
  assert.equal((await assessIn(GOOD, 'mx1.brand.example')).zone.exists, true);
});

test('assessZone reads the mailbox of the SOA with its escaped dots', async () => {
  const soa = {
    mname: 'ns1.brand.example',
    rname: 'first\\.last.brand.example',
    serial: 7,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  };
  assert.equal(
    (await assessIn({ ...GOOD, 'brand.example SOA': [soa] }, 'brand.example')).zone.soa?.mailbox,
    'first\\.last@brand.example',
  );
});

const LOGO =
  '<svg version="1.2" baseProfile="tiny-ps" xmlns="http://www.w3.org/2000/svg"><title>Brand</title><path d="M0 0"/></svg>';
const LOGOS: readonly (readonly [body: string | Buffer, about: RegExp | null])[] = [
  [LOGO, null],
  [`<?xml version="1.0"?><!-- <script> in a comment -->${LOGO}`, null],
  [LOGO.replace('tiny-ps', 'full'), /baseProfile/],
  [LOGO.replace('1.2', '1.1'), /version/],
  [LOGO.replace('<svg ', '<svg x="1" '), /x or y/],
  [LOGO.replace('Brand', ' '), /title/],
  [LOGO.replace('<path', '<script>1</script><path'), /script/],
  [LOGO.replace('<path', '<image href="x"/><path'), /image/],
  [LOGO.replace('<path', '<use xlink:href="https://evil.example/x"/><path'), /outside itself/],
  [`<!DOCTYPE svg [<!ENTITY a "b">]>${LOGO}`, /entities/],
  [LOGO.replace('</svg>', `<desc>${'x'.repeat(ADVISED_LOGO_BYTES)}</desc></svg>`), /bytes/],
  [LOGO.replace('<path', '<path a=">"><script/><path'), /script/],
  [LOGO.replace('<path', '<path <script>1</script><path'), /script/],
  [LOGO.replace('<path', `<path ${' '.repeat(5000)}href='https://evil.example/'/><path`), /outside itself/],
  [LOGO.replace('<title>', '<title lang="a>b">'), null],
  [LOGO.replace('<title>Brand</title>', '<title/>Brand'), /title/],
  [LOGO.replace('<title>Brand</title>', '<titles>Brand</titles>'), /title/],
  [LOGO.replace('Brand', '<!-- of the house --> Brand'), null],
  [LOGO.replace('Brand', '<!-- Brand -->'), /title/],
  [LOGO.replace('Brand', `Brand${'<b/>'.repeat(MAX_LOGO_PARTS)}`), /50000 tags and attributes/],
  [LOGO.replace('<path', `<path ${'b=""'.repeat(MAX_LOGO_PARTS)}`), /50000 tags and attributes/],
  ['<html></html>', /no svg element/],
  [Buffer.from([0x1f, 0x8b, 8, 0]), /compressed/],
];

test('svgFaults tells what keeps a logo from the profile', () => {
  for (const [body, about] of LOGOS) {
    const faults = svgFaults(Buffer.from(body));
    if (about === null) assert.deepEqual(faults, [], String(body));
    else assert.match(faults.join('; '), about, String(body).slice(0, 100));
  }
});

test('svgFaults reads a document made of openings only, as large as may be fetched', () => {
  for (const piece of ['<!--', '<svg ', '<title ', '<title>', ' href ', '<svg x="', '<![CDATA['])
    assert.notDeepEqual(svgFaults(Buffer.from(piece.repeat(131_072 / piece.length))), []);
});
