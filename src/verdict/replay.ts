/**
 * A verdict evaluated again from its evidence alone: without network, at the time of the verdict,
 * under its settings. The same message gives the same verdict; what differs is listed, so that an
 * upgrade or an unpublished record can be judged on yesterday's mail.
 */
import type { Evidence, OverlayRecord } from '../../schemas/dns.ts';
import type { ReplayedVerdict } from '../../schemas/requests/replay.ts';
import type { IncludeWord } from '../../schemas/requests/verify.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { evidenceErrors, recorded } from '../dns/zone/recorded.ts';
import { type Difference, differencesOf } from './evidence.ts';
import { Fault } from './fault.ts';
import type { VerifierParts } from './run.ts';
import { createVerifier } from './verify.ts';

/** A replay: the new verdict, and where it differs from the old one. */
export type Replay = { verdict: Verdict; same: boolean; differences: Difference[] };

/** Options of a replay. */
type ReplayOptions = { overlay?: readonly OverlayRecord[] | undefined; signal?: AbortSignal | undefined };

/**
 * Replays one verdict.
 * @throws Fault `invalid-evidence` when the evidence contradicts itself or the message is another
 * one; and as Verify does
 */
export type ReplayVerdict = (message: Buffer, earlier: ReplayedVerdict, options?: ReplayOptions) => Promise<Replay>;

/**
 * Makes the function that replays. The parts are those of the verifier, without the lookup: nothing
 * is asked.
 */
export const createReplayer =
  (parts: Omit<VerifierParts, 'lookup' | 'settings' | 'mode'>): ReplayVerdict =>
  async (message, earlier, { overlay, signal } = {}) => {
    // The resolver hands out frozen answers; a parsed body may be kept by nobody else.
    const evidence = earlier.evidence as Evidence[];
    const errors = evidenceErrors(evidence, 'verdict.evidence');
    if (errors.length > 0)
      throw new Fault('invalid-evidence', 'the evidence of the verdict contradicts itself', errors);
    const verify = createVerifier({
      ...parts,
      lookup: recorded(evidence),
      settings: earlier.engine.settings,
      clock: { ...parts.clock, nowMs: () => Date.parse(earlier.evaluatedAt) },
      mode: 'replay',
    });
    const { trustReceived, trustedAuthservIds, facts: derivedFacts = [] } = earlier.derived ?? {};
    const given = Object.fromEntries(Object.entries(earlier.smtp).filter(([name]) => !derivedFacts.includes(name)));
    const verdict = await verify(message, given, {
      include: includedIn(earlier),
      overlay,
      trustReceived,
      trustedAuthservIds,
      require: earlier.decision?.required,
      signal,
    });
    if (verdict.message.sha256 !== earlier.message.sha256) {
      const mistake = { path: 'message', message: 'is not the message of this verdict: its SHA-256 differs' };
      throw new Fault('invalid-evidence', `${mistake.path} ${mistake.message}`, [mistake]);
    }
    const differences = differencesOf(earlier, verdict);
    return { verdict, same: differences.length === 0, differences };
  };

/** What the earlier verdict was asked for. */
const includedIn = ({ spf, dmarc, message }: ReplayedVerdict): IncludeWord[] => [
  'evidence',
  ...(spf?.mailFrom?.trace !== undefined || spf?.helo?.trace !== undefined ? (['trace'] as const) : []),
  ...(dmarc?.rfc9989.reports !== undefined ? (['reports'] as const) : []),
  ...(message.mime !== undefined ? (['mime'] as const) : []),
];
