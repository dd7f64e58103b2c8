/**
 * The DNS questions of a verification as a table: what was asked, what came, from where, and when,
 * with a bar for the time.
 */
import { duration, outcomeText, recordText, shortTime } from './dns-text.js';
import { element } from './dom.js';

/** @import { Evidence } from '../../../schemas/dns.ts' */

/** Longest record text shown in a row, in characters; the whole is in the JSON. */
const MAX_TEXT = 400;

/** @param {readonly Evidence[]} evidence */
export const dnsEvidence = (evidence) => {
  const rows = [...evidence].sort((one, other) => one.startedMs - other.startedMs);
  const end = Math.max(1, ...rows.map(({ startedMs, elapsedMs }) => startedMs + elapsedMs));
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': 'DNS questions and answers', tabindex: 0 },
    element(
      'table',
      { class: 'evidence' },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ['Name', 'Type', 'Answer', 'Held for', 'From', `Time, of ${shortTime(end)}`].map((title) =>
            element('th', { scope: 'col' }, title),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        rows.map((row) => evidenceRow(row, end)),
      ),
    ),
  );
};

/** @param {Evidence} evidence @param {number} end milliseconds of the last answer */
const evidenceRow = (evidence, end) =>
  element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('code', {}, evidence.name)),
    element('td', {}, evidence.type),
    element('td', { class: 'answer' }, answer(evidence)),
    element('td', {}, evidence.ttlSeconds === undefined ? '' : duration(evidence.ttlSeconds)),
    element('td', {}, evidence.source, evidence.authenticated && element('span', { class: 'muted' }, ' DNSSEC')),
    element('td', { class: 'time' }, timeBar(evidence, end), shortTime(evidence.elapsedMs)),
  );

/** @param {Evidence} evidence */
const answer = (evidence) =>
  evidence.outcome === 'records'
    ? (evidence.records ?? []).map((record) => {
        const text = recordText(record);
        return element(
          'code',
          { class: 'answer-record' },
          text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text,
        );
      })
    : [
        element(
          'span',
          { class: evidence.outcome === 'failure' ? 'tone-unknown tone-text' : 'muted' },
          outcomeText(evidence),
        ),
      ];

/** @param {Evidence} evidence @param {number} end */
const timeBar = ({ startedMs, elapsedMs }, end) => {
  const span = element('span', {});
  span.style.setProperty('--from', String(startedMs / end));
  span.style.setProperty('--share', String(elapsedMs / end));
  return element('span', { class: 'time-bar', 'aria-hidden': 'true' }, span);
};
