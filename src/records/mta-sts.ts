/**
 * MTA-STS as a domain publishes it: the TXT record and the policy file, each as a syntax tree, and
 * whether an MX host matches. Never fetches a policy. RFC 8461 sections 3.1 (record), 3.2 (file)
 * and 4.1 (MX matching).
 */
import { type Fault, quote } from './fault.ts';
import { findTag, parseTagList, type Tag } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** Largest `max_age` in seconds, about a year (RFC 8461 section 3.2). */
const MAX_AGE_MOST_SECONDS = 31_557_600;

/**
 * Largest policy file that is read, in characters: RFC 8461 section 3.3 lets a fetcher bound it; 64
 * kB is its suggestion.
 */
export const MTA_STS_POLICY_MAX_CHARACTERS = 65_536;

/**
 * The TXT record at `_mta-sts`, or its first fault. A fault means: no policy (RFC 8461 section
 * 3.1).
 */
type MtaStsRecord = { readonly text: string; readonly tags: readonly Tag[] } & (
  | { readonly kind: 'record'; readonly id: string; readonly faults: readonly Fault[] }
  | { readonly kind: 'fault'; readonly fault: Fault }
);

const VERSION = /^v=STSv1[ \t]*;/;
const ID = /^[A-Za-z0-9]{1,32}$/;

/**
 * The MTA-STS record among the TXT texts of `_mta-sts`; several count as none (RFC 8461 section
 * 3.1).
 */
export const selectMtaSts = (texts: readonly string[]): Selection => selectTexts(texts, (text) => VERSION.test(text));

/** Reads the TXT record. Unknown fields are kept and ignored. Never throws. */
export const parseMtaSts = (text: string): MtaStsRecord => {
  const { tags, faults, repeated } = parseTagList(text);
  const faulty = (offset: number, reason: string): MtaStsRecord => ({
    kind: 'fault',
    text,
    tags,
    fault: { offset, reason },
  });
  if (!VERSION.test(text)) return faulty(0, 'the text does not begin with "v=STSv1;"');
  const [broken] = faults;
  if (broken !== undefined) return faulty(broken.offset, broken.reason);
  const id = findTag({ tags }, 'id');
  if (id === undefined) return faulty(text.length, 'field "id" is missing');
  if (!ID.test(id.value)) return faulty(id.valueOffset, `"id" is ${quote(id.value)}, not 1 to 32 letters and digits`);
  const twice = repeated.map(({ offset, name }) => ({ offset, reason: `field ${quote(name)} appears more than once` }));
  return { kind: 'record', text, tags, id: id.value, faults: twice };
};

/** One `key: value` line of a policy file. */
type MtaStsField = {
  readonly key: string;
  readonly value: string;
  readonly offset: number;
  readonly valueOffset: number;
};

/** A policy file, or its first fault. Offsets count characters from the start of the file. */
type MtaStsPolicy = { readonly fields: readonly MtaStsField[] } & (
  | {
      readonly kind: 'policy';
      readonly mode: 'enforce' | 'testing' | 'none';
      /** Patterns for MX hosts in lower case, `*.` in front for any one label. */
      readonly mx: readonly string[];
      readonly maxAgeSeconds: number;
      readonly faults: readonly Fault[];
    }
  | { readonly kind: 'fault'; readonly fault: Fault }
);

const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const MX_PATTERN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`, 'i');
const MODES = ['enforce', 'testing', 'none'] as const;

const readFields = (text: string): { fields: MtaStsField[]; broken: Fault | null } => {
  const fields: MtaStsField[] = [];
  let broken: Fault | null = null;
  for (const match of text.matchAll(/[^\r\n]+/g)) {
    const [line] = match;
    if (line.trim() === '') continue;
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0)).trim();
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(key)) {
      broken ??= { offset: match.index, reason: `${quote(line)} is no line of "key: value"` };
      continue;
    }
    const after = line.slice(colon + 1);
    const valueOffset = match.index + colon + 1 + after.length - after.trimStart().length;
    fields.push({ key, value: after.trim(), offset: match.index, valueOffset });
  }
  return { fields, broken };
};

/**
 * Reads a policy file. Unknown fields are ignored; of repeated ones other than `mx` the first
 * counts. Never throws.
 */
export const parseMtaStsPolicy = (text: string): MtaStsPolicy => {
  if (text.length > MTA_STS_POLICY_MAX_CHARACTERS) {
    const reason = `the file is longer than ${MTA_STS_POLICY_MAX_CHARACTERS} characters`;
    return { kind: 'fault', fields: [], fault: { offset: MTA_STS_POLICY_MAX_CHARACTERS, reason } };
  }
  const { fields, broken } = readFields(text);
  const faulty = (offset: number, reason: string): MtaStsPolicy => ({
    kind: 'fault',
    fields,
    fault: { offset, reason },
  });
  if (broken !== null) return faulty(broken.offset, broken.reason);
  const first = (key: string) => fields.find((field) => field.key === key);
  const [version, modeField, maxAge] = [first('version'), first('mode'), first('max_age')];
  if (version === undefined) return faulty(0, 'field "version" is missing');
  if (version.value !== 'STSv1')
    return faulty(version.valueOffset, `"version" is ${quote(version.value)}, not "STSv1"`);
  if (modeField === undefined) return faulty(text.length, 'field "mode" is missing');
  const mode = MODES.find((word) => word === modeField.value);
  if (mode === undefined)
    return faulty(modeField.valueOffset, `"mode" is ${quote(modeField.value)}, not one of ${MODES.join(', ')}`);
  if (maxAge === undefined) return faulty(text.length, 'field "max_age" is missing');
  if (!/^[0-9]{1,10}$/.test(maxAge.value) || Number(maxAge.value) > MAX_AGE_MOST_SECONDS) {
    return faulty(
      maxAge.valueOffset,
      `"max_age" is ${quote(maxAge.value)}, not a number of seconds up to ${MAX_AGE_MOST_SECONDS}`,
    );
  }
  const mx = fields.filter((field) => field.key === 'mx');
  const wrong = mx.find((field) => !MX_PATTERN.test(field.value));
  if (wrong !== undefined)
    return faulty(wrong.valueOffset, `"mx" is ${quote(wrong.value)}, not a host name or "*." and one`);
  if (mx.length === 0 && mode !== 'none') return faulty(text.length, 'field "mx" is missing');
  const repeated = fields.filter((field) => field.key !== 'mx' && first(field.key) !== field);
  return {
    kind: 'policy',
    fields,
    mode,
    mx: mx.map((field) => field.value.toLowerCase()),
    maxAgeSeconds: Number(maxAge.value),
    faults: repeated.map(({ offset, key }) => ({
      offset,
      reason: `field ${quote(key)} appears more than once, the first counts`,
    })),
  };
};

/**
 * True when an MX host matches a pattern of a policy: a `*` matches exactly one label, the
 * leftmost (RFC 8461 section 4.1).
 */
export const mxMatches = (pattern: string, host: string): boolean => {
  const [wanted, name] = [pattern, host].map((text) => text.toLowerCase().replace(/\.$/, '')) as [string, string];
  if (!wanted.startsWith('*.')) return wanted === name;
  return name.indexOf('.') > 0 && name.slice(name.indexOf('.')) === wanted.slice(1);
};
