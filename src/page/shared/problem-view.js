/**
 * An error answer, told to people: what is wrong and where; and, where the service asks for a key,
 * a field for it.
 */
import { announce } from './announce.js';
import { element } from './dom.js';
import { keyForm } from './key-form.js';
import { icon } from './words.js';

/** @import { Problem } from '../../../schemas/problem.ts' */

/**
 * @param {Problem} problem
 * @param {() => void} retry does what was asked for once more
 */
export const problemView = (problem, retry) => {
  const errors = problem.errors ?? [];
  const detail = problem.detail ?? '';
  announce(`${problem.title}. ${detail}`);
  return element(
    'div',
    { class: 'problem', role: 'group', 'aria-label': 'Error' },
    icon('bad'),
    element(
      'div',
      {},
      element('strong', {}, problem.title),
      errors.length === 0 && detail !== '' && element('p', {}, detail),
      errors.length > 0 &&
        element(
          'ul',
          {},
          errors.map(({ path, message }) => element('li', {}, element('code', {}, path), ` ${message}`)),
        ),
      problem.status === 401 && keyForm(retry),
      meaningOf(problem.type),
      problem.requestId !== undefined && element('p', { class: 'muted' }, `Request ${problem.requestId}`),
    ),
  );
};

const KIND = /^urn:mailverdict:problem:([a-z-]+)$/;

/**
 * A link to what a kind of problem means; none where the service did not answer.
 * @param {string} type
 */
const meaningOf = (type) => {
  const [, kind] = KIND.exec(type) ?? [];
  return kind !== undefined && element('p', {}, element('a', { href: `/problems#${kind}` }, 'What this means'));
};
