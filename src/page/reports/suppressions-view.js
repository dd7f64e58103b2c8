/** Addresses that get no reports: the list, one more, one less. */

import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { problemView } from '../shared/problem-view.js';
import { isoOf, timeView } from '../shared/times.js';
import { plural } from '../shared/words.js';
import { suppress, suppressedAddresses, unsuppress } from './ask-reports.js';

/** @import { Suppression, SuppressionList } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { Outcome } from '../shared/service.js' */

/** Addresses shown at a time: a service that bounces filled may have thousands. */
const SHOWN_AT_ONCE = 100;

const note = byId('suppressions-note', HTMLElement);
const problems = byId('suppressions-problem', HTMLElement);
const list = byId('suppression-list', HTMLUListElement);
const more = byId('more-suppressions', HTMLButtonElement);
const form = byId('suppress-form', HTMLFormElement);
const target = byId('suppress-target', HTMLInputElement);
const reason = byId('suppress-reason', HTMLInputElement);
const days = byId('suppress-days', HTMLInputElement);

/** Those that are not shown yet. @type {readonly Suppression[]} */
let hidden = [];

export const startSuppressions = () => {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void add();
  });
  more.addEventListener('click', () => {
    const [first] = showMore();
    first?.querySelector('button')?.focus();
  });
};

/** Reads the list. */
export const showSuppressions = async () => {
  const outcome = await suppressedAddresses(new AbortController().signal);
  show(outcome, () => void showSuppressions());
};

/** @param {Outcome<SuppressionList>} outcome @param {() => void} retry */
const show = (outcome, retry) => {
  fill(problems, !outcome.ok && problemView(outcome.problem, retry));
  if (!outcome.ok) return;
  const { suppressions } = outcome.value;
  note.textContent =
    suppressions.length === 0 ? 'none' : plural(suppressions.length, 'address or domain', 'addresses and domains');
  hidden = suppressions;
  fill(list);
  showMore();
};

/** @returns {HTMLLIElement[]} what is shown now beside the rest */
const showMore = () => {
  const items = hidden.slice(0, SHOWN_AT_ONCE).map(suppressionItem);
  hidden = hidden.slice(SHOWN_AT_ONCE);
  list.append(...items);
  more.hidden = hidden.length === 0;
  return items;
};

/** @param {Suppression} suppression */
const suppressionItem = (suppression) =>
  element(
    'li',
    {},
    element(
      'div',
      { class: 'row between' },
      element('code', {}, suppression.target),
      element(
        'button',
        {
          type: 'button',
          class: 'small',
          'aria-label': `Send reports again to ${suppression.target}`,
          onclick: () => void remove(suppression.target),
        },
        'Send reports again',
      ),
    ),
    element(
      'p',
      { class: 'muted' },
      `${sentence(suppression.reason)} `,
      suppression.untilSeconds === null ? 'For good.' : ['Until ', timeView(isoOf(suppression.untilSeconds)), '.'],
    ),
  );

const add = async () => {
  const asked = target.value.trim();
  const outcome = await suppress(
    {
      target: asked,
      ...(reason.value.trim() !== '' && { reason: reason.value.trim() }),
      ...(days.value !== '' && { days: days.valueAsNumber }),
    },
    new AbortController().signal,
  );
  if (!outcome.ok) {
    fill(
      problems,
      problemView(outcome.problem, () => void add()),
    );
    return;
  }
  form.reset();
  await showSuppressions();
  announce(`${outcome.value.target} gets no reports`);
  target.focus();
};

/** @param {string} removed */
const remove = async (removed) => {
  const outcome = await unsuppress(removed, new AbortController().signal);
  show(outcome, () => void remove(removed));
  if (!outcome.ok) return;
  announce(`${removed} gets reports again`);
  // The button that had the focus is gone.
  target.focus({ preventScroll: true });
};
