/** How counting and sending are: one answer first, what to do about it, then the figures. */

import { withBlanks } from '../shared/blanks.js';
import { copyBlock } from '../shared/copy.js';
import { byteCount } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { facts, sentence } from '../shared/facts.js';
import { icon, plural } from '../shared/words.js';

/** @import { ReportingStatus } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { Tone } from '../shared/words.js' */

const STORES = /** @type {const} */ ({ sqlite: 'SQLite', postgres: 'PostgreSQL' });

/** @param {ReportingStatus} status @param {() => void} refresh */
export const statusView = (status, refresh) => {
  const { counted, storeBytes } = status;
  const [tone, title, about] = answer(status);
  return element(
    'section',
    { class: `card banner tone-${tone}`, 'aria-labelledby': 'reports-status-title' },
    icon(tone),
    element(
      'div',
      {},
      element(
        'div',
        { class: 'row between' },
        element('h2', { id: 'reports-status-title', class: 'answer-sentence' }, title),
        element('button', { type: 'button', class: 'small', onclick: refresh }, 'Refresh'),
      ),
      element('p', { class: 'consequence' }, about),
      !status.isSending && stepsToSend(),
      facts([
        [
          'Counted, in no report yet',
          counted.openMessages === null
            ? 'not known'
            : `${plural(counted.openMessages, 'message')} in ${plural(counted.openRows ?? 0, 'row')}`,
        ],
        ['Waiting to be written', counted.waiting > 0 && `${plural(counted.waiting, 'message')} in memory`],
        ['Written since the start', counted.written > 0 && plural(counted.written, 'message')],
        ['Lost since the start', counted.lost > 0 && plural(counted.lost, 'message')],
        ['Store', `${STORES[status.store]}, ${storeBytes === null ? 'does not answer' : byteCount(storeBytes)}`],
      ]),
    ),
  );
};

/** @param {ReportingStatus} status @returns {readonly [Tone, title: string, about: string]} */
const answer = ({ failure, reports, isSending, counted }) => {
  if (failure !== null)
    return ['bad', 'The store or a job failed', `${sentence(failure)} It is tried again; mail does not wait for it.`];
  if (reports === null) return ['unknown', 'The store does not answer', 'Mail does not wait for it.'];
  if (!isSending)
    return ['warn', 'Reports are built and not sent', 'One of these steps is missing; what is built waits meanwhile.'];
  if (counted.lost > 0)
    return [
      'warn',
      'Reports are sent, and messages are missing in them',
      'What did not find room while the store was slow or full is not counted.',
    ];
  return ['good', 'Reports are sent', 'The reports of a period go out after its end, spread over some hours.'];
};

const SMTP = 'reportSmtp: smtp://127.0.0.1:25';
const CHECK = 'mailverdict reports check <you@your-other-address.example>';
const RECEIVED = 'mailverdict reports check --received <sample.eml>';

const stepsToSend = () =>
  element(
    'ol',
    { class: 'steps' },
    step('Name the mail server that takes reports, and restart the service:', SMTP, 'the setting'),
    step('Send a sample report to an address of yours elsewhere:', CHECK, 'the command that sends a sample'),
    step('Save it as it arrived and give it back:', RECEIVED, 'the command that checks the sample'),
  );

/** @param {string} text @param {string} block @param {string} what */
const step = (text, block, what) =>
  element('li', {}, element('p', {}, text), copyBlock(block, what, element('span', {}, withBlanks(block))));
