/**
 * One of several processes of a service: takes its role from the supervisor and reaches the other
 * processes through it. Gauges are asked of all; a flush of the DNS cache reaches all.
 */
import type { Workers } from '../../schemas/health.ts';
import type { Config } from '../../schemas/settings/settings.ts';
import type { Settings } from '../settings/read-settings.ts';
import type { FromWorker, Role, ToWorker } from './protocol.ts';
import type { WorkerGroup } from './worker-group.ts';

/** Waits for the role of this process. @returns the settings of the service and its processes */
export const takeRole = async (): Promise<{ settings: Settings; group: WorkerGroup }> => {
  const { role, settings } = await new Promise<Extract<ToWorker, { kind: 'role' }>>((resolve) => {
    const take = (message: ToWorker): void => {
      if (message.kind !== 'role') return;
      process.off('message', take);
      resolve(message);
    };
    process.on('message', take);
  });
  return { settings, group: createWorkerGroup(role) };
};

/** A unix socket belongs to the first worker alone. */
const configOf = (config: Config, { number, randomHashKey }: Role): Config => {
  const isOwn = (address: string): boolean => number === 1 || !/^(?:unix|local):/.test(address);
  return {
    ...config,
    logHashKey: config.logHashKey || randomHashKey,
    milterListen: config.milterListen.filter(isOwn),
    policyListen: config.policyListen.filter(isOwn),
  };
};

const createWorkerGroup = (role: Role): WorkerGroup => {
  // The channel ends with the last connection after the listeners; nobody is left to ask then.
  const send = (message: FromWorker): void => void (process.connected && process.send?.(message));
  let workers: Workers | null = null;
  let gauges = Promise.withResolvers<readonly unknown[]>();
  let isGathering = false;
  return {
    configOf: (config) => configOf(config, role),
    join: ({ readGauges, flush }) => {
      process.on('message', async (message: ToWorker) => {
        switch (message.kind) {
          case 'read-gauges':
            send({ kind: 'gauges', id: message.id, values: await readGauges() });
            return;
          case 'gauges-of-all':
            gauges.resolve(message.values);
            gauges = Promise.withResolvers();
            isGathering = false;
            return;
          case 'flush':
            flush(message.name);
            return;
          case 'listening':
            workers = { listening: message.listening, configured: message.configured };
            return;
          case 'role':
            return;
          default:
            message satisfies never;
        }
      });
    },
    reportListening: () => send({ kind: 'listening' }),
    reportQuiet: createQuietReport((isQuiet) => send({ kind: 'quiet', isQuiet })),
    workers: () => workers,
    gatherGauges: () => {
      // Whoever asks while an answer is on its way gets that one.
      if (!isGathering) send({ kind: 'gather-gauges' });
      isGathering = true;
      return gauges.promise;
    },
    flushOthers: (name) => send({ kind: 'flush', name }),
  };
};

/** Reports once for all listeners: quiet when clients come to none of them any more. */
const createQuietReport = (report: (isQuiet: boolean) => void): WorkerGroup['reportQuiet'] => {
  const visited = new Set<object>();
  let reported: boolean | undefined;
  return (listener, isQuiet) => {
    if (isQuiet) visited.delete(listener);
    else visited.add(listener);
    if (reported === (visited.size === 0)) return;
    reported = visited.size === 0;
    report(reported);
  };
};
