/**
 * What the records tried would change: the grade before and after, findings that go and come,
 * values side by side.
 */

import { element } from '../shared/dom.js';
import { findingItem } from '../shared/facts.js';
import { gradeLetter } from './grade-view.js';

/** @import { PostureChanges } from '../../../schemas/posture/posture.ts' */

/** @param {PostureChanges} changes */
export const changesView = ({ grade, mended, caused, values }) =>
  element(
    'section',
    { class: 'card changes', 'aria-labelledby': 'changes-title' },
    element('h3', { id: 'changes-title' }, 'What these records would change'),
    element(
      'p',
      { class: 'row grade-change' },
      element('span', { class: 'muted' }, 'today'),
      gradeLetter(grade.today),
      element('span', { class: 'muted' }, 'then'),
      gradeLetter(grade.after),
      mended.length + caused.length + values.length === 0 && 'Nothing else would change.',
    ),
    mended.length > 0 && element('h4', {}, 'Would be gone'),
    mended.length > 0 &&
      element(
        'ul',
        { class: 'findings gone' },
        mended.map((finding) => findingItem(finding)),
      ),
    caused.length > 0 && element('h4', {}, 'Would come'),
    caused.length > 0 &&
      element(
        'ul',
        { class: 'findings' },
        caused.map((finding) => findingItem(finding)),
      ),
    values.length > 0 &&
      element(
        'div',
        { class: 'scroll', role: 'region', 'aria-label': 'Values today and then', tabindex: 0 },
        element(
          'table',
          {},
          element(
            'thead',
            {},
            element(
              'tr',
              {},
              ['Value', 'Today', 'Then'].map((title) => element('th', { scope: 'col' }, title)),
            ),
          ),
          element(
            'tbody',
            {},
            values.map(({ field, today, after }) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, element('code', {}, field)),
                element('td', {}, element('del', {}, today)),
                element('td', {}, element('ins', {}, after)),
              ),
            ),
          ),
        ),
      ),
  );
