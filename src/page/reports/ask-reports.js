/** What the page asks of the service about reports. Every function rejects with AbortError only. */

import { ask, posting } from '../shared/service.js';

/** @import { OutgoingReportDetail, OutgoingReportPage, OutgoingState } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { ReportingStatus, Suppression, SuppressionList } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { Outcome } from '../shared/service.js' */

/** @typedef {{ domain: string, state: OutgoingState | '' }} ReportFilter "" for all */

const SUPPRESSIONS = '/v1/reports/suppressions';

/** @param {string} reportId */
const pathOf = (reportId) => `/v1/reports/outgoing/${encodeURIComponent(reportId)}`;

/** @param {AbortSignal} signal @returns {Promise<Outcome<ReportingStatus>>} */
export const reportingStatus = (signal) => ask('/v1/reports/status', { signal });

/**
 * One page of reports.
 * @param {ReportFilter} filter
 * @param {string | null} after `next` of the page before; null for the first one
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome<OutgoingReportPage>>}
 */
export const outgoingReports = ({ domain, state }, after, signal) => {
  const query = new URLSearchParams({
    ...(domain !== '' && { domain }),
    ...(state !== '' && { state }),
    ...(after !== null && { after }),
  });
  return ask(`/v1/reports/outgoing?${query}`, { signal });
};

/** @param {string} reportId @param {AbortSignal} signal @returns {Promise<Outcome<OutgoingReportDetail>>} */
export const outgoingReport = (reportId, signal) => ask(pathOf(reportId), { signal });

/** Path of a report's XML. @param {string} reportId */
export const xmlPath = (reportId) => `${pathOf(reportId)}/xml`;

/** @param {string} reportId @param {AbortSignal} signal @returns {Promise<Outcome<Blob>>} */
export const reportXml = (reportId, signal) => ask(xmlPath(reportId), { signal }, (response) => response.blob());

/** @param {AbortSignal} signal @returns {Promise<Outcome<SuppressionList>>} */
export const suppressedAddresses = (signal) => ask(SUPPRESSIONS, { signal });

/**
 * Has an address get no reports.
 * @param {{ target: string, reason?: string, days?: number }} request
 * @param {AbortSignal} signal
 * @returns {Promise<Outcome<Suppression>>}
 */
export const suppress = (request, signal) => ask(SUPPRESSIONS, posting(request, signal));

/** @param {string} target @param {AbortSignal} signal @returns {Promise<Outcome<SuppressionList>>} those left */
export const unsuppress = (target, signal) =>
  ask(`${SUPPRESSIONS}?${new URLSearchParams({ target })}`, { method: 'DELETE', signal });
