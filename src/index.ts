/**
 * What the package offers to programs: a verifier, a replayer and a domain assessor over a
 * resolver, and the schemas of what they answer. Has no effect on import. A program that speaks to
 * a running service takes `mailverdict/client` instead.
 */

export { Posture } from '../schemas/posture/posture.ts';
export { Config } from '../schemas/settings/settings.ts';
export { SmtpFacts } from '../schemas/smtp.ts';
export { Verdict } from '../schemas/verdict.ts';
export { type IsReallyFromOptions, isReallyFrom } from './client/is-really-from.ts';
export type { Assess, AssessOutcome } from './posture/assess.ts';
export type { AssessOptions } from './posture/assessment.ts';
export { createMailverdict, type Mailverdict } from './service/core.ts';
export { createLog } from './telemetry/log.ts';
export { Fault, type FaultCode } from './verdict/fault.ts';
export type { Replay, ReplayVerdict } from './verdict/replay.ts';
export type { VerifyOptions } from './verdict/run.ts';
export type { Verify } from './verdict/verify.ts';
