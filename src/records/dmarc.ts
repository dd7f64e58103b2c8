/**
 * A DMARC Policy Record as a syntax tree, read by RFC 9989 sections 4.7 and 4.8, and the same
 * record as RFC 7489 section 6.3 reads it. Keeps unknown and removed tags and reports every fault.
 * Never walks the DNS tree and never applies a policy to a message.
 */
import { type Fault, quote } from './fault.ts';
import { memoized } from './memoized.ts';
import { findTag, parseTagList, type Tag, type TagList } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** A policy word of `p`, `sp` and `np`. */
type DmarcPolicyWord = 'none' | 'quarantine' | 'reject';

/** One address of `rua` or `ruf`. */
export type DmarcUri = {
  /** Without the obsolete `!size`. */
  readonly uri: string;
  readonly offset: number;
  /** `mailto` target's domain in lower case; null for another scheme. */
  readonly mailDomain: string | null;
  /** The `!size` of RFC 7489 section 6.2 as published, without the `!`; ignored by RFC 9989. */
  readonly obsoleteSize: string | null;
};

/**
 * The policies that a receiver acts on, after the rules for missing and invalid ones. `sp` and `np`
 * are null where absent.
 */
type DmarcPolicies = {
  readonly p: DmarcPolicyWord;
  readonly sp: DmarcPolicyWord | null;
  readonly np: DmarcPolicyWord | null;
};

/** A record that receivers use, whatever faults single tags have. */
export type DmarcRecord = {
  readonly kind: 'record';
  readonly text: string;
  /** All tags in order, with their positions. */
  readonly tags: readonly Tag[];
  /** null: absent or invalid. */
  readonly p: DmarcPolicyWord | null;
  readonly sp: DmarcPolicyWord | null;
  readonly np: DmarcPolicyWord | null;
  /** What applies under RFC 9989 section 4.10.1; null: no DMARC processing. */
  readonly policies: DmarcPolicies | null;
  readonly adkim: 'relaxed' | 'strict';
  readonly aspf: 'relaxed' | 'strict';
  /** `t=y`: the policy is applied one level lower. */
  readonly testing: boolean;
  readonly psd: 'y' | 'n' | 'u';
  readonly rua: readonly DmarcUri[];
  readonly ruf: readonly DmarcUri[];
  /** Failure reporting options; `['0']` by default. */
  readonly fo: readonly string[];
  /** `pct`, `rf` and `ri`, which RFC 9989 removed. */
  readonly removed: readonly Tag[];
  /** Tags that no DMARC standard defines. */
  readonly unknown: readonly Tag[];
  /** Every fault in order of position; none of them makes the record unusable. */
  readonly faults: readonly Fault[];
};

/** A text that receivers ignore: no DMARC record, or one with a repeated tag. */
type DmarcParse =
  | DmarcRecord
  | { readonly kind: 'fault'; readonly text: string; readonly tags: readonly Tag[]; readonly fault: Fault };

