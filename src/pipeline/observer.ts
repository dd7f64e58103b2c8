/** What the mail servers' faces report as it happens, for gauges. */
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
  /** Octets of messages in memory, of all faces. */
  readonly onMemory: (bytes: number) => void;
};

/** Ignores every event. */
export const UNOBSERVED: Observer = {
  onConnection: () => undefined,
  onDecision: () => undefined,
  onMemory: () => undefined,
};
