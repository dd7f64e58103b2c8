/**
 * The SPF evaluation as a tree: each record with its terms in order, what each asked, and which one
 * decided.
 */
import { element } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { icon, plural, resultWord, toneOf } from '../shared/words.js';

/** @import { SpfTraceRecord, SpfTraceTerm } from '../../../schemas/spf.ts' */

/** @param {SpfTraceRecord} record @returns {HTMLElement} */
export const spfTrace = (record) =>
  element(
    'div',
    { class: 'tree' },
    element(
      'p',
      { class: 'tree-record' },
      element('code', {}, record.domain),
      record.result !== null && resultWord(record.result),
      element('span', { class: 'muted' }, sentence(record.reason)),
    ),
    record.terms.length > 0 && element('ul', {}, record.terms.map(term)),
    record.omittedTerms !== undefined &&
      element('p', { class: 'muted' }, `${plural(record.omittedTerms, 'term')} more, left out`),
  );

/** @type {Readonly<Record<SpfTraceTerm['outcome'], string>>} */
const OUTCOMES = {
  match: 'matches',
  'no-match': 'no match',
  error: 'error',
  'not-reached': 'not reached',
  skipped: 'skipped',
  noted: 'noted',
};

/** @param {SpfTraceTerm} term @returns {HTMLElement} */
const term = (term) => {
  const tone = term.outcome === 'error' ? 'bad' : term.decided ? toneOf(resultOf(term)) : 'quiet';
  const head = [
    tone !== 'quiet' && icon(tone),
    element(term.decided ? 'mark' : 'code', { class: 'term' }, term.text),
    element(
      'span',
      { class: 'muted' },
      term.limit === undefined ? OUTCOMES[term.outcome] : `passes the limit of ${term.limit}`,
    ),
    term.lookups > 0 && element('span', { class: 'cost' }, plural(term.lookups, 'lookup')),
    term.voids > 0 && element('span', { class: 'cost' }, plural(term.voids, 'void lookup')),
  ];
  const below = [
    term.reason !== undefined && element('p', { class: 'muted' }, sentence(term.reason)),
    isTold(term) && element('p', { class: 'muted' }, 'looks at ', element('code', {}, term.target ?? '')),
    term.answers.length > 0 &&
      element(
        'ul',
        { class: 'answers' },
        term.answers.map((answer) =>
          element(
            'li',
            {},
            element('code', {}, `${answer.name} ${answer.type}`),
            ' → ',
            answer.outcome === 'records' ? answer.values.join(', ') : (answer.failure ?? answer.outcome),
            answer.void && ' (void)',
          ),
        ),
      ),
    term.record !== undefined && spfTrace(term.record),
  ].filter((part) => part !== false);
  return below.length === 0
    ? element('li', {}, element('span', { class: 'term-head' }, head))
    : element(
        'li',
        {},
        element(
          'details',
          { open: term.decided || term.outcome === 'error' },
          element('summary', { class: 'term-head' }, head),
          below,
        ),
      );
};

/** True when the target says more than the term itself. @param {SpfTraceTerm} term */
const isTold = ({ text, target = '' }) => target !== '' && !text.includes(target.replace(/\/(?:32|128)$/, ''));

/** The result that a matching term gives (RFC 7208 section 4.6.2). @param {SpfTraceTerm} term */
const resultOf = (term) => {
  switch (term.qualifier) {
    case '-':
      return 'fail';
    case '~':
      return 'softfail';
    case '?':
      return 'neutral';
    default:
      return 'pass';
  }
};
