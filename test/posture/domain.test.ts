import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDomain } from '../../src/posture/domain.ts';

const READ: readonly (readonly [given: string, ascii: string, unicode: string])[] = [
  ['brand.example', 'brand.example', 'brand.example'],
  ['BRAND.Example.', 'brand.example', 'brand.example'],
  ['bücher.example', 'xn--bcher-kva.example', 'bücher.example'],
  ['BÜCHER.example', 'xn--bcher-kva.example', 'bücher.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example', 'bücher.example'],
  ['faß.example', 'xn--fa-hia.example', 'faß.example'],
  ['例え.テスト', 'xn--r8jz45g.xn--zckzah', '例え.テスト'],
  ['_spf.brand.example', '_spf.brand.example', '_spf.brand.example'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  [`${'a.'.repeat(125)}bcd`, `${'a.'.repeat(125)}bcd`, `${'a.'.repeat(125)}bcd`],
];

test('readDomain takes A-labels and U-labels and tells both spellings', () => {
  for (const [given, ascii, unicode] of READ)
    assert.deepEqual(readDomain(given), { kind: 'domain', domain: { given, ascii, unicode } });
});

const REFUSED: readonly (readonly [text: string, about: RegExp])[] = [
  ['', /must be a domain name/],
  ['.', /must be a domain name/],
  ['example', /two labels/],
  ['a..example', /empty label/],
  ['.example', /empty label/],
  ['..', /empty label/],
  ['192.0.2.1', /not an IP address/],
  ['[192.0.2.1]', /not an IP address/],
  ['2001:db8::1', /not an IP address/],
  ['１９２.0.2.1', /not a number/],
  ['192.0.2.１', /no A-labels/],
  ['brand.1', /not a number/],
  ['user@brand.example', /not a mail address/],
  ['brand.example/path', /such as brand\.example, not a URL/],
  ['https://brand.example', /such as brand\.example, not a URL/],
  ['brand\0.example', /letters, digits and hyphens/],
  ['brand .example', /letters, digits and hyphens/],
  ['brand。example.example', /letters, digits and hyphens/],
  ['brand\u202e.example', /letters, digits and hyphens/],
  ['-brand.example', /begin and end/],
  ['brand-.example', /begin and end/],
  [`${'a'.repeat(64)}.example`, /at most 63/],
  [`${'a'.repeat(250)}.com`, /at most 253/],
  ['a'.repeat(254), /at most 253/],
  [`${'ü'.repeat(60)}.example`, /no A-labels/],
  ['xn--a.example', /cannot be read/],
];

test('readDomain refuses what is no domain name and says why', () => {
  for (const [text, about] of REFUSED) {
    const read = readDomain(text);
    assert.equal(read.kind, 'fault', JSON.stringify(text));
    if (read.kind === 'fault') assert.match(read.message, about, JSON.stringify(text));
  }
});
