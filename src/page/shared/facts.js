/**
 * Small pieces that several parts of the page are built of: a list of facts, a part that opens, a
 * finding.
 */
import { element } from './dom.js';
import { rfcLink } from './rfc-link.js';
import { resultWord } from './words.js';

/** @import { Child } from './dom.js' */
/** @import { Finding } from '../../../schemas/finding.ts' */

/**
 * Name and value pairs; those without a value are left out.
 * @param {readonly (readonly [string, Child])[]} rows
 */
export const facts = (rows) =>
  element(
    'dl',
    { class: 'facts' },
    rows.flatMap(([name, value]) =>
      value === null || value === undefined || value === false || value === ''
        ? []
        : [element('div', {}, element('dt', {}, name), element('dd', {}, value))],
    ),
  );

/**
 * A part that opens and closes.
 * @param {string} title
 * @param {string} note beside the title, in a few words
 * @param {Node[]} content
 * @param {boolean} [open]
 */
export const fold = (title, note, content, open = false) =>
  element(
    'details',
    { class: 'card fold', open },
    element('summary', {}, element('h3', {}, title), element('span', { class: 'muted' }, note)),
    element('div', { class: 'fold-body' }, content),
  );

/** A finding as a list item. @param {Finding} finding @param {...Child} more */
export const findingItem = (finding, ...more) =>
  element(
    'li',
    { class: `finding severity-${finding.severity}` },
    resultWord(finding.severity),
    element(
      'div',
      {},
      element('p', {}, sentence(finding.message), ' ', finding.section !== undefined && rfcLink(finding.section)),
      element('p', { class: 'rule' }, codeLink(finding.code)),
      more,
    ),
  );

/**
 * A finding's code, which leads to what it means.
 * @param {string} code
 */
const codeLink = (code) => element('a', { href: `/findings#${encodeURIComponent(code)}` }, element('code', {}, code));

/**
 * With a capital and a full stop, as sentences of the service stand alone here.
 * @param {string} text
 */
export const sentence = (text) => {
  const first = text.split(/[\s,;:]/, 1)[0] ?? '';
  // A name, a tag or a term keeps its case.
  const capital = /^[a-z]+$/.test(first) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
};
