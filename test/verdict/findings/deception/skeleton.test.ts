/** skeletonOf and shapeOf: texts that look alike are one (UTS 39 section 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shapeOf, skeletonOf } from '../../../../src/verdict/findings/deception/skeleton.ts';

const ALIKE: readonly (readonly [of: string, one: string, other: string])[] = [
  ['Cyrillic letters', 'раураl', 'paypal'],
  ['a digit for a letter', 'paypa1', 'paypal'],
  ['rn for m', 'exarnple', 'example'],
  ['full-width letters', 'ｅｘａｍｐｌｅ', 'example'],
  ['mathematical letters', '𝐞𝐱𝐚𝐦𝐩𝐥𝐞', 'example'],
  ['a zero-width joiner', 'exa\u200dmple', 'example'],
  ['composed and not', 'm\u00fcller', 'mu\u0308ller'],
  ['the capital I for an l', 'paypaI', 'paypal'],
];
for (const [of, one, other] of ALIKE)
  test(`skeletonOf makes one of ${of}`, () => assert.equal(skeletonOf(one), skeletonOf(other)));

const SHAPED: readonly (readonly [of: string, one: string, other: string])[] = [
  ['a zero for an o', 'g00gle', 'google'],
  ['case', 'BRAND', 'brand'],
  ['a dot below', 'exạmple', 'example'],
  ['a stroke', 'øst', 'ost'],
  ['several marks', 'e\u0301\u0323\u0331xample', 'example'],
];
for (const [of, one, other] of SHAPED)
  test(`shapeOf has no regard to ${of}`, () => {
    assert.notEqual(skeletonOf(one), skeletonOf(other));
    assert.equal(shapeOf(one), shapeOf(other));
  });

test('shapeOf keeps marks that are letters, and what looks different', () => {
  assert.notEqual(shapeOf('कि'), shapeOf('क'));
  assert.notEqual(shapeOf('brand'), shapeOf('bland'));
});

test('skeletonOf of a skeleton is the same, and none is more than 18 times as long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      const skeleton = skeletonOf(text);
      assert.equal(skeletonOf(skeleton), skeleton);
      assert.ok(skeleton.length <= text.length * 18);
    }),
    { numRuns: 2000 },
  );
});
