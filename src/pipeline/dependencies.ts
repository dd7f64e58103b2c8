/**
 * What the mail servers' faces depend on: the functions that judge, a log and a clock. Types only;
 * nothing here imports the rooms behind the functions.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { SpfVerdict } from '../../schemas/spf.ts';

/** Checks SPF of one envelope, both identities (RFC 7208). Rejects only for a fault. */
export type CheckSpf = (facts: SmtpFacts) => Promise<SpfVerdict>;

/** The functions of a logger that the faces use; pino fits. */
export type PipelineLog = {
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
};

/** Milliseconds on a clock that never goes back. */
export type Clock = () => number;

/** Which face took a message. */
export type Face = 'milter' | 'mta-hooks' | 'raw-hook' | 'policy';
