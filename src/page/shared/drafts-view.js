/** The records that are tried and not published. */

import { recordText } from './dns-text.js';
import { element } from './dom.js';

/** @import { OverlayRecord } from '../../../schemas/dns.ts' */

/**
 * A list of them, each with a button that takes it back; null where none is tried.
 * @param {ReadonlyMap<string, OverlayRecord>} drafts by name and type
 * @param {(key: string) => void} drop takes one back
 */
export const draftsView = (drafts, drop) =>
  drafts.size === 0
    ? null
    : element(
        'section',
        { class: 'card drafts', 'aria-labelledby': 'drafts-title' },
        element('h2', { id: 'drafts-title' }, 'Judged with records that are not published'),
        element(
          'ul',
          {},
          [...drafts].map(([key, record]) =>
            element(
              'li',
              { class: 'row' },
              element('code', {}, key),
              element(
                'button',
                { type: 'button', class: 'small', 'aria-label': `Take back ${key}`, onclick: () => drop(key) },
                'Take back',
              ),
              element('code', { class: 'muted' }, (record.records ?? []).map(recordText).join(' ')),
              record.rcode !== undefined && element('span', { class: 'muted' }, 'removed'),
            ),
          ),
        ),
      );
