/**
 * What a verdict is worth when the octets did not reach us as they were sent: a message is never
 * refused for a signature that the loss may have broken, and the verdict says so. Pure. RFC 6376
 * section 3.4 is why every octet counts.
 */
import type { DkimSignature } from '../../schemas/dkim.ts';
import type { Disposition, Verdict } from '../../schemas/verdict.ts';
import { finding } from '../verdict/findings/finding.ts';

/**
 * How far the received octets are those that were sent. `white-space-unknown`: the mail server kept
 * the space after each colon to itself (HDR_LEADSPC not negotiated); `body-lossy`: the text was
 * decoded on the way and 8-bit octets are gone.
 */
export type Exactness = 'exact' | 'white-space-unknown' | 'body-lossy';

const INEXACT = {
  'white-space-unknown': {
    lost: 'the white space after the colons of header fields is unknown, since the mail server did not negotiate HDR_LEADSPC',
    breaks: (signature: DkimSignature) => signature.canonicalization?.header !== 'relaxed',
  },
  'body-lossy': {
    lost: 'the mail server decoded the message as text, and octets were lost',
    breaks: () => true,
  },
} as const;

/**
 * Writes to the verdict that octets were lost: a signature that may have failed by that is
 * `neutral` (RFC 8601 section 2.7.1: not capable of being evaluated), and a refusal that may rest
 * on it is withdrawn.
 * @param writeField writes the Authentication-Results field anew
 */
export const withExactness = (
  verdict: Verdict,
  exactness: Exactness,
  writeField: (changed: Verdict) => string,
): Verdict => {
  if (exactness === 'exact') return verdict;
  const { lost, breaks } = INEXACT[exactness];
  const isDoubtful = (signature: DkimSignature): boolean => signature.result === 'fail' && breaks(signature);
  const doubtful = verdict.dkim.some(isDoubtful);
  const notExact = finding(
    'message-not-exact',
    `The message did not arrive byte for byte: ${lost}${doubtful ? '; a DKIM failure may come from that' : ''}.`,
    undefined,
    { severity: doubtful ? 'warning' : 'info' },
  );
  const findings = [...verdict.findings, notExact];
  if (!doubtful) return { ...verdict, findings };
  const changed: Verdict = {
    ...verdict,
    findings,
    dkim: verdict.dkim.map((signature) =>
      isDoubtful(signature) ? { ...signature, result: 'neutral', reason: `cannot be judged: ${lost}` } : signature,
    ),
    disposition: withoutRefusal(verdict.disposition),
  };
  return { ...changed, headers: { ...changed.headers, authenticationResults: writeField(changed) } };
};

const withoutRefusal = (disposition: Disposition): Disposition => {
  if (disposition.wouldBe !== 'reject' && disposition.wouldBe !== 'quarantine') return disposition;
  // No signature lets a stranger relay.
  if (disposition.cause === 'relay') return disposition;
  const { smtpReply: _, ...rest } = disposition;
  const comment = 'the DKIM failure may come from octets that were lost on the way to the check';
  return {
    ...rest,
    action: 'accept',
    wouldBe: 'accept',
    reason: `${disposition.reason}, but ${comment}`,
    override: { type: 'other', comment },
  };
};
