/** One report: what is in it, and what became of it at each address. */

import { copyBlock, saveFile } from '../shared/copy.js';
import { curlJson } from '../shared/curl.js';
import { element, fill } from '../shared/dom.js';
import { facts, fold, sentence } from '../shared/facts.js';
import { problemView } from '../shared/problem-view.js';
import { usesAccessKey } from '../shared/service.js';
import { isoOf, timeView } from '../shared/times.js';
import { icon, plural } from '../shared/words.js';
import { reportXml, xmlPath } from './ask-reports.js';
import { periodText, STATES, stateWord } from './report-words.js';

/** @import { OutgoingDelivery, OutgoingReport, OutgoingReportDetail } from '../../../schemas/reports/outgoing-report.ts' */

/**
 * @param {OutgoingReportDetail} detail
 * @returns {{ heading: HTMLElement, parts: Node[] }} the heading takes the focus
 */
export const reportView = ({ report, deliveries }) => {
  const [word, tone] = STATES[report.state];
  const heading = element(
    'h2',
    { class: 'answer-sentence', tabindex: -1 },
    `${report.policyDomain}, ${periodText(report)}`,
  );
  const banner = element(
    'section',
    { class: `card banner tone-${tone}` },
    icon(tone),
    element(
      'div',
      {},
      element('p', { class: 'level' }, `Report ${word}`),
      heading,
      element('p', { class: 'consequence' }, report.reason === '' ? 'Not tried yet.' : sentence(report.reason)),
      reportFacts(report),
      xmlButton(report.reportId),
    ),
  );
  return {
    heading,
    parts: [
      banner,
      element(
        'section',
        { class: 'card', 'aria-labelledby': 'deliveries-title' },
        element('h3', { id: 'deliveries-title' }, 'At each address'),
        deliveries.length === 0
          ? element(
              'p',
              { class: 'muted' },
              report.state === 'waiting'
                ? 'No address yet: the domain is asked for them at the first try.'
                : 'It was not to go to any address.',
            )
          : element(
              'ul',
              { class: 'report-list' },
              deliveries.map((delivery) => deliveryItem(delivery, report.nextTrySeconds)),
            ),
      ),
      fold('The same from the command line', 'mailverdict, curl', [
        copyBlock(`mailverdict reports show ${report.reportId}`, 'the command'),
        copyBlock(
          curlJson(`${location.origin}${xmlPath(report.reportId)}`, null, usesAccessKey()),
          'the command for the XML',
        ),
      ]),
    ],
  };
};

/** @param {OutgoingReport} report */
const reportFacts = (report) =>
  facts([
    ['Messages', `${plural(report.messages, 'message')} in ${plural(report.rows, 'row')}`],
    ['Record', element('code', {}, report.record)],
    ['Period', `${periodText(report)}${periodText(report).endsWith('UTC') ? '' : ', the UTC day'}`],
    ['Built', timeView(isoOf(report.builtSeconds))],
    ['Tries', report.tries > 0 && String(report.tries)],
    ['Next try', report.state === 'waiting' && timeView(isoOf(report.nextTrySeconds))],
    ['Report-ID', element('code', {}, report.reportId)],
  ]);

/** @param {OutgoingDelivery} delivery @param {number} nextTrySeconds of the report */
const deliveryItem = ({ uri, state, tries, reason, changedSeconds }, nextTrySeconds) =>
  element(
    'li',
    {},
    element('p', { class: 'row' }, stateWord(state), element('code', {}, uri)),
    element('p', {}, sentence(reason)),
    element(
      'p',
      { class: 'muted' },
      `${plural(tries, 'try', 'tries')}, since `,
      timeView(isoOf(changedSeconds)),
      state === 'waiting' && ['. Next try: ', timeView(isoOf(nextTrySeconds))],
    ),
  );

/**
 * A button and no link: a browser sends no key with a link.
 * @param {string} reportId
 */
const xmlButton = (reportId) => {
  const problems = element('div', {});
  const button = element('button', { type: 'button' }, 'Download the XML');
  const download = async () => {
    button.disabled = true;
    fill(problems);
    const outcome = await reportXml(reportId, new AbortController().signal);
    button.disabled = false;
    if (outcome.ok) saveFile(`${reportId}.xml`, 'application/xml', outcome.value);
    else
      fill(
        problems,
        problemView(outcome.problem, () => void download()),
      );
  };
  button.addEventListener('click', () => void download());
  return element('div', {}, button, problems);
};
