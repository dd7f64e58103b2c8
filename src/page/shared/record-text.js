/**
 * A published record with a part marked: the term or tag that decided, or what stands at a fault.
 */
import { element } from './dom.js';

/**
 * @param {string} record
 * @param {RegExp} separator what stands between the parts; kept in the text, and not marked
 * @param {(part: string) => boolean} decides tells the deciding part
 */
const marked = (record, separator, decides) => {
  const whole = element('span', { class: 'record' });
  for (const [index, part] of record.split(separator).entries()) {
    const words = part.trim();
    const isPart = index % 2 === 0 && words !== '';
    if (!isPart || !decides(words)) {
      whole.append(part);
      continue;
    }
    const start = part.indexOf(words);
    whole.append(part.slice(0, start), element('mark', {}, words), part.slice(start + words.length));
  }
  return whole;
};

/**
 * An SPF record; the first part that is the term is marked.
 * @param {string} record
 * @param {string | null} term
 */
export const spfRecord = (record, term) => {
  let found = false;
  return marked(record, /( +)/, (part) => {
    if (found || term === null || part.toLowerCase() !== term.toLowerCase()) return false;
    found = true;
    return true;
  });
};

/**
 * A tag=value list, as of DMARC and DKIM keys, with one tag marked.
 * @param {string} record
 * @param {string | null} tag
 */
export const tagRecord = (record, tag) =>
  marked(record, /(;)/, (part) => tag !== null && part.split('=')[0]?.trim().toLowerCase() === tag);

/**
 * A record with what stands at its faults marked, up to the next space or semicolon.
 * @param {string} record
 * @param {readonly { offset: number }[]} faults
 */
export const faultyRecord = (record, faults) => {
  const whole = element('span', { class: 'record' });
  let done = 0;
  for (const { offset } of [...faults].sort((one, other) => one.offset - other.offset)) {
    const length = /^[^\s;]+/.exec(record.slice(offset))?.[0].length ?? 0;
    if (offset < done || length === 0) continue;
    whole.append(record.slice(done, offset), element('mark', {}, record.slice(offset, offset + length)));
    done = offset + length;
  }
  whole.append(record.slice(done));
  return whole;
};

/** True when the list has the tag. @param {string} record @param {string} tag */
export const hasTag = (record, tag) =>
  record.split(';').some((part) => part.split('=')[0]?.trim().toLowerCase() === tag);
