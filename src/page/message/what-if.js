/**
 * What if a record were different: the records that a verdict rests on, each to be edited and
 * judged by, and the two verdicts side by side with what changed marked.
 */

import { textsAt } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { findingItem, fold } from '../shared/facts.js';
import { recordEditor } from '../shared/record-editor.js';

/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { TryRecord } from '../shared/record-editor.js' */

/** Keys that can be edited, at most; a message may bear a hundred signatures. */
const MAX_KEYS = 5;

/** @param {Verdict} verdict @param {TryRecord} tryRecord */
export const recordsToTry = (verdict, tryRecord) => {
  const texts = (/** @type {string} */ name) => textsAt(verdict.evidence ?? [], name);
  const records = recordsOf(verdict, texts);
  return records.length === 0
    ? []
    : [
        fold(
          'What if a record were different',
          'edit it, and judge the message again',
          records.map((record) => recordEditor(record, texts, tryRecord)),
        ),
      ];
};

/** @param {Verdict} verdict @param {(name: string) => string[]} texts */
const recordsOf = ({ spf, dkim, dmarc }, texts) => {
  const check = spf.identity === 'helo' ? spf.helo : (spf.mailFrom ?? spf.helo);
  const policyDomain = dmarc.rfc9989.recordDomain ?? dmarc.authorDomain;
  const keys = new Set(
    dkim.flatMap(({ selector, sdid }) =>
      selector === null || sdid === null ? [] : [`${selector}._domainkey.${sdid}`],
    ),
  );
  return [
    ...(check === null
      ? []
      : [{ name: check.domain, title: 'SPF record', text: check.record ?? null, start: 'v=spf1 ' }]),
    ...(policyDomain === null
      ? []
      : [
          {
            name: `_dmarc.${policyDomain}`,
            title: 'DMARC record',
            text: dmarc.rfc9989.record,
            start: 'v=DMARC1; p=',
          },
        ]),
    ...[...keys].slice(0, MAX_KEYS).map((name) => ({
      name,
      title: 'key record',
      text: texts(name)[0] ?? null,
      start: 'v=DKIM1; k=rsa; p=',
    })),
  ];
};

/** What people compare. @type {readonly (readonly [title: string, read: (verdict: Verdict) => string])[]} */
const ROWS = [
  ['Answer', ({ author }) => author.summary],
  ['Level', ({ author }) => author.level],
  ['Policy followed', ({ disposition }) => disposition.wouldBe],
  ['Set here', ({ disposition }) => disposition.action],
  ['SPF', ({ spf }) => `${spf.result}${spf.domain === null ? '' : `, ${spf.domain}`}`],
  ['SPF, why', ({ spf }) => (spf.identity === 'helo' ? spf.helo : spf.mailFrom)?.reason ?? spf.reason ?? ''],
  ['DKIM', ({ dkim }) => dkim.map(({ result, sdid }) => `${result}, ${sdid ?? 'no domain'}`).join('; ') || 'none'],
  ['ARC', ({ arc }) => arc.result],
  ['DMARC', ({ dmarc }) => dmarc.result],
  ['Policy that applies', ({ dmarc }) => dmarc.rfc9989.policy?.applies ?? 'none'],
  ['BIMI', ({ bimi }) => bimi?.result ?? 'none'],
];

/**
 * Two verdicts on one message, side by side.
 * @param {Verdict} before
 * @param {Verdict} after with the records that are tried
 */
export const comparison = (before, after) => {
  const rows = ROWS.map(([title, read]) => ({ title, before: read(before), after: read(after) }));
  const changed = rows.filter((row) => row.before !== row.after).length;
  const gone = findingsBeside(before, after);
  const come = findingsBeside(after, before);
  return element(
    'section',
    { class: 'card changes', 'aria-labelledby': 'comparison-title' },
    element('h3', { id: 'comparison-title' }, 'What these records change'),
    changed + gone.length + come.length === 0 && element('p', {}, 'Nothing: the verdict is the same.'),
    element(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': 'The verdicts side by side', tabindex: 0 },
      element(
        'table',
        { class: 'comparison' },
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ['What', 'As published', 'With these records'].map((title) => element('th', { scope: 'col' }, title)),
          ),
        ),
        element('tbody', {}, rows.map(comparedRow)),
      ),
    ),
    findingsList('Findings that go', 'findings gone', gone),
    findingsList('Findings that come', 'findings', come),
  );
};

/** @param {{ title: string, before: string, after: string }} row */
const comparedRow = ({ title, before, after }) => {
  const isSame = before === after;
  return element(
    'tr',
    { class: isSame ? 'muted' : 'changed' },
    element('th', { scope: 'row' }, title),
    element('td', {}, isSame ? before : element('del', {}, before)),
    element('td', {}, isSame ? after : element('ins', {}, element('mark', {}, after))),
  );
};

/** Findings of one verdict that the other has not. @param {Verdict} one @param {Verdict} other */
const findingsBeside = (one, other) => {
  const known = new Set(other.findings.map(({ code, message }) => `${code} ${message}`));
  return one.findings.filter(({ code, message }) => !known.has(`${code} ${message}`));
};

/** @param {string} title @param {string} name @param {Verdict['findings']} findings */
const findingsList = (title, name, findings) =>
  findings.length === 0
    ? []
    : [
        element('h4', {}, title),
        element(
          'ul',
          { class: name },
          findings.map((finding) => findingItem(finding)),
        ),
      ];
