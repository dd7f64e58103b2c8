/** What the mail servers' faces report as it happens, for gauges and for reports. */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Decision } from './decision.ts';
import type { Face } from './dependencies.ts';

/** Receives events. Its functions are called synchronously and must not throw. */
export type Observer = {
  readonly onConnection: (event: {
    readonly face: 'milter' | 'policy';
    readonly open: number;
    readonly refused: boolean;
  }) => void;
  readonly onDecision: (event: {
    readonly face: Face;
    readonly action: string;
    readonly cause: string;
    readonly elapsedMs: number;
  }) => void;
  /** A message that is going to be evaluated; its octets are gone after the call. */
  readonly onContent: (octets: Buffer, facts: SmtpFacts) => void;
  /** A message whose mail server gets this decision. */
  readonly onMessage: (decision: Decision, facts: SmtpFacts) => void;
  /** Octets of messages in memory, of all faces. */
  readonly onMemory: (bytes: number) => void;
};

/** Ignores every event. */
export const UNOBSERVED: Observer = {
  onConnection: () => undefined,
  onDecision: () => undefined,
  onContent: () => undefined,
  onMessage: () => undefined,
  onMemory: () => undefined,
};
