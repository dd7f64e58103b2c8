/**
 * The cryptographic half of one signature: signed bytes and the keys at its name in, a result word
 * out. RFC 6376 sections 6.1.2 and 6.1.3, RFC 8463 section 3. Serves DKIM-Signature,
 * ARC-Message-Signature and ARC-Seal alike. Waits for nothing and never throws.
 */
import { createHash, verify } from 'node:crypto';
import { causeText, isLasting } from '../dns/failure.ts';
import type { DkimKey } from '../records/dkim-key.ts';
import { chooseKey, type KeyAnswer, type KeyRules } from './key.ts';
import type { Signature } from './signature/tags.ts';

/** Outcome of a signature, with the section that decides. */
export type SignatureCheck = {
  readonly result: 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror';
  readonly reason: string;
  readonly section: string;
  /** The key that decided; null when none could be used. */
  readonly key: DkimKey | null;
};

const isSignedBy = (key: DkimKey, signature: Signature, signedBytes: Buffer): boolean => {
  try {
    return signature.keyType === 'rsa'
      ? verify(signature.hash, signedBytes, key.publicKey, signature.signature)
      : verify(null, createHash('sha256').update(signedBytes).digest(), key.publicKey, signature.signature);
  } catch {
    // node:crypto throws on a key it parses and then cannot use (a modulus over 16,384 bits):
    // nothing was verified.
    return false;
  }
};

const checkWithKeys = (
  signature: Signature,
  signedBytes: Buffer,
  answer: KeyAnswer & { kind: 'records' },
  rules: KeyRules,
): SignatureCheck => {
  let best: SignatureCheck | null = null;
  // Several records: the first that verifies decides, else the first that could be used, else the
  // first (section 6.1.2 step 4).
  for (const record of answer.records) {
    const choice = chooseKey(record, signature, rules);
    if (choice.kind === 'refused') {
      const key = record.record.kind === 'key' ? record.record : null;
      best ??= { result: choice.result, reason: choice.reason, section: choice.section, key };
    } else if (isSignedBy(choice.key, signature, signedBytes)) {
      return { result: 'pass', reason: 'the signature verifies', section: 'RFC 6376 section 6.1.3', key: choice.key };
    } else if (best?.result !== 'fail') {
      const reason = 'the signature does not verify: the header was changed, or another key signed';
      best = { result: 'fail', reason, section: 'RFC 6376 section 6.1.3', key: choice.key };
    }
  }
  return best ?? noKey;
};

const noKey: SignatureCheck = {
  result: 'neutral',
  reason: 'there is no key record',
  section: 'RFC 6376 section 6.1.2',
  key: null,
};

/**
 * Verifies one signature over its header bytes; the body hash is the caller's to compare.
 * @param signedBytes from `signedBytes` of header-hash.ts
 */
export const checkSignature = (
  signature: Signature,
  signedBytes: Buffer,
  answer: KeyAnswer,
  rules: KeyRules,
): SignatureCheck => {
  switch (answer.kind) {
    case 'records':
      return checkWithKeys(signature, signedBytes, answer, rules);
    case 'none':
      return noKey;
    case 'failure': {
      // A later attempt may succeed, or it is unlikely to (the words of RFC 8601 section 2.7.1).
      const result = isLasting(answer.failure) ? 'permerror' : 'temperror';
      const reason = `the key could not be had: ${causeText(answer.failure)}`;
      return { result, reason, section: 'RFC 6376 section 6.1.2', key: null };
    }
    default:
      return answer satisfies never;
  }
};
