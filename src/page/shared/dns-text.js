/**
 * DNS record data as text for people, and the reading of the evidence that a verdict or posture
 * brings. Pure.
 */

import { plural } from './words.js';

/** @import { Evidence, RecordData } from '../../../schemas/dns.ts' */
/** @import { ReachedLimit } from '../../../schemas/limit.ts' */

/** One record as text; the strings of a TXT record joined. @param {RecordData} record */
export const recordText = (record) => {
  if (typeof record === 'string') return record;
  if (Array.isArray(record)) return record.join('');
  if ('exchange' in record) return `${record.priority} ${record.exchange === '' ? '.' : record.exchange}`;
  if ('mname' in record) return `${record.mname} ${record.rname} ${record.serial}`;
  return `${record.usage} ${record.selector} ${record.matchingType} ${record.data}`;
};

/** A limit that was reached, in a few words. @param {ReachedLimit} limit */
export const limitText = ({ name, value, setting }) => `${name} ${value}${setting === null ? '' : ` (${setting})`}`;

/** What came of a question, in a few words. @param {Evidence} evidence */
export const outcomeText = ({ outcome, failure, limit }) => {
  switch (outcome) {
    case 'records':
      return '';
    case 'nodata':
      return 'no such record';
    case 'nxdomain':
      return 'no such name';
    case 'failure':
      return limit === undefined ? `DNS failure: ${failure ?? 'unknown'}` : `limit reached: ${limitText(limit)}`;
  }
};

/**
 * The TXT records at a name, each as one text.
 * @param {readonly Evidence[]} evidence
 * @param {string} name
 */
export const textsAt = (evidence, name) =>
  (evidence.find((entry) => entry.type === 'TXT' && entry.name === name.toLowerCase())?.records ?? []).map(recordText);

/** A time in milliseconds, as short as it can be told. @param {number} milliseconds */
export const shortTime = (milliseconds) =>
  milliseconds >= 1000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${milliseconds >= 10 ? Math.round(milliseconds) : Number(milliseconds.toFixed(1))} ms`;

/** A duration in the largest unit that fits. @param {number} seconds */
export const duration = (seconds) => {
  const [size, unit] =
    seconds >= 86400 ? [86400, 'd'] : seconds >= 3600 ? [3600, 'h'] : seconds >= 60 ? [60, 'min'] : [1, 's'];
  return `${Math.round(seconds / Number(size))} ${unit}`;
};

/** A count of octets. @param {number} bytes */
export const byteCount = (bytes) =>
  bytes >= 1048576
    ? `${(bytes / 1048576).toFixed(1)} MB`
    : bytes >= 1024
      ? `${(bytes / 1024).toFixed(1)} kB`
      : plural(bytes, 'byte');
