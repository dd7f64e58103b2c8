/**
 * A published TXT record that can be changed in place and judged again. The other TXT records of
 * its name stay as they are: an overlay replaces the whole record set.
 */
import { copyBlock } from './copy.js';
import { element, fill, freshId } from './dom.js';

/** @import { OverlayRecord } from '../../../schemas/dns.ts' */

/**
 * @typedef {(record: OverlayRecord) => void} TryRecord judges again with this record set in place
 * of the published one
 */
/** @typedef {(name: string) => string[]} TextsAt the TXT records at a name, as they were seen */

/**
 * @param {object} record
 * @param {string} record.name owner name
 * @param {string} record.title what it is, as in "SPF record"
 * @param {string | null} record.text as published; null where there is none
 * @param {Node} [record.shown] the same text, with marks
 * @param {string} record.start what a new record begins with, as in "v=spf1"
 * @param {TextsAt} texts
 * @param {TryRecord} tryRecord
 */
export const recordEditor = (record, texts, tryRecord) => {
  const { name, title, text, shown, start } = record;
  const place = element('div', { class: 'record-block' });
  const show = () => {
    const edit = element(
      'button',
      { type: 'button', class: 'small', onclick: () => open() },
      text === null ? `Draft a ${title}` : `Edit the ${title}`,
    );
    fill(
      place,
      element(
        'p',
        { class: 'row between' },
        element(
          'span',
          {},
          element('code', {}, name),
          text === null && element('span', { class: 'muted' }, ' publishes none'),
        ),
        edit,
      ),
      text !== null && copyBlock(text, `the ${title}`, shown),
    );
    return edit;
  };
  const open = () => {
    const id = freshId('record');
    const field = element('textarea', { id, rows: 3, spellcheck: false });
    field.value = text ?? start;
    fill(
      place,
      element(
        'form',
        {
          onsubmit: (event) => {
            event.preventDefault();
            tryRecord(overlay(name, texts(name), text, field.value));
          },
        },
        element('label', { for: id }, `${title} at ${name}, as it might be; empty: none`),
        field,
        element(
          'p',
          { class: 'row' },
          element('button', { type: 'submit', class: 'primary' }, 'Judge with this record'),
          element('button', { type: 'button', onclick: () => show().focus() }, 'Leave it'),
        ),
      ),
    );
    field.focus();
  };
  show();
  return place;
};

/**
 * The record set of a name with one record changed, added or taken out.
 * @param {string} name
 * @param {readonly string[]} published every TXT record at the name
 * @param {string | null} old the record that is changed
 * @param {string} edited
 * @returns {OverlayRecord}
 */
const overlay = (name, published, old, edited) => {
  const others = published.filter((text) => text !== old);
  const records = edited.trim() === '' ? others : [...others, edited.trim()];
  return records.length === 0 ? { name, type: 'TXT', rcode: 'NOERROR' } : { name, type: 'TXT', records };
};
