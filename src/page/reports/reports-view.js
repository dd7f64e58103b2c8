/**
 * The view of the DMARC reports that this receiver sends: how it is, the list, one report. The
 * address has the report or the filter, so that both can be linked to.
 */

import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { followHere } from '../shared/inner-link.js';
import { problemView } from '../shared/problem-view.js';
import { outgoingReport, reportingStatus } from './ask-reports.js';
import { needsView } from './needs-view.js';
import { listAddress, readState, showReportList, startReportList } from './report-list.js';
import { reportView } from './report-view.js';
import { statusView } from './status-view.js';
import { showSuppressions, startSuppressions } from './suppressions-view.js';

/** @import { ReportFilter } from './ask-reports.js' */

const problems = byId('reports-problem', HTMLElement);
const overview = byId('reports-overview', HTMLElement);
const status = byId('reports-status', HTMLElement);
const shown = byId('report', HTMLElement);

/** @type {(address: string) => void} */
let goTo = () => undefined;
/** What the list shows. @type {ReportFilter} */
let filter = { domain: '', state: '' };
/** The report that is shown; "": the list is. */
let shownId = '';
/** The question under way; a newer one ends it. */
let running = new AbortController();

/** @param {(address: string) => void} go puts an address of this page into the browser and shows it */
export const startReportsView = (go) => {
  goTo = go;
  startReportList(go);
  startSuppressions();
};

/**
 * Shows the list or a report.
 * @param {string} reportId "" for the list
 * @param {URLSearchParams} query with the filter of the list
 */
export const showReports = (reportId, query) => {
  if (reportId === '') filter = { domain: query.get('domain') ?? '', state: readState(query.get('state') ?? '') };
  const visited = reportId === '' ? shownId : '';
  shownId = reportId;
  void run(visited);
};

/** @param {string} visited Report-ID of the report that was open before; "" for none */
const run = async (visited) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const retry = () => void run(visited);
  try {
    const outcome = await reportingStatus(signal);
    fill(problems);
    if (!outcome.ok) {
      overview.hidden = true;
      fill(shown);
      fill(problems, needsView(outcome.problem, retry));
      problems.querySelector('input')?.focus();
      return;
    }
    overview.hidden = shownId !== '';
    if (shownId !== '') return await showReport(shownId, signal, retry);
    fill(shown);
    fill(status, statusView(outcome.value, retry));
    await Promise.all([showReportList(filter, outcome.value, visited), showSuppressions()]);
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
};

/** @param {string} reportId @param {AbortSignal} signal @param {() => void} retry */
const showReport = async (reportId, signal, retry) => {
  const back = element('a', { href: listAddress(filter) }, 'All reports');
  followHere(back, goTo);
  const outcome = await outgoingReport(reportId, signal);
  if (!outcome.ok) {
    fill(shown, back, problemView(outcome.problem, retry));
    return;
  }
  const { heading, parts } = reportView(outcome.value);
  fill(shown, element('p', { class: 'back' }, back), parts);
  announce(heading.textContent ?? '');
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
};
