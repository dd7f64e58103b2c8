/**
 * DKIM of a message: mailauth verifies, this file chooses which signatures are worth the work and puts the outcome into the words of RFC 8601 section 2.7.1.
 * At most `maxSignatures` are evaluated (RFC 6376 section 6.1 lets a verifier limit them); the rest are told as `policy`, never dropped.
 */
import { DkimResult, type DkimSignature } from '../../schemas/dkim.ts';
import {
  type MailauthArcData,
  type MailauthResolver,
  type MailauthSignature,
  mailauthSignatures,
  OVER_THE_CAP,
} from './mailauth.ts';

/** What signature verification needs beside the message. */
export type DkimParts = {
  resolver: MailauthResolver;
  strict: boolean;
  maxSignatures: number;
  /** Smallest RSA key in bits (RFC 8301 section 3.2). */
  minRsaBits: number;
  clockSkewSeconds: number;
  /** Now, in milliseconds since the epoch. */
  nowMs: number;
  /** True when an SDID may align with the Author Domain: such signatures are evaluated first. */
  mayAlign: (sdid: string) => boolean;
};

/** Signatures in the order of the message, and what the ARC step needs. */
export type SignatureOutcome = { signatures: DkimSignature[]; arcData: MailauthArcData };

/** Verifies the signatures of a message; never throws on a message's content. */
export const verifySignatures = async (message: Uint8Array, parts: DkimParts): Promise<SignatureOutcome> => {
  const { signatures, arc } = await mailauthSignatures(
    message,
    {
      resolver: parts.resolver,
      strict: parts.strict,
      minBitLength: parts.minRsaBits,
      // x= is held against a clock that is late by the skew, so that a slow path does not expire a signature.
      curTime: new Date(parts.nowMs - parts.clockSkewSeconds * 1000),
      // Given so that mailauth does not take a Return-Path field of the message for the envelope.
      sender: 'unused@invalid',
    },
    (domains) => chooseSignatures(domains, parts),
  );
  return { signatures: signatures.map((signature, index) => toSignature(signature, index, parts)), arcData: arc };
};

/** Indexes of the signatures to evaluate: those that may align first, then in order. */
const chooseSignatures = (domains: string[], { maxSignatures, mayAlign }: DkimParts): ReadonlySet<number> => {
  const indexes = domains.map((_, index) => index);
  const first = indexes.filter((index) => mayAlign(domains[index] ?? ''));
  return new Set([...first, ...indexes.filter((index) => !first.includes(index))].slice(0, maxSignatures));
};

const toSignature = (signature: MailauthSignature, index: number, parts: DkimParts): DkimSignature => {
  const { result, reason } = outcome(signature, parts);
  const [header = 'simple', body = 'simple'] = (signature.format ?? '')
    .toLowerCase()
    .split('/')
    .map((word) => word.trim());
  const identity = signature.status.header?.i;
  return {
    index,
    result,
    reason,
    sdid: signature.signingDomain?.toLowerCase() || null,
    auid: identity || (signature.signingDomain ? `@${signature.signingDomain}` : null),
    selector: signature.selector || null,
    algorithm: signature.algo ?? null,
    keyBits: signature.modulusLength ?? (signature.publicKey !== undefined ? 256 : null),
    canonicalization: signature.algo === undefined ? null : { header: header || 'simple', body: body || 'simple' },
    signedFields: (signature.signingHeaders?.keys ?? '')
      .split(':')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
    bodyLength: signature.canonBodyLengthLimited ? (signature.canonBodyLengthLimit ?? null) : null,
    uncoveredBytes: uncoveredBytes(signature),
    signedAt: signature.signTime ?? null,
    expiresAt: signature.expiresAfter ?? null,
    testing: signature.status.testing === true,
    signature: signature.status.header?.b || null,
    aligned: null,
  };
};

const uncoveredBytes = ({ canonBodyLength, canonBodyLengthTotal }: MailauthSignature): number | null =>
  canonBodyLength === undefined || canonBodyLengthTotal === undefined
    ? null
    : Math.max(0, canonBodyLengthTotal - canonBodyLength);

const outcome = (signature: MailauthSignature, parts: DkimParts): { result: DkimResult; reason: string } => {
  const { status } = signature;
  if (status.comment === OVER_THE_CAP) {
    return { result: 'policy', reason: `not evaluated: only ${parts.maxSignatures} signatures of a message are` };
  }
  const result = DkimResult.parse(status.result);
  if (result === 'pass') {
    const limit = signature.canonBodyLengthLimit;
    // RFC 6376 section 3.5: l= MUST NOT be larger than the canonical body.
    if (limit !== undefined && limit > (signature.canonBodyLengthTotal ?? limit)) {
      return { result: 'permerror', reason: `l=${limit} is larger than the body` };
    }
    return { result, reason: 'the signature verifies' };
  }
  if (status.policy?.['dkim-rules'] === 'weak-key') {
    return { result, reason: `the key has fewer than ${parts.minRsaBits} bits (RFC 8301 section 3.2)` };
  }
  if (status.policy?.['dkim-rules'] === 'weak-algorithm') {
    return { result, reason: 'rsa-sha1 must not be used (RFC 8301 section 3.1)' };
  }
  return { result, reason: status.comment ?? 'the signature does not verify' };
};
