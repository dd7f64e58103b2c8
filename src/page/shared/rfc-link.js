/**
 * Links from a rule, as in "RFC 7208 section 4.6.4", to its text at the RFC Editor. They are links
 * only: nothing is fetched until somebody follows one.
 */
import { element } from './dom.js';

const RULE = /^RFC (\d{3,5})(?: section ([\w.]+))?$/;

/**
 * A link to a rule; plain text where it is no rule of an RFC.
 * @param {string} rule
 */
export const rfcLink = (rule) => {
  const match = RULE.exec(rule);
  if (match === null) return element('span', { class: 'rule' }, rule);
  const [, number, section] = match;
  const anchor = section === undefined ? '' : `#${/^[A-Z]/.test(section) ? 'appendix' : 'section'}-${section}`;
  return element(
    'a',
    {
      class: 'rule',
      href: `https://www.rfc-editor.org/rfc/rfc${number}${anchor}`,
      rel: 'noopener noreferrer',
      target: '_blank',
    },
    rule,
  );
};
