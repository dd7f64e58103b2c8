/** isOneEditApart: one insertion, deletion, replacement or exchange, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOneEditApart } from '../../../../src/verdict/findings/deception/one-edit.ts';

const CASES: readonly (readonly [one: string, other: string, expected: boolean])[] = [
  ['brand', 'brand', false],
  ['brand', 'brands', true],
  ['brand', 'xbrand', true],
  ['brand', 'brnd', true],
  ['brand', 'bland', true],
  ['brand', 'barnd', true],
  ['brand', 'brnad', true],
  ['brand', 'barnds', false],
  ['brand', 'bdanr', false],
  ['brand', 'blant', false],
  ['', 'a', true],
  ['', '', false],
  ['ab', 'ba', true],
  ['aab', 'aba', true],
  ['', 'ab', false],
];
for (const [one, other, expected] of CASES)
  test(`isOneEditApart of "${one}" and "${other}" is ${expected}`, () => {
    assert.equal(isOneEditApart(one, other), expected);
    assert.equal(isOneEditApart(other, one), expected);
  });

/** Every text that one edit makes of another, by trying them all. */
const edits = (text: string, letters: string): Set<string> => {
  const made = new Set<string>();
  for (let at = 0; at <= text.length; at++) {
    const [before, after] = [text.slice(0, at), text.slice(at)];
    for (const letter of letters) made.add(before + letter + after).add(before + letter + after.slice(1));
    if (after !== '') made.add(before + after.slice(1));
    if (after.length > 1) made.add(before + after[1] + after[0] + after.slice(2));
  }
  made.delete(text);
  return made;
};

test('isOneEditApart agrees with trying every edit', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(text, text, (one, other) => assert.equal(isOneEditApart(one, other), edits(one, 'abc').has(other))),
    { numRuns: 5000 },
  );
});
