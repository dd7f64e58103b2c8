/** Tells people who hear the page what changed on it, through its one live region. */
import { byId } from './dom.js';

/** @param {string} text one sentence */
export const announce = (text) => {
  byId('status', HTMLElement).textContent = text;
};
