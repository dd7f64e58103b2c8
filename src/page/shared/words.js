/**
 * The result words of the RFCs with the tone in which the page shows them, and the icon beside
 * each. A tone never stands alone: the word is always written too.
 */
import { drawing, element } from './dom.js';

/** @typedef {'good' | 'bad' | 'warn' | 'unknown' | 'quiet'} Tone */

/** @type {Readonly<Record<string, Tone>>} */
const TONES = {
  pass: 'good',
  accept: 'good',
  valid: 'good',
  validated: 'good',
  good: 'good',
  ok: 'good',
  mx: 'good',
  usable: 'good',
  found: 'good',
  'null-mx': 'good',
  starttls: 'good',
  fail: 'bad',
  reject: 'bad',
  permerror: 'bad',
  invalid: 'bad',
  error: 'bad',
  dangling: 'bad',
  several: 'bad',
  loop: 'bad',
  unreachable: 'bad',
  'no-starttls': 'bad',
  'tls-failure': 'bad',
  softfail: 'warn',
  policy: 'warn',
  quarantine: 'warn',
  warning: 'warn',
  weak: 'warn',
  revoked: 'warn',
  cname: 'warn',
  'not-public': 'warn',
  insecure: 'warn',
  void: 'warn',
  temperror: 'unknown',
  tempfail: 'unknown',
  'dns-failure': 'unknown',
};

/**
 * The tone of a result word; a word that says "nothing was found or asked" is quiet.
 * @param {string} word
 * @returns {Tone}
 */
export const toneOf = (word) => TONES[word] ?? 'quiet';

/** @type {Readonly<Record<Tone, string>>} */
const SHAPES = {
  good: 'm5 10.5 3.2 3.2L15 7',
  bad: 'm6 6 8 8m0-8-8 8',
  warn: 'M10 5v6m0 3.4v.1',
  unknown: 'M7.4 7.6a2.7 2.7 0 1 1 3.7 2.6c-.8.4-1.1.9-1.1 1.7m0 2.6v.1',
  quiet: 'M6 10h8',
};

/**
 * The icon of a tone; told to nobody, since the word beside it says the same.
 * @param {Tone} tone
 */
export const icon = (tone) =>
  drawing(
    'svg',
    { viewBox: '0 0 20 20', class: `icon tone-${tone}`, 'aria-hidden': 'true', focusable: 'false' },
    drawing('circle', { cx: 10, cy: 10, r: 9 }),
    drawing('path', { d: SHAPES[tone] }),
  );

/** A result word in its tone, with the icon. @param {string} word @param {Tone} [tone] */
export const resultWord = (word, tone = toneOf(word)) =>
  element('span', { class: `word tone-${tone}` }, icon(tone), element('span', {}, word));

const plurals = new Intl.PluralRules('en');

/** "1 lookup", "2 lookups". @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) =>
  `${count.toLocaleString('en')} ${plurals.select(count) === 'one' ? one : many}`;
