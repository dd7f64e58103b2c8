/**
 * BIMI of a message: the requirements of section 7.1 of
 * draft-brand-indicators-for-message-identification, and which selector counts (section 5).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYS, keyRecord, signMessage } from '../../dkim/sign.ts';
import { type World, worldLookup } from '../../posture/world.ts';
import { makeVerifier } from '../make-verifier.ts';

const LOGO = 'v=BIMI1; l=https://brand.example/logo.svg; a=';
const FACTS = { clientIp: '192.0.2.25', mailFrom: 'b@brand.example', helo: 'out.brand.example' };

const worldWith = (records: Readonly<Record<string, string | 'servfail'>>): World => ({
  'brand.example TXT': ['v=spf1 ip4:192.0.2.25 -all'],
  'news.brand.example A': ['192.0.2.25'],
  'default._bimi.brand.example TXT': [LOGO],
  'holiday._bimi.brand.example TXT': ['v=BIMI1; l=https://brand.example/holiday.svg; a='],
  's1._domainkey.brand.example TXT': [keyRecord(KEYS.ed25519)],
  's1._domainkey.other.example TXT': [keyRecord(KEYS.ed25519)],
  ...Object.fromEntries(
    Object.entries(records).map(([name, text]) => [`${name} TXT`, text === 'servfail' ? text : [text]]),
  ),
});

const judge = (text: string, world: World) => makeVerifier({}, worldLookup(world))(Buffer.from(text, 'latin1'), FACTS);
const message = (from: string, more = '') =>
  `From: ${from}\r\nTo: b@receiver.example\r\nSubject: x\r\n${more}\r\nx\r\n`;

const OWN = '_dmarc.brand.example';
const BELOW = '_dmarc.news.brand.example';
const requirements: readonly (readonly [
  what: string,
  from: string,
  records: Readonly<Record<string, string>>,
  result: string | null,
  reason: RegExp,
])[] = [
  ['p=reject', 'a@brand.example', { [OWN]: 'v=DMARC1; p=reject' }, 'pass', /publishes a BIMI record/],
  ['p=quarantine', 'a@brand.example', { [OWN]: 'v=DMARC1; p=quarantine' }, 'pass', /publishes/],
  ['pct=100', 'a@brand.example', { [OWN]: 'v=DMARC1; p=quarantine; pct=100' }, 'pass', /publishes/],
  ['p=reject with pct=50', 'a@brand.example', { [OWN]: 'v=DMARC1; p=reject; pct=50' }, 'pass', /publishes/],
  ['a policy of none (item 7)', 'a@brand.example', { [OWN]: 'v=DMARC1; p=none' }, null, /$/],
  [
    'sp=none (item 8)',
    'a@brand.example',
    { [OWN]: 'v=DMARC1; p=reject; sp=none' },
    'skipped',
    /brand.example says sp=none/,
  ],
  [
    'pct=50 (item 9)',
    'a@brand.example',
    { [OWN]: 'v=DMARC1; p=quarantine; pct=50' },
    'skipped',
    /p=quarantine with pct=50/,
  ],
  ['pct=0 (item 9)', 'a@brand.example', { [OWN]: 'v=DMARC1; p=quarantine; pct=0' }, 'skipped', /pct=0/],
  ['an unreadable pct (item 9)', 'a@brand.example', { [OWN]: 'v=DMARC1; p=quarantine; pct=all' }, 'skipped', /pct=all/],
  ['quarantine under t=y', 'a@brand.example', { [OWN]: 'v=DMARC1; p=quarantine; t=y' }, null, /$/],
  ['reject under t=y', 'a@brand.example', { [OWN]: 'v=DMARC1; p=reject; t=y' }, 'pass', /publishes/],
  [
    'sp=quarantine under t=y',
    'a@brand.example',
    { [OWN]: 'v=DMARC1; p=reject; sp=quarantine; t=y' },
    'skipped',
    /sp=quarantine, and t=y/,
  ],
  [
    'a subdomain whose Organizational Domain has p=none (item 7)',
    'a@news.brand.example',
    { [OWN]: 'v=DMARC1; p=none', [BELOW]: 'v=DMARC1; p=reject' },
    'skipped',
    /brand.example says p=none/,
  ],
  [
    'a subdomain whose Organizational Domain has sp=none (item 8)',
    'a@news.brand.example',
    { [OWN]: 'v=DMARC1; p=reject; sp=none', [BELOW]: 'v=DMARC1; p=reject' },
    'skipped',
    /brand.example says sp=none/,
  ],
  [
    'a subdomain under sp=quarantine with pct=50 (item 9)',
    'a@news.brand.example',
    { [OWN]: 'v=DMARC1; p=reject; sp=quarantine; pct=50' },
    'skipped',
    /sp=quarantine with pct=50/,
  ],
  [
    'a subdomain under p=none; sp=reject (item 7)',
    'a@news.brand.example',
    { [OWN]: 'v=DMARC1; p=none; sp=reject' },
    'skipped',
    /p=none/,
  ],
  ['a subdomain under p=reject', 'a@news.brand.example', { [OWN]: 'v=DMARC1; p=reject' }, 'pass', /publishes/],
  [
    'an Organizational Domain that DNS leaves unknown',
    'a@news.brand.example',
    { [OWN]: 'servfail', [BELOW]: 'v=DMARC1; p=reject; aspf=s' },
    null,
    /$/,
  ],
  [
    'two addresses in From (item 1)',
    'a@brand.example, b@brand.example',
    { [OWN]: 'v=DMARC1; p=reject' },
    'skipped',
    /more than one address/,
  ],
];

for (const [what, from, records, result, reason] of requirements) {
  test(`verify shows ${result === 'pass' ? 'the logo' : 'no logo'} under ${what}`, async () => {
    const { bimi } = await judge(message(from), worldWith(records));
    assert.equal(bimi?.result ?? null, result);
    assert.match(bimi?.reason ?? '', reason);
    assert.equal(bimi?.location ?? null, result === 'pass' ? 'https://brand.example/logo.svg' : null);
  });
}

const REJECT = { [OWN]: 'v=DMARC1; p=reject' };
const signed = (d: string, h: string, field = 'BIMI-Selector: v=BIMI1; s=holiday') =>
  signMessage(message('a@brand.example', `${field}\r\n`), { key: KEYS.ed25519, tags: `v=1; d=${d}; s=s1;`, h });
const HOLIDAY = 'https://brand.example/holiday.svg';
const DEFAULT = 'https://brand.example/logo.svg';

const selectors: readonly (readonly [what: string, text: string, location: string])[] = [
  ['covered by a passing aligned signature', await signed('brand.example', 'from:bimi-selector'), HOLIDAY],
  [
    'whose tag names are upper case (section 5)',
    await signed('brand.example', 'from:bimi-selector', 'BIMI-Selector: V=BIMI1; S=Holiday'),
    HOLIDAY,
  ],
  ['that no signature lists (section 5.5)', await signed('brand.example', 'from:subject'), DEFAULT],
  ['that only a foreign signature lists', await signed('other.example', 'from:bimi-selector'), DEFAULT],
  [
    'put on after signing',
    `BIMI-Selector: v=BIMI1; s=holiday\r\n${await signed('brand.example', 'from', 'X: y')}`,
    DEFAULT,
  ],
  ['in an unsigned message', message('a@brand.example', 'BIMI-Selector: v=BIMI1; s=holiday\r\n'), DEFAULT],
  [
    'of another version (section 5.1)',
    await signed('brand.example', 'from:bimi-selector', 'BIMI-Selector: v=bimi1; s=holiday'),
    DEFAULT,
  ],
  [
    'that stands twice',
    await signed(
      'brand.example',
      'from:bimi-selector:bimi-selector',
      'BIMI-Selector: v=BIMI1; s=holiday\r\nBIMI-Selector: v=BIMI1; s=holiday',
    ),
    DEFAULT,
  ],
];
for (const [what, text, location] of selectors) {
  test(`verify ${location === HOLIDAY ? 'takes' : 'ignores'} a BIMI-Selector ${what}`, async () => {
    const { bimi } = await judge(text, worldWith(REJECT));
    assert.equal(bimi?.location, location);
  });
}

test('verify says why it ignored a selector', async () => {
  const { bimi } = await judge(await signed('brand.example', 'from'), worldWith(REJECT));
  assert.match(bimi?.reason ?? '', /BIMI-Selector is ignored/);
});
