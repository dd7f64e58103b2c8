/** The field for an access key, where the service asks for one. */

import { element, freshId } from './dom.js';
import { useAccessKey } from './service.js';

/** @param {() => void} retry does what was asked for once more, with the key */
export const keyForm = (retry) => {
  const id = freshId('key');
  const input = element('input', { id, type: 'password', autocomplete: 'off', required: true });
  return element(
    'form',
    {
      class: 'row',
      onsubmit: (event) => {
        event.preventDefault();
        useAccessKey(input.value);
        retry();
      },
    },
    element('label', { for: id }, 'Access key (kept only while this page is open)'),
    input,
    element('button', { type: 'submit' }, 'Use it'),
  );
};
