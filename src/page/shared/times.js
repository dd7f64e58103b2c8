/** Times as people read them, always in UTC. */

import { element } from './dom.js';

/** A time: "2026-02-03 09:00:01 UTC". @param {string} iso in UTC, as in 2026-02-03T09:00:01Z */
export const timeView = (iso) =>
  element('time', { datetime: iso }, iso.replace(/^([\d-]+)T([\d:]{8})(?:\.\d+)?Z$/, '$1 $2 UTC'));

/** Unix time as ISO 8601. @param {number} seconds */
export const isoOf = (seconds) => new Date(seconds * 1000).toISOString();
