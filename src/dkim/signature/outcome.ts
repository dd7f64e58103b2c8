/**
 * One signature field from its reading to its result word (RFC 8601 section 2.7.1): syntax, policy,
 * body hash, key, signature and expiry, in this order, and beside the word everything that is
 * reported of it. RFC 6376 section 6.1, RFC 8301 section 3.1. Waits for nothing and never throws.
 */
import type { DkimResult } from '../../../schemas/dkim.ts';
import { limitText, type ReachedLimit, reached } from '../../../schemas/limit.ts';
import type { Failure } from '../../dns/failure.ts';
import type { BodyHashes } from '../body-hash.ts';
import { type Header, type SelectedFields, selectFields, signedBytes } from '../header-hash.ts';
import { type KeyAnswer, type KeyRules, MAX_KEY_RECORDS } from '../key.ts';
import { checkSignature } from '../verify-signature.ts';
import type { SignatureReading, UsableReading } from './field.ts';
import type { KeyType, Signature, SignatureFacts } from './tags.ts';

/** What is reported of a DKIM-Signature or ARC-Message-Signature. */
export type SignatureOutcome = SignatureFacts & {
  /** Position among the fields of its name, from 0, top first. */
  readonly index: number;
  /** Position among all fields of the header block. */
  readonly fieldIndex: number;
  /** Never `none`: that is the word for a message without signatures. */
  readonly result: Exclude<DkimResult, 'none'>;
  /** One plain clause without a full stop. */
  readonly reason: string;
  /** The section that decided. */
  readonly section: string;
  /** Size of the key that decided, in bits; null when no key could be used. */
  readonly keyBits: number | null;
  readonly keyType: KeyType | null;
  /** The key record that decided, else the first at the name; null when none was had. */
  readonly keyRecord: string | null;
  /** Faults of that record, as clauses; those that forbid its use too. */
  readonly keyFaults: readonly string[];
  /**
   * Key records at the name; more than one leaves the result to chance elsewhere (RFC 6376 section
   * 3.6.2.2).
   */
  readonly keyRecordCount: number;
  /**
   * The limit of ours that kept this signature, or a key for it, from being tried; null: none did.
   */
  readonly limit: ReachedLimit | null;
  /** Why the question for the key was not answered; null when it was, or was not asked. */
  readonly keyFailure: Failure | null;
  /** t=y in the key record: the domain tests DKIM (RFC 6376 section 3.6.1). */
  readonly testing: boolean;
  /**
   * Octets of the canonical body that l= leaves unsigned; 0 without l=; null when the body was not
   * hashed for it.
   */
  readonly uncoveredBytes: number | null;
  /** Names that h= lists more often than they occur, so that none can be added. */
  readonly oversignedFields: readonly string[];
  /**
   * Signed names that occur more often than h= lists them: the uppermost stand outside the
   * signature.
   */
  readonly partlySignedFields: readonly string[];
  /** t= is later than now by more than the clock skew. */
  readonly signedInFuture: boolean;
};

/** What a receiver demands of signatures. */
type SignatureRules = KeyRules & {
  /** DKIM signatures evaluated. */
  readonly maxSignatures: number;
  /** How far the clocks of signer and receiver may differ, in seconds. */
  readonly clockSkewSeconds: number;
  /** Now, in seconds since the epoch. */
  readonly nowSeconds: number;
};

/** What is known of the message when a signature is judged. */
type SignatureGround = {
  readonly header: Header;
  readonly bodyHashes: BodyHashes;
  readonly rules: SignatureRules;
};

type Judgement = Pick<SignatureOutcome, 'result' | 'reason' | 'section'> & { readonly limit?: ReachedLimit };

/** Position of the field of a reading. */
export type FieldPlace = {
  readonly index: number;
  readonly fieldIndex: number;
  /** Offset of its value in its wire form. */
  readonly valueStart: number;
};

/** A signature field on its way to its outcome. */
type JudgedField = {
  readonly reading: SignatureReading;
  readonly place: FieldPlace;
  readonly selected: SelectedFields;
};

const describe = (
  { reading: { facts }, place: { index, fieldIndex }, selected }: JudgedField,
  rules: SignatureRules,
  judgement: Judgement,
): SignatureOutcome => {
  return {
    ...facts,
    limit: null,
    ...judgement,
    index,
    fieldIndex,
    keyBits: null,
    keyType: null,
    keyRecord: null,
    keyFaults: [],
    keyRecordCount: 0,
    keyFailure: null,
    testing: false,
    uncoveredBytes: null,
    oversignedFields: selected.oversigned,
    partlySignedFields: selected.partlySigned,
    signedInFuture: (facts.signedAtSeconds ?? 0) > rules.nowSeconds + rules.clockSkewSeconds,
  };
};