// `"v" equals %s"DMARC1"`: the value is case-sensitive; the letter v is a literal of the grammar
// and is not.
const VERSION = /^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)/;
const DEFINED = new Set(['v', 'p', 'sp', 'np', 't', 'psd', 'adkim', 'aspf', 'rua', 'ruf', 'fo']);
const REMOVED = new Set(['pct', 'rf', 'ri']);
const POLICY_WORDS: readonly DmarcPolicyWord[] = ['none', 'quarantine', 'reject'];
const URI = /^[a-z][a-z0-9+.-]*:(?:[a-z0-9\-._~:/?#[\]@$&'()*+;=]|%[0-9a-f]{2})*$/i;
const OBSOLETE_SIZE = /!([0-9]+[kmgt]?)$/i;
/** dmarc-fo: 0 or 1 at most once, d and s at most once each. */
const areFailureOptions = (words: readonly string[]): boolean =>
  words.every((word) => ['0', '1', 'd', 's'].includes(word)) &&
  new Set(words).size === words.length &&
  !(words.includes('0') && words.includes('1'));

/** True when a text is a DMARC record: `v=DMARC1` comes first (RFC 9989 section 4.7). */
export const isDmarcRecord = (text: string): boolean => VERSION.test(text);

/**
 * The DMARC record among the TXT texts of a name; several count as none (RFC 9989 section 4.10 step
 * 2).
 */
export const selectDmarc = (texts: readonly string[]): Selection => selectTexts(texts, isDmarcRecord);

const readWord = <Word extends string>(
  list: TagList,
  name: string,
  words: readonly Word[],
  faults: Fault[],
): Word | null => {
  const tag = findTag(list, name);
  if (tag === undefined) return null;
  const found = words.find((word) => word === tag.value.toLowerCase());
  if (found === undefined) {
    faults.push({
      offset: tag.valueOffset,
      reason: `"${name}" is ${quote(tag.value)}, not one of ${words.join(', ')}`,
    });
  }
  return found ?? null;
};

/** Most report URIs of one tag that are read: nobody sends the same report to more addresses. */
export const MAX_URIS = 100;

const readUris = (list: TagList, name: 'rua' | 'ruf', faults: Fault[]): DmarcUri[] => {
  const tag = findTag(list, name);
  if (tag === undefined) return [];
  const uris: DmarcUri[] = [];
  let start = tag.valueOffset;
  for (const [index, piece] of tag.value.split(',', MAX_URIS + 1).entries()) {
    if (index === MAX_URIS) {
      faults.push({ offset: start, reason: `"${name}" holds more than ${MAX_URIS} URIs, the most that are read` });
      break;
    }
    const offset = start + piece.length - piece.trimStart().length;
    start += piece.length + 1;
    const written = piece.trim();
    const size = OBSOLETE_SIZE.exec(written);
    const uri = size === null ? written : written.slice(0, size.index);
    if (!URI.test(uri)) {
      faults.push({ offset, reason: `${quote(written)} in "${name}" is no URI` });
      continue;
    }
    const mail = /^mailto:[^?]*@([^?]+)/i.exec(uri);
    uris.push({ uri, offset, mailDomain: mail?.[1]?.toLowerCase() ?? null, obsoleteSize: size?.[1] ?? null });
    if (/^mailto:/i.test(uri) && mail === null)
      faults.push({ offset, reason: `${quote(written)} in "${name}" holds no mail address` });
  }
  return uris;
};

const readFailureOptions = (list: TagList, faults: Fault[]): string[] => {
  const tag = findTag(list, 'fo');
  if (tag === undefined) return ['0'];
  const words = tag.value.toLowerCase().replace(/[ \t]/g, '').split(':');
  if (areFailureOptions(words)) return words;
  faults.push({ offset: tag.valueOffset, reason: `"fo" is ${quote(tag.value)}, not a list of 0 or 1, d and s` });
  return ['0'];
};

const readDmarc = (text: string): DmarcParse => {
  const list = parseTagList(text);
  if (!isDmarcRecord(text)) {
    return {
      kind: 'fault',
      text,
      tags: list.tags,
      fault: { offset: 0, reason: 'the text does not begin with "v=DMARC1"' },
    };
  }
  const [twice] = list.repeated;
  if (twice !== undefined) {
    return {
      kind: 'fault',
      text,
      tags: list.tags,
      fault: { offset: twice.offset, reason: `tag ${quote(twice.name)} appears more than once` },
    };
  }
  const faults: Fault[] = [...list.faults];
  const p = readWord(list, 'p', POLICY_WORDS, faults);
  const sp = readWord(list, 'sp', POLICY_WORDS, faults);
  const np = readWord(list, 'np', POLICY_WORDS, faults);
  const rua = readUris(list, 'rua', faults);
  const unknown = list.tags.slice(1).filter((tag) => !DEFINED.has(tag.name) && !REMOVED.has(tag.name));
  for (const tag of unknown) {
    const lower = tag.name.toLowerCase();
    if (DEFINED.has(lower))
      faults.push({ offset: tag.offset, reason: `tag ${quote(tag.name)} is ignored: names are in lower case` });
  }
  const invalid = p === null || (sp === null && findTag(list, 'sp')) || (np === null && findTag(list, 'np'));
  const monitoring = rua.length > 0 ? ({ p: 'none', sp: null, np: null } as const) : null;
  const mode = (name: 'adkim' | 'aspf') => (readWord(list, name, ['r', 's'], faults) === 's' ? 'strict' : 'relaxed');
  return {
    kind: 'record',
    text,
    tags: list.tags,
    p,
    sp,
    np,
    policies: invalid ? monitoring : { p, sp, np },
    adkim: mode('adkim'),
    aspf: mode('aspf'),
    testing: readWord(list, 't', ['y', 'n'], faults) === 'y',
    psd: readWord(list, 'psd', ['y', 'n', 'u'], faults) ?? 'u',
    rua,
    ruf: readUris(list, 'ruf', faults),
    fo: readFailureOptions(list, faults),
    removed: list.tags.filter((tag) => REMOVED.has(tag.name)),
    unknown,
    faults: faults.toSorted((left, right) => left.offset - right.offset),
  };
};

/**
 * Reads a DMARC record by RFC 9989. A fault in a tag puts that tag's default in its place (section
 * 4.7); only a wrong first tag or a repeated tag (RFC 6376 section 3.2) makes a receiver ignore the
 * whole record. Never throws.
 */
export const parseDmarc = memoized(readDmarc);

/** The policies of a record as an RFC 7489 receiver reads them. */
type DmarcRfc7489Reading = {
  /**
   * What applies under RFC 7489 section 6.6.3 step 6; null: no DMARC. `np` does not exist there.
   */
  readonly policies: { readonly p: DmarcPolicyWord; readonly sp: DmarcPolicyWord | null } | null;
  /** `pct`: percent of messages the policy is applied to, 0 to 100; 100 where absent or invalid. */
  readonly percent: number;
  /** `ri`: seconds between aggregate reports; 86400 where absent or invalid. */
  readonly reportIntervalSeconds: number;
  /** Faults that only the older reading has. */
  readonly faults: readonly Fault[];
};

/** A tag whose value is a whole number from 0. */
type NumberTag = { readonly name: 'pct' | 'ri'; readonly max: number; readonly absent: number };

const PERCENT: NumberTag = { name: 'pct', max: 100, absent: 100 };
const REPORT_INTERVAL: NumberTag = { name: 'ri', max: 4_294_967_295, absent: 86_400 };

const readNumber = (list: TagList, { name, max, absent }: NumberTag, faults: Fault[]): number => {
  const tag = findTag(list, name);
  if (tag === undefined) return absent;
  if (/^[0-9]{1,10}$/.test(tag.value) && Number(tag.value) <= max) return Number(tag.value);
  faults.push({
    offset: tag.valueOffset,
    reason: `"${name}" is ${quote(tag.value)}, not a whole number from 0 to ${max}`,
  });
  return absent;
};

/**
 * Reads the removed tags of a record and its policies by RFC 7489 sections 6.3 and 6.6.3. Never
 * throws.
 */
export const readAsRfc7489 = (record: DmarcRecord): DmarcRfc7489Reading => {
  const list: TagList = { tags: record.tags, faults: [], repeated: [] };
  const faults: Fault[] = [];
  const second = record.tags[1];
  if (record.p !== null && second?.name !== 'p') {
    faults.push({ offset: second?.offset ?? 0, reason: '"p" does not stand right after "v"' });
  }
  const invalid = record.p === null || (record.sp === null && findTag(list, 'sp') !== undefined);
  const monitoring = record.rua.length > 0 ? ({ p: 'none', sp: null } as const) : null;
  return {
    policies: record.p === null || invalid ? monitoring : { p: record.p, sp: record.sp },
    percent: readNumber(list, PERCENT, faults),
    reportIntervalSeconds: readNumber(list, REPORT_INTERVAL, faults),
    faults,
  };
};
