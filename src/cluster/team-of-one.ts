/** The only process of a service: nobody to ask, to tell or to wait for. */
import type { Team } from './worker.ts';

/** Makes the team of a process that has no others. */
export const teamOfOne = (): Team => ({
  join: () => undefined,
  tellListening: () => undefined,
  tellQuiet: (listener, isQuiet) => {
    if (isQuiet) listener.close();
  },
  workers: () => null,
  gather: async () => null,
  forget: () => undefined,
});
