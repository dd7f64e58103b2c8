/** How counting and sending are: one answer first, what to do about it, then the figures. */

import { withBlanks } from '../shared/blanks.js';
import { copyBlock } from '../shared/copy.js';
import { byteCount } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { facts, sentence } from '../shared/facts.js';
import { isoOf, timeView } from '../shared/times.js';
import { icon, plural } from '../shared/words.js';

/** @import { ReportCheck } from '../../../schemas/reports/report-check.ts' */
/** @import { ReportingStatus } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { Tone } from '../shared/words.js' */

const STORES = /** @type {const} */ ({ sqlite: 'SQLite', postgres: 'PostgreSQL' });

/** @param {ReportingStatus} status @param {() => void} refresh */
export const statusView = (status, refresh) => {
  const { counted, storeBytes, check } = status;
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
      status.isSending ? null : missingSteps(check),
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
        [
          'Check of report mail',
          check && element('span', {}, `${CHECKS[check.state]}, `, timeView(isoOf(check.atSeconds))),
        ],
        ['Store', `${STORES[status.store]}, ${storeBytes === null ? 'does not answer' : byteCount(storeBytes)}`],
      ]),
    ),
  );
};

/** @param {ReportingStatus} status @returns {readonly [Tone, title: string, about: string]} */
const answer = ({ failure, reports, isSending, counted, check }) => {
  if (failure !== null)
    return ['bad', 'The store or a job failed', `${sentence(failure)} It is tried again; mail does not wait for it.`];
  if (reports === null) return ['unknown', 'The store does not answer', 'Mail does not wait for it.'];
  if (!isSending) return ['warn', 'Reports are built and not sent', `${missing(check)} What is built waits meanwhile.`];
  if (counted.lost > 0)
    return [
      'warn',
      'Reports are sent, and messages are missing in them',
      'What did not find room while the store was slow or full is not counted.',
    ];
  return ['good', 'Reports are sent', 'The reports of a period go out after its end, spread over some hours.'];
};

/** @type {Readonly<Record<ReportCheck['state'], string>>} */
const CHECKS = {
  sent: 'a sample is on its way',
  passed: 'passed',
  failed: 'failed',
  forced: 'left out (--force)',
};

/** What keeps reports from being sent. @param {ReportCheck | null} check */
const missing = (check) => {
  switch (check?.state) {
    case 'sent':
      return `A sample report went to ${check.address}; how it arrived has not been checked.`;
    case 'failed':
      return 'The sample report would not be believed.';
    case 'passed':
    case 'forced':
      return 'No mail server is named that takes them.';
    case undefined:
      return 'They have not been checked, or no mail server is named that takes them.';
  }
};

/** The steps that are left, and why the check failed. @param {ReportCheck | null} check */
const missingSteps = (check) => {
  const sample = step(
    'Send a sample report to an address of yours elsewhere:',
    CHECK,
    'the command that sends a sample',
  );
  const received = step('Save it as it arrived and give it back:', RECEIVED, 'the command that checks the sample');
  switch (check?.state) {
    case 'sent':
      return steps(received);
    case 'failed':
      return [
        element(
          'ul',
          { class: 'check-problems' },
          check.problems.map(({ problem, next }) =>
            element('li', {}, element('strong', {}, sentence(problem)), ` ${sentence(next)}`),
          ),
        ),
        steps(sample, received),
      ];
    case 'passed':
    case 'forced':
      return steps(mailServer());
    case undefined:
      return steps(mailServer(), sample, received);
  }
};

const SMTP = 'reportSmtp: smtp://127.0.0.1:25';
const CHECK = 'mailverdict reports check <you@your-other-address.example>';
const RECEIVED = 'mailverdict reports check --received <sample.eml>';

const mailServer = () => step('Name the mail server that takes reports, and restart the service:', SMTP, 'the setting');

/** @param {HTMLLIElement[]} items */
const steps = (...items) => element('ol', { class: 'steps' }, items);

/** @param {string} text @param {string} block @param {string} what */
const step = (text, block, what) =>
  element('li', {}, element('p', {}, text), copyBlock(block, what, element('span', {}, withBlanks(block))));
