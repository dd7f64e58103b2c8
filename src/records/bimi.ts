/**
 * A BIMI assertion record and the BIMI-Selector field as values (draft-brand-indicators-for-message-identification sections 4 and 5). Reads the addresses of logo and
 * evidence document; never fetches them.
 */
import { type Fault, quote } from './fault.ts';
import { findTag, parseTagList } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** A record, or the first fault that makes it unusable. An empty `l=` and no `a=` decline to take part. */
export type BimiParse =
  | {
      readonly kind: 'record';
      readonly text: string;
      /** `l=`: https address of the logo; null where empty. */
      readonly location: string | null;
      /** `a=`: https address of the evidence document; null where absent or empty. */
      readonly evidence: string | null;
      /** `avp=`: whether a personal avatar may stand in for the logo; `brand` by default. */
      readonly avatarPreference: 'brand' | 'personal';
    }
  | { readonly kind: 'fault'; readonly text: string; readonly fault: Fault };

/** A selector field, or why it is ignored. */
export type BimiSelectorParse =
  | { readonly kind: 'selector'; readonly selector: string }
  | { readonly kind: 'fault'; readonly fault: Fault };

const VERSION = /^[ \t]*v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|$)/;
const HTTPS_URI = /^https:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[\x21-\x7e]*)?$/i;
const SELECTOR = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const MAX_SELECTOR_CHARACTERS = 190;

/** True when a text means to be a BIMI record: `v=BIMI1` stands first. */
export const isBimiRecord = (text: string): boolean => VERSION.test(text);

/** The BIMI record among the TXT texts of a name. */
export const selectBimi = (texts: readonly string[]): Selection => selectTexts(texts, isBimiRecord);

/** Reads a record; never throws. */
export const parseBimi = (text: string): BimiParse => {
  const list = parseTagList(text);
  const fault = (offset: number, reason: string): BimiParse => ({ kind: 'fault', text, fault: { offset, reason } });
  if (!isBimiRecord(text)) return fault(0, 'the text does not begin with "v=BIMI1"');
  const [twice] = list.repeated;
  if (twice !== undefined) return fault(twice.offset, `tag ${quote(twice.name)} stands more than once`);
  const location = findTag(list, 'l');
  if (location === undefined) return fault(text.length, 'tag "l" is missing');
  const evidence = findTag(list, 'a');
  for (const tag of [location, evidence]) {
    if (tag !== undefined && tag.value !== '' && !HTTPS_URI.test(tag.value)) {
      return fault(tag.valueOffset, `${quote(tag.value)} in "${tag.name}" is no https address`);
    }
  }
  return {
    kind: 'record',
    text,
    location: location.value || null,
    evidence: evidence?.value || null,
    avatarPreference: findTag(list, 'avp')?.value.toLowerCase() === 'personal' ? 'personal' : 'brand',
  };
};

/** Reads the body of a BIMI-Selector field; one without `v=BIMI1` is ignored. Never throws. */
export const parseBimiSelector = (text: string): BimiSelectorParse => {
  if (!VERSION.test(text))
    return { kind: 'fault', fault: { offset: 0, reason: 'the field does not begin with "v=BIMI1"' } };
  const tag = findTag(parseTagList(text), 's');
  if (tag === undefined || tag.value.length > MAX_SELECTOR_CHARACTERS || !SELECTOR.test(tag.value)) {
    return { kind: 'fault', fault: { offset: tag?.valueOffset ?? text.length, reason: 'tag "s" names no selector' } };
  }
  return { kind: 'selector', selector: tag.value.toLowerCase() };
};
