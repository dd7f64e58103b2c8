/**
 * Preloaded into a service with several workers: a worker that starts while the file named by
 * END_WORKERS exists is killed before it runs any of the service.
 */
import cluster from 'node:cluster';
import { existsSync } from 'node:fs';

if (cluster.isWorker && existsSync(process.env.END_WORKERS ?? '')) process.kill(process.pid, 'SIGKILL');
