/** decodeWords: RFC 2047, and text that tries to hide or reorder itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeWords, showControls } from '../../src/message/encoded-words.ts';

const cases: [of: string, text: string, shown: string][] = [
  ['plain text', 'Hello', 'Hello'],
  ['Q encoding (RFC 2047 section 4.2)', '=?UTF-8?Q?caf=C3=A9_au_lait?=', 'café au lait'],
  ['B encoding (section 4.1)', '=?utf-8?B?Y2Fmw6k=?=', 'café'],
  ['ISO-8859-1', '=?iso-8859-1?q?caf=E9?=', 'café'],
  ['space between two encoded words, which goes (section 6.2)', '=?UTF-8?Q?a?= =?UTF-8?Q?b?=', 'ab'],
  ['space between a word and text, which stays', '=?UTF-8?Q?a?= b', 'a b'],
  ['a language (RFC 2231 section 5)', '=?utf-8*en?Q?a?=', 'a'],
  ['an unknown charset', '=?x-nothing?Q?a?=', 'a'],
  ['a word that never ends', '=?UTF-8?Q?abc', '=?UTF-8?Q?abc'],
  ['an encoded line break, which becomes a space', '=?UTF-8?Q?a=0D=0ABcc:_x?=', 'a Bcc: x'],
  ['an encoded NUL', '=?UTF-8?Q?a=00b?=', 'a\ufffdb'],
  ['a right-to-left override', 'a\u202eb', 'a\ufffdb'],
  ['an encoded right-to-left override', '=?UTF-8?Q?a=E2=80=AEb?=', 'a\ufffdb'],
  ['a zero-width space', 'pay\u200bpal', 'pay\ufffdpal'],
  ['a line separator', 'a\u2028b', 'a b'],
  ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
];
for (const [of, text, shown] of cases) {
  test(`decodeWords shows ${of}`, () => assert.equal(decodeWords(text, 100), shown));
}

test('decodeWords cuts at the length asked for, between characters', () => {
  assert.equal(decodeWords('abcdef', 3), 'abc');
  assert.equal(decodeWords('\u{1f600}\u{1f600}\u{1f600}', 2), '\u{1f600}\u{1f600}');
  assert.equal(decodeWords(`=?UTF-8?B?${Buffer.from('é'.repeat(5000)).toString('base64')}?=`, 50).length <= 50, true);
});

test('decodeWords bears a megabyte of anything', () => {
  for (const piece of ['=?', '=?a?B?', ' ', '=?a?Q?b?=', '=?a?Q?b?= ', '?=', '\u202e'])
    assert.ok(decodeWords(piece.repeat(1e6 / piece.length), 500).length <= 500);
});

test('showControls lets no control and no bidirectional control through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(showControls(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      assert.ok(Array.from(decodeWords(text, 20)).length <= 20);
    }),
  );
});
