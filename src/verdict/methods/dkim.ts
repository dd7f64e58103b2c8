/**
 * DKIM of a message as the verdict reports it: the outcomes of the signature verifier in the words
 * of RFC 8601 section 2.7.1. Pure; alignment is DMARC's to add.
 */
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';

/** Characters of b= that name a signature in Authentication-Results (RFC 6008 section 3). */
const SIGNATURE_CHARACTERS = 8;
/** Signed fields that a verdict lists for one signature. */
const MAX_SIGNED_FIELDS = 100;

/** One signature, its alignment not yet evaluated. */
export const toSignature = (outcome: SignatureOutcome): DkimSignature => ({
  index: outcome.index,
  result: outcome.result,
  reason: outcome.result === 'pass' ? outcome.reason : `${outcome.reason} (${outcome.section})`,
  sdid: outcome.sdid,
  auid: outcome.auid,
  selector: outcome.selector,
  algorithm: outcome.algorithm,
  keyBits: outcome.keyBits,
  canonicalization: outcome.canonicalization,
  signedFields: outcome.signedFields.slice(0, MAX_SIGNED_FIELDS),
  oversigned: outcome.oversignedFields.includes('from'),
  bodyLength: outcome.bodyLength,
  uncoveredBytes: outcome.uncoveredBytes,
  signedAt: isoTime(outcome.signedAtSeconds),
  expiresAt: isoTime(outcome.expiresAtSeconds),
  testing: outcome.testing,
  signature: outcome.signature?.slice(0, SIGNATURE_CHARACTERS) || null,
  aligned: null,
});

/** ISO 8601 of seconds since the epoch; null beyond what a date can hold. */
export const isoTime = (seconds: number | null): string | null =>
  seconds === null || Math.abs(seconds) > 8.64e12 ? null : new Date(seconds * 1000).toISOString();
