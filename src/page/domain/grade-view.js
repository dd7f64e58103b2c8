/** The grade of a domain with the points that made it. */

import { element } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { plural } from '../shared/words.js';

/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { Tone } from '../shared/words.js' */

/** @type {Readonly<Record<string, Tone>>} */
const TONES = { A: 'good', B: 'good', C: 'warn', D: 'warn', E: 'bad', F: 'bad' };

/**
 * The tone of a grade; null is one that DNS failures leave open.
 * @param {string | null} letter
 * @returns {Tone}
 */
export const gradeTone = (letter) => (letter === null ? 'unknown' : (TONES[letter] ?? 'unknown'));

/** @param {string | null} letter */
export const gradeLetter = (letter) =>
  element(
    'span',
    { class: `grade tone-${gradeTone(letter)}` },
    element('span', { class: 'hidden' }, 'Grade '),
    letter ?? '?',
  );

/** @param {Posture} posture @returns {{ heading: HTMLElement, view: HTMLElement }} */
export const gradeView = ({ domain, grade, summary, changes, dns, sendsMail }) => {
  const heading = element(
    'h2',
    { class: 'answer-sentence domain-name', tabindex: -1 },
    domain.unicode,
    domain.unicode !== domain.ascii && element('span', { class: 'muted' }, ` ${domain.ascii}`),
  );
  const view = element(
    'div',
    { class: `banner card tone-${gradeTone(grade.letter)}` },
    gradeLetter(grade.letter),
    element(
      'div',
      {},
      heading,
      element(
        'p',
        { class: 'consequence' },
        sentence(summary.startsWith(`${domain.ascii}: `) ? summary.slice(domain.ascii.length + 2) : summary),
      ),
      grade.capped !== undefined && element('p', { class: 'tone-warn tone-text' }, sentence(grade.capped)),
      element('ul', { class: 'parts' }, grade.parts.map(part)),
      element(
        'p',
        { class: 'muted' },
        `${grade.points} of ${grade.outOf} points${changes === undefined ? '' : ', with the records tried'}. `,
        sendsMail === false && 'The domain says that it sends no mail. ',
        `${plural(dns.questions.used, 'DNS question')}.`,
      ),
    ),
  );
  return { heading, view };
};

/** @param {Posture['grade']['parts'][number]} part */
const part = ({ name, points, outOf, reason }) => {
  const tone = points === null ? 'unknown' : points === outOf ? 'good' : points === 0 ? 'bad' : 'warn';
  const bar = element('span', {});
  bar.style.setProperty('--share', String(points === null ? 0 : points / Math.max(1, outOf)));
  return element(
    'li',
    { class: `part tone-${tone}` },
    element(
      'span',
      { class: 'part-name' },
      name,
      element('span', { class: 'part-points' }, `${points ?? '?'} / ${outOf}`),
    ),
    element('span', { class: 'part-bar', 'aria-hidden': 'true' }, bar),
    element('span', { class: 'muted' }, sentence(reason)),
  );
};
