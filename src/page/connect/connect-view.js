/**
 * The view that tells how to connect a mail server. What is typed in goes into the blocks to copy
 * and nowhere else; a name that no file could hold is told and not used.
 */
import { hasBlank, withBlanks } from '../shared/blanks.js';
import { copyBlock } from '../shared/copy.js';
import { byId, element, fill } from '../shared/dom.js';
import { fold } from '../shared/facts.js';
import { problemView } from '../shared/problem-view.js';
import { waysToConnect } from './ways.js';

/** @import { Names, Step, Way } from './ways.js' */

const problems = byId('connect-problem', HTMLElement);
const ways = byId('ways', HTMLElement);

/** What a name may hold, so that it means nothing else in any of the files. */
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/;
const URL_OF_SERVICE = /^https?:\/\/[A-Za-z0-9[\]:.-]{1,260}$/;

/** @type {Readonly<Record<keyof Names, { input: HTMLInputElement, start: string, form: RegExp, wanted: string }>>} */
const FIELDS = {
  server: {
    input: byId('connect-server', HTMLInputElement),
    start: 'mx.example.org',
    form: HOST,
    wanted: 'a host name, such as mx.example.org',
  },
  address: {
    input: byId('connect-address', HTMLInputElement),
    start: '127.0.0.1',
    form: HOST,
    wanted: 'an IPv4 address or a host name, such as 127.0.0.1',
  },
  url: {
    input: byId('connect-url', HTMLInputElement),
    start: location.origin,
    form: URL_OF_SERVICE,
    wanted: `the address of the service, such as ${location.origin}`,
  },
};

/** Shows the ways, and again whenever a name changes. */
export const startConnectView = () => {
  FIELDS.url.input.placeholder = location.origin;
  byId('connect-form', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault());
  for (const { input } of Object.values(FIELDS)) input.addEventListener('input', show);
  show();
};

const show = () => {
  /** @type {string[]} */
  const wrong = [];
  /** @param {keyof Names} name */
  const read = (name) => {
    const { input, start, form, wanted } = FIELDS[name];
    const value = input.value.trim().replace(/\/$/, '');
    const isRight = value === '' || form.test(value);
    if (!isRight) wrong.push(`${input.labels?.[0]?.textContent ?? name}: not ${wanted}`);
    input.setAttribute('aria-invalid', String(!isRight));
    return isRight && value !== '' ? value : start;
  };
  const names = { server: read('server'), address: read('address'), url: read('url') };
  fill(
    problems,
    wrong.length > 0 &&
      problemView(
        { type: 'about:blank', title: 'A name cannot stand in a file', status: 0, detail: `${wrong.join('. ')}.` },
        () => undefined,
      ),
  );
  const open = [...ways.querySelectorAll('details')].map((way) => way.open);
  fill(
    ways,
    waysToConnect(names).map((way, index) => wayView(way, open[index] ?? index === 0)),
  );
};

/** @param {Way} way @param {boolean} open */
const wayView = ({ title, about, guide, steps }, open) =>
  fold(
    title,
    about,
    [
      element('ol', { class: 'steps' }, steps.map(stepView)),
      element('p', { class: 'muted' }, 'More, and what to do when something is wrong: ', element('code', {}, guide)),
    ],
    open,
  );

/** @param {Step} step */
const stepView = ({ text, file, block }) =>
  element(
    'li',
    {},
    element('p', {}, text),
    !file.includes(' ') && element('p', { class: 'muted' }, element('code', {}, file)),
    copyBlock(block, file, element('span', {}, withBlanks(block))),
    hasBlank(block) && element('p', { class: 'muted' }, 'Fill in what is marked: only you know it.'),
  );
