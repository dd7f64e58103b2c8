/** The only process of a service: there are no others to ask or to report to. */
import type { WorkerGroup } from './worker-group.ts';

export const SINGLE_PROCESS: WorkerGroup = {
  configOf: (config) => config,
  join: () => undefined,
  reportListening: () => undefined,
  reportQuiet: (listener, isQuiet) => {
    if (isQuiet) listener.close();
  },
  workers: () => null,
  gatherGauges: async () => null,
  flushOthers: () => undefined,
};
