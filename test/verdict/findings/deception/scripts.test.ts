/** mixesScripts (UTS 39 section 5.2, Highly Restrictive) and looksLatin (whole-script confusables). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksLatin, mixesScripts } from '../../../../src/verdict/findings/deception/scripts.ts';

const LABELS: readonly (readonly [of: string, label: string, mixes: boolean, latin: boolean])[] = [
  ['ASCII', 'apple-2', false, false],
  ['German', 'münchen', false, false],
  ['Latin with one Cyrillic letter', 'аpple', true, false],
  ['Latin with one Greek letter', 'αpple', true, false],
  ['Cyrillic that looks Latin', 'аррӏе', false, true],
  ['Cyrillic that does not', 'привет', false, false],
  ['Greek', 'ελλάδα', false, false],
  ['Greek and Cyrillic', 'ελлада', true, false],
  ['Japanese', '日本語ひらがなカタカナ', false, false],
  ['Japanese with Latin', 'jp日本ー', false, false],
  ['Chinese with Bopomofo', '中文ㄅ', false, false],
  ['Korean with Latin', '한국abc韓國', false, false],
  ['Korean with Hiragana', '한국ひ', true, false],
  ['Cyrillic with Han', 'привет中', true, false],
  ['Arabic', 'مثال', false, false],
  ['Arabic with Latin', 'مثالa', true, false],
  ['Hebrew with digits', 'דוגמה12', false, false],
  ['Devanagari', 'उदाहरण', false, false],
  ['Tamil with Latin', 'தமிழ்a', true, false],
  ['Cherokee alone', 'ᏣᎳᎩ', false, false],
  ['Cherokee with Latin', 'Ꭺpple', true, false],
  ['digits alone', '2026', false, false],
  ['nothing', '', false, false],
];
for (const [of, label, mixes, latin] of LABELS)
  test(`a label of ${of}: ${mixes ? 'mixes scripts' : latin ? 'looks Latin' : 'neither'}`, () =>
    assert.deepEqual([mixesScripts(label), looksLatin(label)], [mixes, latin]));
