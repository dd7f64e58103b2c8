/** Starts the service as the settings have it: in this process or in several workers. Each worker comes in here too, by the same way as the process that made it. */
import cluster from 'node:cluster';
import type { Config } from '../schemas/config.ts';
import { serve } from './serve.ts';
import { takeRole } from './team.ts';
import { superviseWorkers } from './workers.ts';

/** Starts; returns once this process listens, or supervises those that do. */
export const start = async (config: Config): Promise<void> => {
  if (cluster.isWorker) {
    const { config: own, team } = await takeRole(config);
    await serve(own, team);
  } else if (config.workers > 1) superviseWorkers(config);
  else await serve(config);
};
