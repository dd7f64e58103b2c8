import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtOrUnder, normalizeName, parentName, printableName } from '../../src/dns/name.ts';

const label63 = 'a'.repeat(63);
const name253 = `${label63}.${label63}.${label63}.${'b'.repeat(61)}`;

test('normalizeName gives one spelling to the names that the wire can carry', () => {
  const cases: [string, string][] = [
    ['example.com', 'example.com'],
    ['Example.COM.', 'example.com'],
    ['_dmarc.xn--bcher-kva.example', '_dmarc.xn--bcher-kva.example'],
    ['bob+tag=x!y@_spf.example', 'bob+tag=x!y@_spf.example'],
    ['"quoted local"._spf.example', '"quoted local"._spf.example'],
    ['back\\slash.example', 'back\\slash.example'],
    ['localhost', 'localhost'],
    [`${label63}.example`, `${label63}.example`],
    [name253, name253],
    [`${name253}.`, name253],
  ];
  for (const [given, expected] of cases) assert.equal(normalizeName(given), expected, given);
});

test('normalizeName refuses what the wire cannot carry and what others would cut or map', () => {
  const cases = {
    empty: '',
    root: '.',
    'two last dots': 'example.com..',
    'empty label': 'a..example',
    'first label empty': '.example',
    'label of 64': `a${label63}.example`,
    'last label of 64': `example.a${label63}`,
    '254 characters': `c${name253}`,
    NUL: 'a\0.evil.example',
    'zero width joiner': 'a\u200d.example',
    'latin-1 letter': 'b\u00fccher.example',
    'full-width dot': 'example\uff0ecom',
    newline: 'a\n.example',
    DEL: 'a\x7f.example',
    'surrogate half': '\ud800.example',
  };
  for (const [what, given] of Object.entries(cases)) assert.equal(normalizeName(given), null, what);
});

test('isAtOrUnder compares whole labels', () => {
  assert.equal(isAtOrUnder('example', 'example'), true);
  assert.equal(isAtOrUnder('brand.example', 'example'), true);
  assert.equal(isAtOrUnder('notexample', 'example'), false);
  assert.equal(isAtOrUnder('example', 'brand.example'), false);
});

test('parentName goes one label up and ends', () => {
  assert.equal(parentName('a.b.example'), 'b.example');
  assert.equal(parentName('example'), null);
});

test('printableName escapes and cuts a hostile name', () => {
  assert.equal(printableName('a\0b\n.example'), 'a\\000b\\010.example');
  assert.equal(printableName('x'.repeat(10_000)).length, 253);
});
