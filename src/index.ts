/**
 * What the package offers to programs: a verifier, a replayer and a domain assessor over a resolver, and the schemas of what they answer. Has no effect on import. A program that
 * speaks to a running service takes `mailverdict/client` instead.
 */
export { Config } from '../schemas/config.ts';
export { Posture } from '../schemas/posture.ts';
export { SmtpFacts } from '../schemas/smtp.ts';
export { Verdict } from '../schemas/verdict.ts';
export { createLog } from './log.ts';
export { createParts, type Parts } from './parts.ts';
export type { Assess, AssessOptions, AssessOutcome } from './posture/assess.ts';
export { Fault, type FaultCode } from './verdict/fault.ts';
export type { Replay, ReplayVerdict } from './verdict/replay.ts';
export type { Verify, VerifyOptions } from './verdict/verify.ts';
