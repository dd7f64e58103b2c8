/**
 * What is missing where the service shows no reports: a key of the right role, or a store. Each with
 * what to do about it.
 */

import { announce } from '../shared/announce.js';
import { withBlanks } from '../shared/blanks.js';
import { copyBlock } from '../shared/copy.js';
import { element } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { keyForm } from '../shared/key-form.js';
import { problemView } from '../shared/problem-view.js';
import { usesAccessKey } from '../shared/service.js';

/** @import { Child } from '../shared/dom.js' */
/** @import { Problem } from '../../../schemas/problem.ts' */

const SETTINGS = `store: sqlite:/var/lib/mailverdict/store.db
reportSender: <dmarc-reports@mx.receiver.example>
reportSmtp: smtp://127.0.0.1:25`;

const CREATE_KEY = 'mailverdict keys create <name> --role operator';

/**
 * @param {Problem} problem answer to the question how reporting is
 * @param {() => void} retry
 */
export const needsView = (problem, retry) => {
  switch (problem.status) {
    case 401:
      return card('Reports are for operators: a key is needed', [
        usesAccessKey() && element('p', {}, sentence(problem.detail ?? problem.title)),
        keyForm(retry),
        ...howToMakeKey(),
      ]);
    case 403:
      return usesAccessKey()
        ? card('This key is not one of an operator', [keyForm(retry), ...howToMakeKey()])
        : card('Reports are shown on the machine of the service only', [
            element(
              'p',
              {},
              'The service has no keys, and this page was asked for from another machine or through a proxy. Open it on the machine itself, or let API_KEYS name a file of keys and use one of the role operator.',
            ),
            ...howToMakeKey(),
          ]);
    case 404:
      return card('This service keeps no reports: set STORE and REPORT_SENDER', [
        element(
          'p',
          {},
          'Then messages are counted, and each domain that asks for reports gets them. In ',
          element('code', {}, 'mailverdict.yaml'),
          ', then restart the service:',
        ),
        copyBlock(SETTINGS, 'the settings', element('span', {}, withBlanks(SETTINGS))),
        element(
          'p',
          { class: 'muted' },
          'What each means, and how to go on: ',
          element('code', {}, 'docs/dmarc-reports.md'),
        ),
      ]);
    default:
      return problemView(problem, retry);
  }
};

/** @returns {Child[]} */
const howToMakeKey = () => [
  element('p', { class: 'muted' }, 'This makes one:'),
  copyBlock(CREATE_KEY, 'the command that makes a key', element('span', {}, withBlanks(CREATE_KEY))),
];

/** @param {string} title @param {Child[]} content */
const card = (title, content) => {
  announce(title);
  return element('section', { class: 'card needs' }, element('h2', {}, title), content);
};
