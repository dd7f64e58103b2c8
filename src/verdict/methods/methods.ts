/**
 * The methods of one verdict. SPF, the signatures, the client's name and the records of DMARC and
 * BIMI are asked for side by side, as soon as their names are known; DMARC is finished with what
 * SPF and DKIM proved, then BIMI with what DMARC says.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArcVerdict } from '../../../schemas/arc.ts';
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { BimiVerdict, Iprev } from '../../../schemas/verdict.ts';
import type { KeyCache } from '../../dkim/key.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';
import { verifyMessage } from '../../dkim/verify-message.ts';
import { beginDmarc, type DmarcEvaluation, noAuthorDomain } from '../../dmarc/evaluate.ts';
import { sha256 } from '../../message/digest.ts';
import type { Mail } from '../mail.ts';
import type { Run } from '../run.ts';
import { checkSpf } from '../spf/spf.ts';
import { toArcVerdict } from './arc.ts';
import { checkBimi, prefetchBimi } from './bimi.ts';
import { toSignature } from './dkim.ts';
import { mayAlign, toIdentifiers } from './identifiers.ts';
import { checkIprev } from './iprev.ts';

/**
 * With more signatures than this, alignment, header fields and findings are not made in one turn of
 * the event loop.
 */
const MANY_SIGNATURES = 100;

/** What the methods found. */
export type Methods = {
  readonly spf: SpfVerdict;
  /** Without alignment, which DMARC decides. */
  readonly dkim: readonly DkimSignature[];
  /** What the signature verifier reports beyond the verdict, in the order of `dkim`. */
  readonly outcomes: readonly SignatureOutcome[];
  readonly arc: ArcVerdict;
  readonly iprev: Iprev;
  /** SHA-256 of the message, hexadecimal. */
  readonly digest: string;
  /** DMARC as it was begun; null without one author domain. */
  readonly evaluation: DmarcEvaluation | null;
};

/** Runs them side by side. Never rejects for what is in a message or DNS answers. */
export const runMethods = async (run: Run, mail: Mail, keys: KeyCache): Promise<Methods> => {
  const { message, facts, clientUnknown, author } = mail;
  const { deadlineMs, timed, budget } = run;
  const { lookup, policyLookup } = budget;
  const { settings, clock } = run.parts;
  const { strict, authservId: receiver } = settings;
  const evaluation = author.domain === null ? null : beginDmarc(author.domain, policyLookup, deadlineMs);
  const [spf, sealed, iprev, digest] = await Promise.all([
    timed('spf', () => checkSpf(facts, { lookup, deadlineMs, clock, strict, receiver, clientUnknown })),
    timed('signatures', () =>
      verifyMessage(message, {
        lookup,
        deadlineMs,
        nowSeconds: run.nowMs / 1000,
        settings,
        keys,
        mayAlign: (sdid) => mayAlign(sdid, author.domain),
      }),
    ),
    timed('iprev', () => checkIprev(facts.clientIp, lookup, deadlineMs)),
    sha256(message.bytes),
    evaluation === null ? null : prefetchBimi(mail, evaluation, lookup, deadlineMs),
  ]);
  await rest(sealed.signatures);
  return {
    spf,
    dkim: sealed.signatures.map(toSignature),
    outcomes: sealed.signatures,
    arc: toArcVerdict(sealed.arc, message, settings.arcTrustedSealers),
    iprev,
    digest,
    evaluation,
  };
};

/** DMARC with what SPF and DKIM proved, in both readings. */
export const finishDmarc = async (run: Run, { author }: Mail, methods: Methods): Promise<DmarcVerdict> => {
  const { evaluation, spf, dkim } = methods;
  if (evaluation === null) return noAuthorDomain(author.reason ?? 'there is no author domain');
  return run.timed('dmarc', () => evaluation.finish(toIdentifiers(spf, dkim, run.parts.settings)));
};

/** The signatures with their alignment; null where it is unknown. */
export const alignSignatures = async ({ dkim, evaluation }: Methods): Promise<DkimSignature[]> => {
  const aligned = await Promise.all(
    dkim.map(async (signature) => ({
      ...signature,
      aligned:
        signature.sdid === null || evaluation === null ? null : await evaluation.isAligned(signature.sdid, 'dkim'),
    })),
  );
  await rest(aligned);
  return aligned;
};

/** BIMI with what DMARC says. @returns null when DMARC gives no ground to look */
export const finishBimi = (
  run: Run,
  { message, author }: Mail,
  { evaluation }: Methods,
  { dmarc, dkim }: { readonly dmarc: DmarcVerdict; readonly dkim: readonly DkimSignature[] },
): Promise<BimiVerdict | null> =>
  run.timed('bimi', () => checkBimi({ message, author, dmarc, dkim, evaluation }, run.budget.lookup, run.deadlineMs));

/** Lets the event loop turn where there is much to do behind it. */
const rest = async ({ length }: readonly unknown[]): Promise<void> => {
  if (length > MANY_SIGNATURES) await nextTurn();
};
