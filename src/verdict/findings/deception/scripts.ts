/**
 * The scripts of one label: whether it mixes more of them than one language does (Unicode UTS 39
 * section 5.2, Highly Restrictive), and whether all of it looks Latin and is not (a whole-script
 * confusable, section 4.1). Pure, one pass over the label for each script.
 */
import { skeletonOf } from './skeleton.ts';

/**
 * The recommended scripts of Unicode (UAX 31 table 5), by Script_Extensions, so that a character
 * that several scripts share belongs to each.
 */
const SCRIPTS = {
  Latin: /\p{scx=Latin}/u,
  Cyrillic: /\p{scx=Cyrillic}/u,
  Greek: /\p{scx=Greek}/u,
  Armenian: /\p{scx=Armenian}/u,
  Hebrew: /\p{scx=Hebrew}/u,
  Arabic: /\p{scx=Arabic}/u,
  Thaana: /\p{scx=Thaana}/u,
  Devanagari: /\p{scx=Devanagari}/u,
  Bengali: /\p{scx=Bengali}/u,
  Gurmukhi: /\p{scx=Gurmukhi}/u,
  Gujarati: /\p{scx=Gujarati}/u,
  Oriya: /\p{scx=Oriya}/u,
  Tamil: /\p{scx=Tamil}/u,
  Telugu: /\p{scx=Telugu}/u,
  Kannada: /\p{scx=Kannada}/u,
  Malayalam: /\p{scx=Malayalam}/u,
  Sinhala: /\p{scx=Sinhala}/u,
  Thai: /\p{scx=Thai}/u,
  Lao: /\p{scx=Lao}/u,
  Tibetan: /\p{scx=Tibetan}/u,
  Myanmar: /\p{scx=Myanmar}/u,
  Khmer: /\p{scx=Khmer}/u,
  Georgian: /\p{scx=Georgian}/u,
  Ethiopic: /\p{scx=Ethiopic}/u,
  Han: /\p{scx=Han}/u,
  Hiragana: /\p{scx=Hiragana}/u,
  Katakana: /\p{scx=Katakana}/u,
  Hangul: /\p{scx=Hangul}/u,
  Bopomofo: /\p{scx=Bopomofo}/u,
} as const;
type Script = keyof typeof SCRIPTS;

/** Characters of every script, such as digits and the hyphen. */
const COMMON = /[\p{scx=Common}\p{scx=Inherited}]/u;

/** What one language writes: a script, or those of Japanese, Chinese and Korean beside Latin. */
const WRITTEN_TOGETHER: readonly (readonly Script[])[] = [
  ...(Object.keys(SCRIPTS) as Script[]).map((script) => [script]),
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

const isOf = (character: string, scripts: readonly Script[]): boolean =>
  scripts.some((script) => SCRIPTS[script].test(character));

/**
 * True for a label that is not Highly Restrictive: no language writes all of its letters. Of
 * letters outside of the recommended scripts only a mixture with those is seen.
 * @param label as it is shown, of at most 63 characters
 */
export const mixesScripts = (label: string): boolean => {
  const letters = [...label].filter((character) => !COMMON.test(character));
  const every = Object.keys(SCRIPTS) as Script[];
  const recommended = letters.filter((letter) => isOf(letter, every)).length;
  if (recommended === 0) return false;
  return !WRITTEN_TOGETHER.some((scripts) => letters.every((letter) => isOf(letter, scripts)));
};

const LATIN_LOOKS = /^[a-z0-9-]+$/i;

/**
 * True for a label without a Latin letter that looks like one of Latin letters alone.
 * @param label as it is shown, of at most 63 characters
 */
export const looksLatin = (label: string): boolean =>
  !SCRIPTS.Latin.test(label) && /\p{L}/u.test(label) && LATIN_LOOKS.test(skeletonOf(label));
