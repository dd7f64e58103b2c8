/** Text with places to fill in, which stand in angle brackets: only the reader knows what goes there. */
import { element } from './dom.js';

/** @import { Child } from './dom.js' */

const BLANK = /(<[^<>\n]{1,100}>)/;

/** @param {string} text */
export const hasBlank = (text) => BLANK.test(text);

/** The text with its places marked. @param {string} text @returns {Child[]} */
export const withBlanks = (text) =>
  text.split(BLANK).map((piece, index) => (index % 2 === 1 ? element('mark', { class: 'blank' }, piece) : piece));
