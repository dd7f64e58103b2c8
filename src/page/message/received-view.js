/**
 * The Received fields of a delivered message as a list: who handed it to whom, what is believed,
 * and why. Pure.
 */
import { element } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';

/** @import { ReceivedHop } from '../../../schemas/verdict.ts' */

/** @param {readonly ReceivedHop[]} path newest first */
export const receivedView = (path) =>
  element(
    'ol',
    { class: 'received', 'aria-label': 'Received fields, newest first' },
    path.map((hop) =>
      element(
        'li',
        { class: hop.taken ? 'taken' : hop.trusted ? 'trusted' : '' },
        element('code', {}, clientOf(hop)),
        ' to ',
        element('code', {}, hop.by ?? 'no name'),
        hop.with !== null && ` with ${hop.with}`,
        hop.taken && element('strong', {}, ' (taken)'),
        element('p', { class: 'muted' }, sentence(hop.note)),
      ),
    ),
  );

/** @param {ReceivedHop} hop */
const clientOf = ({ name, from, address }) =>
  [name ?? from, address === null ? null : `[${address}]`].filter((word) => word !== null).join(' ') || 'no client';
