/**
 * Text to take along: a block with a button that copies it, and files made in the browser to
 * download.
 */

import { announce } from './announce.js';
import { element } from './dom.js';

/** Milliseconds for which the button says that it copied. */
const TOLD_MS = 2000;

/**
 * A button that copies.
 * @param {() => string} text what to copy, asked for when it is pressed
 * @param {string} what names it to people, as in "the record"
 */
export const copyButton = (text, what) => {
  const label = element('span', {}, 'Copy');
  const button = element('button', { type: 'button', class: 'small', 'aria-label': `Copy ${what}` }, label);
  button.addEventListener('click', async () => {
    const copied = await copy(text());
    label.textContent = copied ? 'Copied' : 'Press Ctrl+C';
    announce(copied ? `Copied ${what}` : `${what} could not be copied: select it and copy it by hand`);
    setTimeout(() => {
      label.textContent = 'Copy';
    }, TOLD_MS);
  });
  return button;
};

/** The clipboard is there on localhost and over HTTPS only. @param {string} text */
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};

/**
 * A block of text with its button.
 * @param {string} text
 * @param {string} what
 * @param {Node} [shown] the same text, with marks
 */
export const copyBlock = (text, what, shown) =>
  element(
    'div',
    { class: 'copy-block' },
    element('pre', { tabindex: 0, role: 'group', 'aria-label': what }, element('code', {}, shown ?? text)),
    copyButton(() => text, what),
  );

/**
 * Has the browser save a file that was made here.
 * @param {string} fileName
 * @param {string} type media type
 * @param {BlobPart} content
 */
export const saveFile = (fileName, type, content) => {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element('a', { href: url, download: fileName }).click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
};

/**
 * A button that downloads a file made here.
 * @param {string} label
 * @param {string} fileName
 * @param {string} type media type
 * @param {() => BlobPart} content
 */
export const downloadButton = (label, fileName, type, content) =>
  element('button', { type: 'button', class: 'small', onclick: () => saveFile(fileName, type, content()) }, label);