/** The outcome of a field that is not evaluated: faulty, or one too many. */
export const outcomeWithoutKey = (
  reading: SignatureReading,
  place: FieldPlace,
  { header, rules }: Pick<SignatureGround, 'header' | 'rules'>,
  overTheCap: boolean,
): SignatureOutcome => {
  const field = { reading, place, selected: selectFields(header, reading.facts.signedFields) };
  if (reading.kind === 'faulty') {
    return describe(field, rules, { result: 'neutral', ...reading.fault });
  }
  if (overTheCap) {
    const limit = reached('signatures', rules.maxSignatures);
    const reason = `not evaluated because of ${limitText(limit)}`;
    return describe(field, rules, { result: 'policy', reason, section: 'RFC 6376 section 6.1', limit });
  }
  const reason = 'rsa-sha1 must not be used';
  return describe(field, rules, { result: 'policy', reason, section: 'RFC 8301 section 3.1' });
};

/**
 * False for what is refused unseen: rsa-sha1 MUST NOT be used for verifying (RFC 8301 section 3.1).
 */
export const isWorthAKey = (signature: Signature, rules: KeyRules): boolean =>
  !(rules.strict && signature.hash === 'sha1');

const describeKeys = (answer: KeyAnswer, decided: string | null) => {
  if (answer.kind !== 'records') return { keyFailure: answer.kind === 'failure' ? answer.failure : null };
  const deciding = answer.records.find(({ record }) => record.text === decided) ?? answer.records[0];
  const record = deciding?.record;
  const faults =
    record?.kind === 'key'
      ? record.faults.map(({ reason }) => reason)
      : record?.kind === 'fault'
        ? [record.fault.reason]
        : [];
  return {
    keyBits: record?.kind === 'key' ? record.bits : null,
    keyType: record?.kind === 'key' ? record.keyType : null,
    keyRecord: record?.text ?? null,
    keyFaults: deciding?.grammarFault ? [...new Set([...faults, deciding.grammarFault])] : faults,
    keyRecordCount: answer.records.length + answer.left,
    testing: record !== undefined && record.kind !== 'fault' && record.testing,
  };
};

/** What the body says of a signature, or null when its hash is the right one. */
const judgeBody = (signature: Signature, { bodyHashes, rules }: SignatureGround): Judgement | null => {
  const total = bodyHashes.canonicalBytes(signature.body);
  if (signature.bodyLength !== null && signature.bodyLength > total) {
    const reason = `l= is larger than the body of ${total} octets`;
    return { result: 'permerror', reason, section: 'RFC 6376 section 3.5' };
  }
  if (bodyHashes.digest(signature) === signature.bodyHash) return null;
  const result = rules.strict ? 'fail' : 'neutral';
  return { result, reason: 'the body was changed: its hash is not bh=', section: 'RFC 6376 section 6.1.3' };
};

/**
 * Judges one usable DKIM-Signature or ARC-Message-Signature with the keys at its name.
 * @returns never throws
 */
export const judgeSignature = (
  reading: UsableReading,
  place: FieldPlace,
  answer: KeyAnswer,
  ground: SignatureGround,
): SignatureOutcome => {
  const { signature, tagList } = reading;
  const { header, rules, bodyHashes } = ground;
  const selected = selectFields(header, signature.signedFields);
  const unsigned = Math.max(0, bodyHashes.canonicalBytes(signature.body) - (signature.bodyLength ?? Infinity));
  const report = (judgement: Judgement, decided: string | null): SignatureOutcome => ({
    ...describe({ reading, place, selected }, rules, judgement),
    ...describeKeys(answer, decided),
    uncoveredBytes: unsigned,
  });
  const body = judgeBody(signature, ground);
  if (body !== null) return report(body, null);
  const b = tagList.tags.get('b');
  const emptied = {
    position: place.fieldIndex,
    start: place.valueStart + (b?.start ?? 0),
    end: place.valueStart + (b?.end ?? 0),
  };
  const bytes = signedBytes(header, selected.positions, emptied, signature.header);
  const { key, result, reason, section } = checkSignature(signature, bytes, answer, rules);
  const { expiresAtSeconds } = signature;
  if (result === 'pass' && expiresAtSeconds !== null && expiresAtSeconds + rules.clockSkewSeconds < rules.nowSeconds) {
    const expired = 'the signature verifies, but it has expired';
    return report({ result: 'neutral', reason: expired, section: 'RFC 6376 section 3.5' }, key?.text ?? null);
  }
  const hasUntriedKeys = result !== 'pass' && answer.kind === 'records' && answer.left > 0;
  const limit = hasUntriedKeys ? { limit: reached('key-records', MAX_KEY_RECORDS) } : {};
  return report({ result, reason, section, ...limit }, key?.text ?? null);
};
