/** A published record with the part that decided marked: the term of an SPF record, the tag of a DMARC or key record. */
import { element } from './dom.js';

/**
 * @param {string} record
 * @param {RegExp} separator what stands between the parts; kept in the text
 * @param {(part: string) => boolean} decides tells the deciding part
 */
const marked = (record, separator, decides) => {
  const whole = element('span', { class: 'record' });
  for (const [index, part] of record.split(separator).entries()) {
    const isPart = index % 2 === 0;
    whole.append(isPart && part !== '' && decides(part) ? element('mark', {}, part) : part);
  }
  return whole;
};

/** An SPF record; the first part that is the term is marked. @param {string} record @param {string | null} term */
export const spfRecord = (record, term) => {
  let found = false;
  return marked(record, /( +)/, (part) => {
    if (found || term === null || part.toLowerCase() !== term.toLowerCase()) return false;
    found = true;
    return true;
  });
};

/** A tag=value list, as of DMARC and DKIM keys, with one tag marked. @param {string} record @param {string | null} tag */
export const tagRecord = (record, tag) =>
  marked(record, /(\s*;\s*)/, (part) => tag !== null && part.split('=')[0]?.trim().toLowerCase() === tag);

/** True when the list has the tag. @param {string} record @param {string} tag */
export const hasTag = (record, tag) =>
  record.split(';').some((part) => part.split('=')[0]?.trim().toLowerCase() === tag);
