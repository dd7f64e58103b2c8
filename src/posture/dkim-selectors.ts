/**
 * DKIM keys of a domain: those of the selectors a caller names, else those found under the
 * selectors that well-known services use. No list can be complete, so nothing found is never
 * reported as "no DKIM"; a wildcard that answers every name is reported instead of being taken for
 * keys. RFC 6376 section 3.6.
 */
import type { DkimPosture, DkimSelectorKey } from '../../schemas/posture/dkim.ts';
import { type KeyRecord, type KeyRefusal, keyForMail, readKeyRecord } from '../dkim/key.ts';
import { RSA_LEAST_BITS, selectDkimKey } from '../records/dkim-key.ts';
import { findTag } from '../records/tag-list.ts';
import { type Ask, askTexts, type Found } from './ask.ts';
import { KNOWN_SELECTORS } from './dkim-selectors-data.ts';

/** A selector that nobody publishes: an answer for it is a wildcard's. */
const NO_SUCH_SELECTOR = 'no-such-selector-2f8c41d9';

/**
 * Looks at DKIM keys.
 * @param domain normalized
 * @param given selectors of the request; undefined: the known ones
 * @returns never rejects
 */
export const assessDkim = async (
  domain: string,
  given: readonly string[] | undefined,
  ask: Ask,
): Promise<DkimPosture> => {
  const selectors = given === undefined ? KNOWN_SELECTORS : named(given);
  const nameOf = (selector: string): string => `${selector}._domainkey.${domain}`;
  const [wild, ...answers] = await Promise.all([
    askTexts(ask, nameOf(NO_SUCH_SELECTOR)),
    ...selectors.map(({ selector }) => askTexts(ask, nameOf(selector))),
  ]);
  const wildTexts = new Set(wild?.kind === 'found' ? wild.values : []);
  const keys: { shown: DkimSelectorKey; key: string | null }[] = [];
  for (const [index, { selector, service }] of selectors.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    // What the wildcard says of every name says nothing of this one; a selector that was asked for
    // by name is judged all the same.
    const found = given === undefined ? withoutTexts(answer, wildTexts) : answer;
    const read = readSelector({ selector, service, name: nameOf(selector) }, found, given !== undefined);
    const earlier = read.key === null ? undefined : keys.find(({ key }) => key === read.key);
    keys.push({ ...read, shown: { ...read.shown, sameKeyAs: earlier?.shown.selector ?? null } });
  }
  const shown = keys.map((entry) => entry.shown).filter(({ state }) => given !== undefined || state !== 'absent');
  const failed = shown.filter(({ state }) => state === 'dns-failure').length;
  return {
    state: shown.some(({ state }) => state !== 'dns-failure' && state !== 'absent')
      ? 'found'
      : failed > 0
        ? 'dns-failure'
        : 'none-found',
    source: given === undefined ? 'probed' : 'given',
    asked: selectors.length,
    failed,
    wildcard: wild?.kind === 'dns-failure' ? null : selectDkimKey([...wildTexts]).kind !== 'none',
    selectors: shown,
  };
};

type NamedSelector = { readonly selector: string; readonly service: string | null };

const named = (given: readonly string[]): NamedSelector[] =>
  [...new Set(given.map((selector) => selector.toLowerCase()))].map((selector) => ({
    selector,
    service: KNOWN_SELECTORS.find((known) => known.selector === selector)?.service ?? null,
  }));

const withoutTexts = (found: Found<string>, texts: ReadonlySet<string>): Found<string> => {
  if (found.kind !== 'found') return found;
  const values = found.values.filter((text) => !texts.has(text));
  return values.length > 0
    ? { ...found, values }
    : { kind: 'absent', nxdomain: false, authenticated: found.authenticated };
};

/**
 * @param everything true: a text that is no key record is a fault; false: it is somebody's wildcard
 * and no key
 */
const readSelector = (
  place: NamedSelector & { readonly name: string },
  found: Found<string>,
  everything: boolean,
): { shown: DkimSelectorKey; key: string | null } => {
  const nothing = {
    ...place,
    records: 0,
    keyType: null,
    bits: null,
    testing: false,
    strict: false,
    hashAlgorithms: null,
    forMail: true,
    sameKeyAs: null,
    faults: [],
  };
  if (found.kind === 'dns-failure')
    return { shown: { ...nothing, state: 'dns-failure', failure: found.failure }, key: null };
  if (found.kind === 'absent') return { shown: { ...nothing, state: 'absent' }, key: null };
  const selection = selectDkimKey(found.values);
  if (selection.kind === 'none') {
    if (!everything) return { shown: { ...nothing, state: 'absent' }, key: null };
    const [record = ''] = found.values;
    const faults = [{ offset: 0, reason: 'no TXT record here is a key record' }];
    return { shown: { ...nothing, state: 'invalid', record, faults }, key: null };
  }
  const texts = selection.kind === 'one' ? [selection.text] : selection.texts;
  const keyRecord = readKeyRecord(texts[0] ?? '');
  const { record } = keyRecord;
  const shown = { ...nothing, record: record.text, records: texts.length, ...factsOf(keyRecord) };
  return {
    shown: selection.kind === 'several' ? { ...shown, state: 'several' } : shown,
    key: record.kind === 'key' ? (findTag(record, 'p')?.value.replace(/\s/g, '') ?? null) : null,
  };
};

/** Refusals that the other facts of a key do not show. */
const HIDDEN_REFUSALS: readonly KeyRefusal['code'][] = ['grammar', 'exponent'];

const factsOf = (keyRecord: KeyRecord) => {
  const { record } = keyRecord;
  switch (record.kind) {
    case 'fault':
      return { state: 'invalid' as const, faults: [{ ...record.fault }] };
    case 'revoked':
      return { state: 'revoked' as const, testing: record.testing };
    case 'key': {
      const choice = keyForMail(keyRecord, 'sha256', { strict: true, minRsaBits: RSA_LEAST_BITS });
      const hidden = choice.kind === 'refused' && HIDDEN_REFUSALS.includes(choice.code) ? choice.reason : null;
      const isWeak = record.keyType === 'rsa' && record.bits < RSA_LEAST_BITS;
      return {
        state: isWeak ? ('weak' as const) : hidden === null ? ('valid' as const) : ('invalid' as const),
        keyType: record.keyType,
        bits: record.bits,
        testing: record.testing,
        strict: record.strict,
        hashAlgorithms: record.hashAlgorithms === null ? null : [...record.hashAlgorithms],
        forMail: record.forMail,
        faults: [
          ...(hidden === null ? [] : [{ offset: 0, reason: hidden }]),
          ...record.faults.map((fault) => ({ ...fault })),
        ],
      };
    }
    default:
      return record satisfies never;
  }
};
