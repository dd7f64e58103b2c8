/**
 * The picture of the way: boxes with lines between them. A box is a button that opens its details;
 * one is open at a time. The lines are drawn over the laid-out boxes and are for the eye only: the
 * same facts are words in the boxes.
 */
import { drawing, element, freshId } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { resultWord } from '../shared/words.js';

/** @import { Box, Path } from './path-boxes.js' */
/** @import { Tone } from '../shared/words.js' */

/**
 * @typedef {{ step: HTMLLIElement, button: HTMLButtonElement, panel: HTMLElement, box: Box }}
 * Station
 */
/** @typedef {{ from: Station, to: Station, tone: Tone, carries: boolean }} Line */

/**
 * Draws it.
 * @param {Path} path
 * @returns {{ picture: HTMLElement, opener: (where: string) => (() => void) | null }} the opener
 * gives what opens the box of a member of the verdict, as in "dkim[0]"; null: it has no box
 */
export const pathPicture = (path) => {
  /** @type {Station[]} */
  const stations = [];
  const rows = path.checks.length;
  /** @param {Box} box @param {number} column @param {string} row */
  const place = (box, column, row) => {
    const made = station(box, () => closeOthers(stations, made));
    made.button.style.gridColumn = String(column);
    made.button.style.gridRow = row;
    made.panel.style.gridRow = String(rows + 1);
    stations.push(made);
    return made;
  };
  const all = `1 / span ${rows}`;
  const client = place(path.client, 1, all);
  const checks = path.checks.map((box, index) => place(box, 2, String(index + 1)));
  const dmarc = place(path.dmarc, 3, all);
  const receiver = place(path.receiver, 4, all);
  /** @type {Line[]} */
  const lines = [
    ...checks.map((check) => ({ from: client, to: check, tone: check.box.tone, carries: check.box.tone === 'good' })),
    ...checks.map((check) => ({
      from: check,
      to: dmarc,
      tone: check.box.aligned === true || check.box.tone !== 'good' ? check.box.tone : /** @type {const} */ ('quiet'),
      carries: check.box.aligned === true,
    })),
    { from: dmarc, to: receiver, tone: dmarc.box.tone, carries: dmarc.box.tone === 'good' },
  ];
  const canvas = drawing('svg', { class: 'lines', 'aria-hidden': 'true', focusable: 'false' });
  const list = element(
    'ol',
    { class: 'path', 'aria-label': 'The way of the message' },
    stations.map(({ step }) => step),
  );
  const picture = element('div', { class: 'picture' }, canvas, list);
  new ResizeObserver(() => drawLines(canvas, picture, lines)).observe(list);
  return {
    picture,
    opener: (where) => {
      const found = stations.find(({ box }) => where === box.where || where.startsWith(`${box.where}.`));
      return found === undefined ? null : () => showStation(found);
    },
  };
};

/** Opens a box, wherever on the page it was asked for. @param {Station} station */
const showStation = ({ button, panel }) => {
  if (panel.hidden) button.click();
  button.focus({ preventScroll: true });
  button.scrollIntoView({ block: 'start' });
};

/** @param {Box} box @param {() => void} onOpen @returns {Station} */
const station = (box, onOpen) => {
  const panel = element('div', {
    class: 'panel card',
    id: freshId('panel'),
    role: 'group',
    'aria-label': `${box.name}: ${box.word}`,
    hidden: true,
  });
  const button = element(
    'button',
    { type: 'button', class: `box tone-${box.tone}`, 'aria-expanded': 'false', 'aria-controls': panel.id },
    element(
      'span',
      { class: 'box-head' },
      element('span', { class: 'box-name' }, box.name),
      resultWord(box.word, box.tone),
    ),
    element('span', { class: 'box-question' }, box.question),
    box.about !== '' && element('span', { class: 'box-about' }, box.about),
    box.aligned !== null &&
      element(
        'span',
        { class: `aligned aligned-${box.aligned}` },
        box.aligned ? 'aligned with From' : 'not the domain in From',
      ),
  );
  button.addEventListener('click', () => {
    const open = panel.hidden === true;
    if (open && panel.childElementCount === 0)
      panel.append(
        element('h3', {}, box.name),
        box.reason !== '' ? element('p', { class: 'reason' }, sentence(box.reason)) : '',
        ...box.details(),
      );
    setOpen(button, panel, open);
    if (open) onOpen();
  });
  return { step: element('li', {}, button, panel), button, panel, box };
};

/** @param {HTMLButtonElement} button @param {HTMLElement} panel @param {boolean} open */
const setOpen = (button, panel, open) => {
  panel.hidden = !open;
  button.setAttribute('aria-expanded', String(open));
};

/** @param {readonly Station[]} stations @param {Station} kept */
const closeOthers = (stations, kept) => {
  for (const { button, panel } of stations) if (button !== kept.button) setOpen(button, panel, false);
};

/** @param {SVGSVGElement} canvas @param {HTMLElement} picture @param {readonly Line[]} lines */
const drawLines = (canvas, picture, lines) => {
  const frame = picture.getBoundingClientRect();
  canvas.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
  canvas.replaceChildren(
    ...lines.map(({ from, to, tone, carries }) => {
      const start = from.button.getBoundingClientRect();
      const end = to.button.getBoundingClientRect();
      const [x1, y1] = [start.right - frame.left, start.top + start.height / 2 - frame.top];
      const [x2, y2] = [end.left - frame.left, end.top + end.height / 2 - frame.top];
      const middle = (x1 + x2) / 2;
      return drawing('path', {
        d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`,
        class: `line tone-${tone}${carries ? '' : ' broken'}`,
      });
    }),
  );
};
