/**
 * A record set to publish: what to copy, what goes, and a button that judges the domain as if it
 * were published.
 */
import { copyBlock } from '../shared/copy.js';
import { recordText } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';

/** @import { z } from 'zod' */
/** @import { Suggestion } from '../../../schemas/posture/posture.ts' */
/** @import { TryRecord } from '../shared/record-editor.js' */

/** @param {z.infer<typeof Suggestion>} suggestion @param {TryRecord} tryRecord */
export const suggestionView = ({ name, type, records, replaces }, tryRecord) =>
  element(
    'div',
    { class: 'suggestion' },
    element(
      'p',
      { class: 'row' },
      element('span', {}, 'Publish at ', element('code', {}, name), ` (${type})`),
      element(
        'button',
        { type: 'button', class: 'small', onclick: () => tryRecord({ name, type, records }) },
        'Try it',
      ),
    ),
    records.map((record) => copyBlock(recordText(record), `the ${type} record for ${name}`)),
    replaces.length > 0 &&
      element(
        'p',
        { class: 'muted' },
        'in place of ',
        replaces.map((text) => element('del', {}, element('code', {}, text))),
      ),
  );
