/**
 * hasUnevenSpace: the white space that relaxed canonicalization changes, RFC 6376 section 3.4.4.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasUnevenSpace } from '../../src/message/white-space.ts';

const cases: [of: string, text: string, uneven: boolean][] = [
  ['nothing', '', false],
  ['single spaces, one before a line among them', 'one two\r\n three four\r\n', false],
  ['octets above ASCII', '\u00e9 \u00e8 \u00a0\u00a0 \u00ff\r\n', false],
  ['two spaces', 'one  two\r\n', true],
  ['a tab', 'one\ttwo\r\n', true],
  ['a space before a line end', 'one two \r\n', true],
  ['a space at the end', 'one two ', true],
];
for (const [of, text, uneven] of cases) {
  test(`hasUnevenSpace says ${uneven ? 'yes' : 'no'} to ${of}`, () => {
    const bytes = Buffer.from(text, 'latin1');
    assert.equal(hasUnevenSpace(bytes, 0, bytes.length), uneven);
  });
}

test('hasUnevenSpace agrees with a regular expression on any stretch, wherever it lies in memory', () => {
  const octets = fc.array(fc.constantFrom(' ', ' ', '\t', '\r\n', '\n', '\0', '!', 'a', 'bc', '\u00a0', '\u00ff'), {
    maxLength: 16,
  });
  const edge = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(octets, edge, edge, fc.integer({ min: 0, max: 3 }), (parts, one, other, shift) => {
      const text = parts.join('');
      const [from = 0, to = 0] = [one, other].map((at) => Math.min(at, text.length)).sort((low, high) => low - high);
      const bytes = Buffer.from(`${'?'.repeat(shift)}${text}`, 'latin1').subarray(shift);
      // A space is judged with the octet behind it, which may lie beyond the stretch.
      const expected = [...text.matchAll(/\t| (?=[\0-\x20]|$)/g)].some(({ index }) => index >= from && index < to);
      assert.equal(hasUnevenSpace(bytes, from, to), expected, JSON.stringify([text, from, to]));
    }),
    { numRuns: 5000 },
  );
});
