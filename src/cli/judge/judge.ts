/**
 * What judges: this process with a resolver of its own, or with --url a service that runs
 * elsewhere. The commands do not know which.
 */
import type { OverlayRecord } from '../../../schemas/dns.ts';
import type { Posture } from '../../../schemas/posture/posture.ts';
import type { PostureRequest } from '../../../schemas/requests/domain.ts';
import type { ReplayAnswer, ReplayedVerdict } from '../../../schemas/requests/replay.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import type { VerifyOptions } from '../../verdict/run.ts';

/**
 * Judges messages and domains. Each call throws Refused for what the caller can mend, and
 * Unavailable when no answer is to be had from a service.
 */
export type Judge = {
  readonly verify: (message: Buffer, facts: SmtpFacts, options: VerifyOptions) => Promise<Verdict>;
  readonly assess: (domain: string, request: PostureRequest) => Promise<Posture>;
  readonly replay: (
    message: Buffer,
    earlier: ReplayedVerdict,
    overlay: OverlayRecord[] | undefined,
  ) => Promise<ReplayAnswer>;
  readonly close: () => void;
};
