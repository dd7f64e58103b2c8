/**
 * The processes of one service, as one of them sees them: how it reports to the others and asks
 * them. Types only.
 */
import type { Workers } from '../../schemas/health.ts';
import type { Config } from '../../schemas/settings/settings.ts';

/** The processes of a service. */
export type WorkerGroup = {
  /** The settings of the service as this process uses them. */
  readonly configOf: (config: Config) => Config;
  /** Says what this process does when the others ask. */
  readonly join: (member: {
    readonly readGauges: () => Promise<unknown>;
    /** Removes a name from the DNS cache, or everything. */
    readonly flush: (name: string | undefined) => void;
  }) => void;
  /** Reports that this one listens on all its addresses; from then on it is replaced if it ends. */
  readonly reportListening: () => void;
  /**
   * Reports whether clients still come to a listener that is to close; the supervisor closes it, or
   * the only process itself.
   */
  readonly reportQuiet: (listener: { close(): unknown }, isQuiet: boolean) => void;
  /** How many listen now; null until that is known, and where there is one process. */
  readonly workers: () => Workers | null;
  /** The gauges of all, this one among them; null where there are no others. */
  readonly gatherGauges: () => Promise<readonly unknown[] | null>;
  /** Makes the others remove a name from their DNS caches, or everything. */
  readonly flushOthers: (name: string | undefined) => void;
};
