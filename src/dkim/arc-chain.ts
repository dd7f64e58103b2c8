/**
 * Chain validation (RFC 8617 section 5.2 steps 4 to 6): the newest ARC-Message-Signature, then
 * every seal from the newest to the oldest. A chain fails at its first fault; a key that could not
 * be had makes it `temperror` only when nothing else is wrong, so that waiting can still change the
 * word.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ArcResult } from '../../schemas/arc.ts';
import type { ArcSet, ArcStructure, ChainFault, SealedSet } from './arc-set.ts';
import { fieldText } from './arc-set.ts';
import { type Header, signedBytes } from './header-hash.ts';
import type { KeyAnswer, KeyRules } from './key.ts';
import type { SignatureOutcome } from './signature/outcome.ts';
import { checkSignature, type SignatureCheck } from './verify-signature.ts';

/** One ARC set as it is reported. */
type ArcSetOutcome = {
  readonly instance: number;
  /** d= and s= of the ARC-Seal. */
  readonly sealer: string | null;
  readonly selector: string | null;
  /** cv= in lower case. */
  readonly cv: string | null;
  /** t= of the ARC-Seal, in seconds since the epoch. */
  readonly sealedAtSeconds: number | null;
  /** Position of the ARC-Authentication-Results among the fields of the header block. */
  readonly authenticationResultsIndex: number;
  /** Result of its seal; null when the chain was decided before the seal was evaluated. */
  readonly seal: SignatureCheck['result'] | null;
};

/** What is reported of the chain. */
export type ArcOutcome = {
  readonly result: ArcResult;
  /** One plain clause without a full stop. */
  readonly reason: string;
  readonly section: string;
  /** The set that decided; null when none did. */
  readonly instance: number | null;
  /** i=1 first; of a broken chain those sets that are complete. */
  readonly sets: readonly ArcSetOutcome[];
  /** The newest ARC-Message-Signature; null when it was not evaluated. */
  readonly messageSignature: SignatureOutcome | null;
};

/** Octets of sealed fields between two turns of the event loop. */
const TURN_BYTES = 1_048_576;

const reportSet = ({ instance, sealReading, cv, authenticationResults }: ArcSet): ArcSetOutcome => ({
  instance,
  sealer: sealReading.facts.sdid,
  selector: sealReading.facts.selector,
  cv,
  sealedAtSeconds: sealReading.facts.signedAtSeconds,
  authenticationResultsIndex: authenticationResults,
  seal: null,
});

/**
 * The fields a seal covers before itself: the sets up to its own, in order, its own seal left out
 * (section 5.1.1).
 */
const sealedPositions = (sets: readonly ArcSet[], instance: number): number[] =>
  sets
    .slice(0, instance)
    .flatMap((set) => [set.authenticationResults, set.messageSignature, set.seal])
    .slice(0, -1);

/** What the seals of a chain are checked with. */
type ChainGround = {
  readonly header: Header;
  /** The keys by the name of their record. */
  readonly answers: ReadonlyMap<string, KeyAnswer>;
  readonly rules: KeyRules;
};

const checkSeal = (
  { header, answers, rules }: ChainGround,
  sets: readonly SealedSet[],
  set: SealedSet,
): { check: SignatureCheck; octets: number } => {
  const { signature, tagList } = set.sealReading;
  const { start } = fieldText(header.wire(set.seal));
  const b = tagList.tags.get('b');
  const emptied = { position: set.seal, start: start + (b?.start ?? 0), end: start + (b?.end ?? 0) };
  const bytes = signedBytes(header, sealedPositions(sets, set.instance), emptied, 'relaxed');
  const answer = answers.get(signature.keyName) ?? { kind: 'none' };
  return { check: checkSignature(signature, bytes, answer, rules), octets: bytes.length };
};

/** A chain that was decided by the shape of its fields. */
export const outcomeOfShape = (structure: Exclude<ArcStructure, { kind: 'chain' }>): ArcOutcome => {
  const undecided = { messageSignature: null, instance: null };
  if (structure.kind === 'none') {
    const reason = 'the message has no ARC fields';
    return { ...undecided, result: 'none', reason, section: 'RFC 8617 section 5.2', sets: [] };
  }
  return { ...undecided, result: 'fail', ...structure.fault, sets: structure.sets.map(reportSet) };
};

/**
 * Validates a chain (RFC 8617 section 5.2 steps 4 to 6).
 * @param messageSignature outcome of the newest ARC-Message-Signature
 * @returns never rejects
 */
export const validateChain = async (
  structure: ArcStructure & { kind: 'chain' },
  messageSignature: SignatureOutcome,
  ground: ChainGround,
): Promise<ArcOutcome> => {
  const { sets, newest } = structure;
  const reported = sets.map(reportSet);
  let delay: ChainFault | null = null;
  const decide = (result: ArcResult, fault: ChainFault): ArcOutcome => ({
    result,
    ...fault,
    sets: reported,
    messageSignature,
  });
  if (messageSignature.result !== 'pass') {
    const { reason, section } = messageSignature;
    const fault = {
      reason: `ARC-Message-Signature i=${newest.instance}: ${reason}`,
      section,
      instance: newest.instance,
    };
    if (messageSignature.result !== 'temperror') return decide('fail', fault);
    delay = fault;
  }
  let octets = 0;
  for (const [position, set] of [...sets.entries()].toReversed()) {
    const { check, octets: hashed } = checkSeal(ground, sets, set);
    reported[position] = { ...reportSet(set), seal: check.result };
    if (check.result !== 'pass') {
      const reason = `ARC-Seal i=${set.instance}: ${check.reason}`;
      const fault = { reason, section: check.section, instance: set.instance };
      if (check.result !== 'temperror') return decide('fail', fault);
      delay ??= fault;
    }
    octets += hashed;
    if (octets > TURN_BYTES) {
      octets = 0;
      await nextTurn();
    }
  }
  if (delay !== null) return decide('temperror', delay);
  const reason = `the chain of ${sets.length} ${sets.length === 1 ? 'set' : 'sets'} is intact`;
  return decide('pass', { reason, section: 'RFC 8617 section 5.2', instance: newest.instance });
};
