/**
 * SPF of a domain: lookups as a gauge against ten, and the tree of records with the cost of each
 * term.
 */

import { element } from '../shared/dom.js';
import { facts, fold, sentence } from '../shared/facts.js';
import { recordEditor } from '../shared/record-editor.js';
import { faultyRecord } from '../shared/record-text.js';
import { rfcLink } from '../shared/rfc-link.js';
import { icon, plural, resultWord, toneOf } from '../shared/words.js';

/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { SpfTreeRecord, SpfTreeTerm } from '../../../schemas/posture/spf.ts' */
/** @import { TextsAt, TryRecord } from '../shared/record-editor.js' */

/** Segments of the gauge at most; a count beyond is told in words. */
const MAX_SEGMENTS = 20;

/** @param {Posture} posture @param {TextsAt} texts @param {TryRecord} tryRecord */
export const spfView = ({ spf, domain }, texts, tryRecord) => {
  const { lookups, voids, networks, outcome } = spf;
  const [record] = spf.records;
  return fold(
    'SPF',
    `${outcome}, ${lookups.used} of ${lookups.limit} lookups`,
    [
      element('p', {}, resultWord(outcome), ' ', sentence(spf.reason)),
      gauge(lookups.used, lookups.limit),
      facts([
        ['Passes the limit at', lookups.passedAt],
        ['Void lookups', `${Math.max(voids.ip4, voids.ip6)} of ${voids.limit}`],
        [
          'May send',
          `${plural(networks.ip4Addresses, 'IPv4 address', 'IPv4 addresses')} in ${plural(networks.ip4Networks, 'network')}, ${plural(networks.ip6Networks, 'IPv6 network')}`,
        ],
        ['Fault', spf.fault && `${spf.fault.reason}, at character ${spf.fault.offset + 1}`],
        ['That sender', spf.sender && `${spf.sender.result}: ${spf.sender.reason}`],
      ]),
      recordEditor(
        {
          name: domain.ascii,
          title: 'SPF record',
          text: record ?? null,
          shown: faultyRecord(record ?? '', spf.fault === undefined ? [] : [spf.fault]),
          start: 'v=spf1 ',
        },
        texts,
        tryRecord,
      ),
      ...(spf.tree === null || spf.tree.terms.length === 0 ? [] : [treeRecord(spf.tree)]),
      ...(spf.complete
        ? []
        : [element('p', { class: 'muted' }, 'The tree is cut here: a limit was reached, or DNS failed.')]),
      element('p', { class: 'rules' }, rfcLink('RFC 7208 section 4.6.4')),
    ],
    true,
  );
};

/** @param {number} used @param {number} limit */
const gauge = (used, limit) => {
  const tone = used > limit ? 'bad' : used > limit - 3 ? 'warn' : 'good';
  const count = Math.min(Math.max(limit, used), MAX_SEGMENTS);
  return element(
    'div',
    {
      class: `gauge tone-${tone}`,
      role: 'meter',
      'aria-label': 'DNS lookups',
      'aria-valuemin': 0,
      'aria-valuemax': Math.max(limit, used),
      'aria-valuenow': used,
      'aria-valuetext': `${used} of ${limit} lookups`,
    },
    element(
      'span',
      { class: 'segments' },
      Array.from({ length: count }, (_, index) =>
        element('span', { class: index >= limit ? 'segment used over' : index < used ? 'segment used' : 'segment' }),
      ),
    ),
    element('span', { class: 'gauge-text' }, `${used} of ${limit} lookups`),
  );
};

/** @param {SpfTreeRecord} record @returns {HTMLElement} */
const treeRecord = (record) =>
  element(
    'div',
    { class: 'tree' },
    element(
      'p',
      { class: 'tree-record' },
      element('code', {}, record.domain),
      record.state !== 'valid' && resultWord(record.state),
      element('span', { class: 'cost' }, plural(record.lookups, 'lookup')),
      record.reason !== undefined && element('span', { class: 'muted' }, sentence(record.reason)),
    ),
    record.terms.length > 0 && element('ul', {}, record.terms.map(treeTerm)),
  );

/** @param {SpfTreeTerm} term @returns {HTMLElement} */
const treeTerm = (term) => {
  const quiet = term.state === 'ok' || term.state === 'not-asked';
  const head = [
    (term.overLimit || !quiet) && icon(term.overLimit ? 'bad' : toneOf(term.state)),
    element('code', { class: 'term' }, term.text),
    !quiet && element('span', { class: 'muted' }, term.state),
    term.lookupsSoFar !== undefined &&
      term.lookups > 0 &&
      element('span', { class: term.overLimit ? 'cost over' : 'cost' }, `lookup ${term.lookupsSoFar}`),
    networkText(term) !== '' && element('span', { class: 'muted' }, networkText(term)),
  ];
  const below = [
    term.reason !== undefined && element('p', { class: 'muted' }, sentence(term.reason)),
    term.macro &&
      term.target !== undefined &&
      element('p', { class: 'muted' }, 'for example ', element('code', {}, term.target)),
    term.record !== undefined && treeRecord(term.record),
  ].filter((part) => part !== false);
  return below.length === 0
    ? element('li', {}, element('span', { class: 'term-head' }, head))
    : element('li', {}, element('details', { open: true }, element('summary', { class: 'term-head' }, head), below));
};

/** @param {SpfTreeTerm} term */
const networkText = ({ networks: { ip4Addresses, ip6Networks } }) =>
  [
    ip4Addresses > 0 && plural(ip4Addresses, 'IPv4 address', 'IPv4 addresses'),
    ip6Networks > 0 && plural(ip6Networks, 'IPv6 network'),
  ]
    .filter((part) => part !== false)
    .join(', ');
