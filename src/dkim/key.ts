/**
 * Keys: from the name of a key record to keys that node:crypto can use, and whether one of them
 * suits a signature. RFC 6376 sections 3.6.1, 3.6.2 and 6.1.2, RFC 8301 section 3.2 (sizes), RFC
 * 8463 section 4 (Ed25519). A parsed record is kept by its text, so it is never older than the DNS
 * answer it came with. Never throws: no key, a revoked key and a failed question are values.
 */
import { LRUCache } from 'lru-cache';
import { type Failure, failureOf } from '../dns/failure.ts';
import type { Answer, Lookup } from '../dns/lookup.ts';
import { type DkimKey, type DkimKeyRecord, parseDkimKey } from '../records/dkim-key.ts';
import { txtTexts } from '../records/txt.ts';
import type { Signature } from './signature/tags.ts';
import { readTagList } from './tag-list.ts';

/**
 * A key record with what its grammar says (RFC 6376 section 6.1.2 step 5: a record off the grammar
 * is ignored).
 */
export type KeyRecord = {
  readonly record: DkimKeyRecord;
  /** First fault of its tag-list, or null. */
  readonly grammarFault: string | null;
  /** True for an RSA exponent of more than 64 bits. */
  readonly isCostly: boolean;
};

/** What is known of the keys at a name. */
export type KeyAnswer =
  /**
   * At least one; sorted by text, because DNS gives them in no order (RFC 6376 section 6.1.2 step
   * 4).
   */
  | { readonly kind: 'records'; readonly records: readonly KeyRecord[]; readonly left: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Remembers parsed key records by their text. */
export type KeyCache = {
  readonly read: (text: string) => KeyRecord;
  /** Records cached now. */
  readonly size: () => number;
};

/**
 * Key records tried at one name; RFC 6376 section 3.6.2.2 wants one, and each costs a verification.
 */
export const MAX_KEY_RECORDS = 4;

/** A longer text is read each time: the record of a 16,384-bit key has fewer characters. */
const MAX_CACHED_CHARACTERS = 4096;

/**
 * An exponent beyond this makes one verification cost as much as hundreds; OpenSSL refuses it above
 * 3,072 bits only.
 */
const MAX_RSA_EXPONENT = 2n ** 64n;

/**
 * True when a text can be a key record: it has `p=`, and no version of another kind of record, as a
 * DMARC record of a wildcard has.
 */
const mayBeKey = (text: string): boolean => {
  const tags = text.split(';').map((tag) => tag.split('=', 2).map((part) => part.trim()));
  return (
    tags.some(([name, value]) => name === 'p' && value !== undefined) &&
    !tags.some(([name, value]) => name === 'v' && value !== 'DKIM1')
  );
};

/** Reads the text of a key record. Never throws. */
export const readKeyRecord = (text: string): KeyRecord => {
  const record = parseDkimKey(text);
  const exponent = record.kind === 'key' ? record.publicKey.asymmetricKeyDetails?.publicExponent : undefined;
  return {
    record,
    // White space in a record is whatever its publisher's tools made of a long line, so any of it
    // is taken for a blank.
    grammarFault: readTagList(text.replace(/[ \t\r\n]+/g, ' ').trim()).fault?.reason ?? null,
    isCostly: (exponent ?? 0n) >= MAX_RSA_EXPONENT,
  };
};

/**
 * Makes a cache of parsed key records; the least recently used is dropped.
 * @param maxEntries records cached; about 2 kB each
 */
export const createKeyCache = (maxEntries = 1000): KeyCache => {
  const cached = new LRUCache<string, KeyRecord>({ max: maxEntries });
  return {
    read: (text) => {
      const known = cached.get(text) ?? readKeyRecord(text);
      if (text.length <= MAX_CACHED_CHARACTERS) cached.set(text, known);
      return known;
    },
    size: () => cached.size,
  };
};

/** Reads the answer to a question for a key record. */
const readKeyAnswer = (answer: Answer, cache: KeyCache): KeyAnswer => {
  switch (answer.kind) {
    case 'records': {
      const texts = [...new Set(txtTexts(answer.records))].toSorted(
        // What cannot be a key must not crowd out what can; among the rest the order of DNS, which
        // changes, decides nothing.
        (left, right) => Number(mayBeKey(right)) - Number(mayBeKey(left)) || (left < right ? -1 : 1),
      );
      const records = texts.slice(0, MAX_KEY_RECORDS).map(cache.read);
      return records.length === 0
        ? { kind: 'none' }
        : { kind: 'records', records, left: texts.length - records.length };
    }
    case 'nodata':
    case 'nxdomain':
      return { kind: 'none' };
    case 'failure':
      // A name that cannot be asked for has no key now or later: waiting would not help.
      return answer.failure === 'badname' ? { kind: 'none' } : { kind: 'failure', failure: failureOf(answer) };
    default:
      return answer satisfies never;
  }
};

/** Asks for the keys at a name (RFC 6376 section 3.6.2.1). Never rejects. */
export const askForKeys = async (
  lookup: Lookup,
  keyName: string,
  deadlineMs: number,
  cache: KeyCache,
): Promise<KeyAnswer> => readKeyAnswer(await lookup({ name: keyName, type: 'TXT' }, deadlineMs), cache);

/** What a receiver demands of keys. */
export type KeyRules = {
  readonly strict: boolean;
  /** Least size of an RSA key in bits (RFC 8301 section 3.2). */
  readonly minRsaBits: number;
};

/** Why a key may not be used; `result` is the word of RFC 8601 section 2.7.1. */
export type KeyRefusal = {
  readonly kind: 'refused';
  readonly code: 'revoked' | 'fault' | 'grammar' | 'not-for-mail' | 'hash' | 'size' | 'exponent' | 'type' | 'subdomain';
  readonly result: 'neutral' | 'policy';
  readonly reason: string;
  readonly section: string;
};

/** Whether a key may be used for a signature. */
type KeyChoice = { readonly kind: 'key'; readonly key: DkimKey } | KeyRefusal;

const refused = (
  code: KeyRefusal['code'],
  reason: string,
  section: string,
  result: KeyRefusal['result'] = 'neutral',
): KeyRefusal => ({ kind: 'refused', code, result, reason, section });

/**
 * Whether a key may be used for signatures over mail at all (RFC 6376 section 6.1.2). The verifier
 * and the domain view ask this one function.
 * @param hash algorithm of the signature
 */
export const keyForMail = (
  { record, grammarFault, isCostly }: KeyRecord,
  hash: Signature['hash'],
  rules: KeyRules,
): KeyChoice => {
  if (record.kind === 'revoked') return refused('revoked', 'the key is revoked: p= is empty', 'RFC 6376 section 3.6.1');
  if (record.kind === 'fault') {
    return refused('fault', `the key record cannot be used: ${record.fault.reason}`, 'RFC 6376 section 6.1.2');
  }
  if (rules.strict && grammarFault !== null) {
    return refused('grammar', `the key record is not a tag-list: ${grammarFault}`, 'RFC 6376 section 6.1.2');
  }
  if (!record.services.includes('*') && !record.services.includes('email')) {
    return refused('not-for-mail', 'the key is not for mail', 'RFC 6376 section 3.6.1');
  }
  if (record.hashAlgorithms !== null && !record.hashAlgorithms.includes(hash)) {
    return refused('hash', `the key is not for ${hash}`, 'RFC 6376 section 6.1.2');
  }
  if (record.keyType === 'rsa' && record.bits < rules.minRsaBits) {
    const reason = `the RSA key has ${record.bits} bits, fewer than ${rules.minRsaBits}`;
    return refused('size', reason, 'RFC 8301 section 3.2', 'policy');
  }
  if (isCostly) {
    const reason = 'the exponent of the RSA key has more than 64 bits';
    return refused('exponent', reason, 'RFC 6376 section 3.3.3', 'policy');
  }
  return { kind: 'key', key: record };
};

/** Holds a key record against a signature (RFC 6376 section 6.1.2). */
export const chooseKey = (keyRecord: KeyRecord, signature: Signature, rules: KeyRules): KeyChoice => {
  const choice = keyForMail(keyRecord, signature.hash, rules);
  if (choice.kind === 'refused') return choice;
  const { key } = choice;
  if (key.keyType !== signature.keyType) {
    const reason = `the key is for ${key.keyType}, the signature is ${signature.keyType}`;
    return refused('type', reason, 'RFC 6376 section 6.1.2');
  }
  if (key.strict && rules.strict && signature.auidDomain !== null && signature.auidDomain !== signature.sdid) {
    return refused('subdomain', 'the key forbids i= below d= (t=s)', 'RFC 6376 section 3.6.1');
  }
  return choice;
};
