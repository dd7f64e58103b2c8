/**
 * Starts the service as the settings have it: in this process or in several workers. Each worker
 * comes in here too, by the same way as the process that made it.
 */
import cluster from 'node:cluster';
import { superviseWorkers } from '../cluster/supervisor.ts';
import { takeRole } from '../cluster/worker.ts';
import type { Settings } from '../settings/read-settings.ts';
import { serve } from './run.ts';

/**
 * Starts; returns once this process listens, or supervises those that do.
 * @param read reads the settings; not called in a worker, which has those of the service: one that
 * takes another's place must not protect less
 */
export const start = async (read: () => Settings): Promise<void> => {
  if (cluster.isWorker) {
    const { settings, team } = await takeRole();
    await serve(settings, team);
    return;
  }
  const settings = read();
  if (settings.config.workers > 1) superviseWorkers(settings);
  else await serve(settings);
};
