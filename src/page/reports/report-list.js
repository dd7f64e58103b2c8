/** The list of reports: states to choose from, a domain, one page after the other. */

import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { followHere } from '../shared/inner-link.js';
import { problemView } from '../shared/problem-view.js';
import { isoOf, timeView } from '../shared/times.js';
import { plural } from '../shared/words.js';
import { outgoingReports } from './ask-reports.js';
import { periodText, STATES, stateWord } from './report-words.js';

/** @import { OutgoingReport, OutgoingState, ReportingStatus } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { ReportFilter } from './ask-reports.js' */

const form = byId('reports-filter', HTMLFormElement);
const domainField = byId('reports-domain', HTMLInputElement);
const states = byId('report-states', HTMLElement);
const problems = byId('report-list-problem', HTMLElement);
const list = byId('report-list', HTMLUListElement);
const more = byId('more-reports', HTMLButtonElement);

const ALL = /** @type {const} */ (['', ...Object.keys(STATES)]);

/** One link for each state, which outlives what is shown so that it keeps the focus. */
const links = ALL.map((state) => ({
  state: /** @type {OutgoingState | ''} */ (state),
  link: element('a', {}),
}));

/** @type {ReportFilter} */
let shown = { domain: '', state: '' };
/** @type {string | null} */
let next = null;
let running = new AbortController();
/** @type {(address: string) => void} */
let goTo = () => undefined;

/** The address of the list. @param {ReportFilter} filter */
export const listAddress = ({ domain, state }) =>
  `/?${new URLSearchParams({ reports: '', ...(domain !== '' && { domain }), ...(state !== '' && { state }) })}`;

/** The address of a report. @param {string} reportId */
export const reportAddress = (reportId) => `/?${new URLSearchParams({ reports: reportId })}`;

/** @param {string} word @returns {OutgoingState | ''} "" for what is no state */
export const readState = (word) => links.find(({ state }) => state === word)?.state ?? '';

/** @param {(address: string) => void} go */
export const startReportList = (go) => {
  goTo = go;
  for (const { link } of links) followHere(link, go);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go(listAddress({ ...shown, domain: domainField.value.trim() }));
  });
  more.addEventListener('click', () => void showMore());
};

/**
 * Shows the first page.
 * @param {ReportFilter} filter
 * @param {ReportingStatus} status
 * @param {string} visited Report-ID of the report that was open before; "" for none
 */
export const showReportList = async (filter, { reports: counts, counted }, visited) => {
  shown = filter;
  domainField.value = filter.domain;
  for (const { state, link } of links) {
    const count = counts === null || state === '' ? null : counts[state];
    fill(link, state === '' ? 'all' : STATES[state][0], count !== null && ` ${count.toLocaleString('en')}`);
    link.href = listAddress({ ...filter, state });
    if (state === filter.state) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  if (states.childElementCount === 0) states.append(...links.map(({ link }) => link));
  const reports = await load(null);
  if (reports === null) return;
  fill(list, reports.map(reportItem));
  if (reports.length === 0) fill(list, element('li', {}, nothing(filter, counted.openMessages ?? 0)));
  announce(reports.length === 0 ? 'No reports' : plural(reports.length, 'report'));
  [...list.querySelectorAll('a')].find((link) => link.getAttribute('href') === reportAddress(visited))?.focus();
};

const showMore = async () => {
  const reports = await load(next);
  if (reports === null) return;
  const items = reports.map(reportItem);
  list.append(...items);
  announce(`${plural(reports.length, 'more report', 'more reports')}`);
  items[0]?.querySelector('a')?.focus();
};

/**
 * Asks for a page; a newer question ends an older one.
 * @param {string | null} after
 * @returns {Promise<OutgoingReport[] | null>} null: there is a problem, or a newer question
 */
const load = async (after) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  fill(problems);
  list.setAttribute('aria-busy', 'true');
  try {
    const outcome = await outgoingReports(shown, after, signal);
    if (outcome.ok) {
      next = outcome.value.next;
      more.hidden = next === null;
      return outcome.value.reports;
    }
    if (after === null) fill(list);
    more.hidden = true;
    fill(
      problems,
      problemView(outcome.problem, () => goTo(listAddress(shown))),
    );
    return null;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    return null;
  } finally {
    if (!signal.aborted) list.removeAttribute('aria-busy');
  }
};

/** @param {ReportFilter} filter @param {number} messages */
const nothing = ({ domain, state }, messages) => {
  if (domain === '' && state === '')
    return messages === 0
      ? 'No message was counted yet. A message counts when your mail server hands it in and its domain asks for reports.'
      : 'No report was built yet: the first ones are, soon after the end of the period that runs.';
  const link = element('a', { href: listAddress({ domain: '', state: '' }) }, 'show all reports');
  followHere(link, goTo);
  return element('span', {}, 'No report is like that; ', link, '.');
};

/** @param {OutgoingReport} report */
const reportItem = (report) => {
  const { reportId, policyDomain, state, messages, reason, nextTrySeconds } = report;
  const link = element('a', { href: reportAddress(reportId) }, policyDomain);
  followHere(link, goTo);
  return element(
    'li',
    {},
    element(
      'div',
      { class: 'report-row' },
      stateWord(state),
      link,
      element('span', {}, periodText(report)),
      element('span', { class: 'count' }, plural(messages, 'message')),
    ),
    state !== 'sent' &&
      element(
        'p',
        { class: 'muted' },
        reason === '' ? 'Not tried yet.' : sentence(reason),
        state === 'waiting' && [' Next try: ', timeView(isoOf(nextTrySeconds)), '.'],
      ),
  );
};
