/**
 * A BIMI assertion record and the BIMI-Selector field as syntax trees. Never fetches a logo or a
 * certificate. draft-brand-indicators-for-message-identification sections 4.3 (record) and 4.5
 * (selector).
 */
import { type Fault, quote } from './fault.ts';
import { findTag, parseTagList, type Tag, type TagList } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** A BIMI record, or its first fault. */
type BimiRecord = { readonly text: string; readonly tags: readonly Tag[] } & (
  | {
      readonly kind: 'record';
      /** `l=`: https address of the logo; null where it is empty. */
      readonly location: string | null;
      /** `a=`: https address of the evidence document; null where absent or empty. */
      readonly authority: string | null;
      /** `avp=`: which picture the domain prefers. @default brand */
      readonly preference: 'brand' | 'personal';
      /** True where both addresses are empty: the domain takes no part in BIMI. */
      readonly declined: boolean;
      readonly faults: readonly Fault[];
    }
  | { readonly kind: 'fault'; readonly fault: Fault }
);

const VERSION = /^v[ \t]*=[ \t]*BIMI1[ \t]*(?:;|$)/;

/** The BIMI record among the TXT texts of a selector. */
export const selectBimi = (texts: readonly string[]): Selection => selectTexts(texts, (text) => VERSION.test(text));

const isHttps = (value: string): boolean => /^https:\/\/[^\s/?#]\S*$/i.test(value) && URL.canParse(value);

/** Reads a BIMI record. Unknown tags are kept and ignored. Never throws. */
export const parseBimi = (text: string): BimiRecord => {
  const list = parseTagList(text);
  const { tags } = list;
  const faulty = (offset: number, reason: string): BimiRecord => ({
    kind: 'fault',
    text,
    tags,
    fault: { offset, reason },
  });
  if (!VERSION.test(text)) return faulty(0, 'the text does not begin with "v=BIMI1"');
  const [twice] = list.repeated;
  if (twice !== undefined) return faulty(twice.offset, `tag ${quote(twice.name)} appears more than once`);
  const [l, a, avp] = [findTag(list, 'l'), findTag(list, 'a'), findTag(list, 'avp')];
  if (l === undefined) return faulty(text.length, 'tag "l" is missing');
  for (const tag of [l, a]) {
    if (tag !== undefined && tag.value !== '' && !isHttps(tag.value)) {
      return faulty(tag.valueOffset, `"${tag.name}" is ${quote(tag.value)}, not an https: address`);
    }
  }
  const faults = [...list.faults];
  const preference = avp?.value.toLowerCase() ?? 'brand';
  if (preference !== 'brand' && preference !== 'personal') {
    faults.push({ offset: avp?.valueOffset ?? 0, reason: `"avp" is ${quote(preference)}, not one of brand, personal` });
  }
  return {
    kind: 'record',
    text,
    tags,
    location: l.value || null,
    authority: a?.value || null,
    preference: preference === 'personal' ? 'personal' : 'brand',
    declined: l.value === '' && (a === undefined || a.value === ''),
    faults: faults.toSorted((left, right) => left.offset - right.offset),
  };
};

/** The value of a BIMI-Selector field. A faulty one is ignored: the selector is then `default`. */
type BimiSelector =
  | { readonly kind: 'selector'; readonly selector: string }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** Most characters of a selector: beyond it, no room is left in a DNS name for the domain. */
const MAX_SELECTOR_CHARACTERS = 200;
const SELECTOR = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** A version, a selector of at most 200 characters and white space around them need no more. */
export const MAX_SELECTOR_FIELD = 1000;

/** Tag names of the header fields are case-insensitive (section 5), those of the record are not. */
const withLowerCaseNames = (list: TagList): TagList => {
  const tags = list.tags.map((tag) => ({ ...tag, name: tag.name.toLowerCase() }));
  const names = new Set<string>();
  const repeated = tags.filter(({ name }) => names.size === names.add(name).size);
  return { ...list, tags, repeated };
};

/** Reads the unfolded value of a BIMI-Selector field. Never throws. */
export const parseBimiSelector = (value: string): BimiSelector => {
  const faulty = (offset: number, reason: string): BimiSelector => ({ kind: 'fault', fault: { offset, reason } });
  if (value.length > MAX_SELECTOR_FIELD)
    return faulty(MAX_SELECTOR_FIELD, `the field is longer than ${MAX_SELECTOR_FIELD} characters`);
  const list = withLowerCaseNames(parseTagList(value));
  const [version] = list.tags;
  if (version?.name !== 'v' || version.value !== 'BIMI1') return faulty(0, 'the field does not begin with "v=BIMI1"');
  const [twice] = list.repeated;
  if (twice !== undefined) return faulty(twice.offset, `tag ${quote(twice.name)} appears more than once`);
  const selector = findTag(list, 's');
  if (selector === undefined) return faulty(value.length, 'tag "s" is missing');
  if (selector.value.length > MAX_SELECTOR_CHARACTERS || !SELECTOR.test(selector.value))
    return faulty(selector.valueOffset, `"s" is ${quote(selector.value)}, not a selector`);
  return { kind: 'selector', selector: selector.value.toLowerCase() };
};
