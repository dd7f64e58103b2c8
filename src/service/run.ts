/**
 * Runs the service as the settings have it, in this process or in several workers, until a signal
 * ends it: SIGTERM drains, lets running work finish, and exits with 0; SIGINT, which a person
 * sends, does without the time that balancers need. SIGHUP reads keys, lists and certificates
 * again; a mistake in them, or protection that they would drop, is logged and changes nothing.
 */
import cluster from 'node:cluster';
import { environmentName } from '../../schemas/settings/settings.ts';
import { SINGLE_PROCESS } from '../cluster/single-process.ts';
import { superviseWorkers } from '../cluster/supervisor.ts';
import { takeRole } from '../cluster/worker.ts';
import type { WorkerGroup } from '../cluster/worker-group.ts';
import { readTracesWanted, type Settings } from '../settings/read-settings.ts';
import { rereadConfig, takeOver } from '../settings/reload.ts';
import { listenFailure } from '../settings/system-failure.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { NO_TRACES } from '../telemetry/no-traces.ts';
import type { Traces } from '../telemetry/traces.ts';
import { createService, type Service } from './service.ts';

/** Exit code for settings that cannot work (sysexits EX_CONFIG). */
const EX_CONFIG = 78;

/**
 * Starts; returns once this process listens, or supervises those that do.
 * @param read reads the settings; not called in a worker, which has those of the service: one that
 * takes another's place must not protect less
 */
export const start = async (read: () => Settings): Promise<void> => {
  if (cluster.isWorker) {
    const { settings, group } = await takeRole();
    const config = group.configOf(settings.config);
    await serve(settings, group, createLog(config.logLevel, config));
    return;
  }
  const settings = read();
  const log = createLog(settings.config.logLevel, settings.config);
  for (const misspelt of settings.misspelt)
    log.warn(misspelt, 'a variable of the environment is no setting and is ignored; was the nearest one meant?');
  if (settings.config.workers > 1) superviseWorkers(settings, log);
  else await serve(settings, SINGLE_PROCESS, log);
};

/**
 * Listens; returns once it does. Exits the process when it cannot, and when it has drained.
 * @param group the processes of this service
 */
const serve = async (settings: Settings, group: WorkerGroup, log: Log): Promise<void> => {
  const config = group.configOf(settings.config);
  try {
    const service = await createService({ config, log, group, traces: await loadTraces(log) });
    let ending = false;
    const drain = async (signal: string): Promise<void> => {
      // A worker is signalled by its supervisor, and again by whoever signals the whole group of
      // processes.
      if (ending) return;
      ending = true;
      const drainMs = signal === 'SIGTERM' ? config.drainMs : 0;
      log.info({ signal, drainMs }, 'ending: other instances are to take new work');
      await service.close({ drainMs, graceMs: config.shutdownTimeoutMs });
      log.info('ended');
      process.exit(0);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void drain(signal));
    let inUse = settings;
    process.on('SIGHUP', () => {
      inUse = reload({ service, group, log }, inUse);
    });
    log.info({ addresses: await service.listen(), version: service.version }, 'listening');
  } catch (cause) {
    log.fatal(listenFailure(cause) ?? (cause instanceof Error ? cause.message : String(cause)));
    process.exit(EX_CONFIG);
  }
};

/** Loads OpenTelemetry where its variables ask for it, and nothing of it elsewhere. */
const loadTraces = async (log: Log): Promise<Traces> => {
  const { wanted, hasName } = readTracesWanted();
  if (!wanted) return NO_TRACES;
  try {
    const { startTraces } = await import('../telemetry/traces.ts');
    return startTraces(log, hasName ? undefined : 'mailverdict');
  } catch (cause) {
    // Judging mail matters more than watching it.
    log.error(
      { err: cause },
      'no traces: OTEL_* variables ask for them, and @opentelemetry/sdk-node is not installed beside mailverdict or does not fit',
    );
    return NO_TRACES;
  }
};

type Running = { readonly service: Service; readonly group: WorkerGroup; readonly log: Log };

/** @returns the settings in use from now on */
const reload = ({ service, group, log }: Running, inUse: Settings): Settings => {
  const outcome = rereadConfig(inUse);
  if (outcome.kind === 'mistakes') {
    log.error({ mistakes: outcome.mistakes }, 'the settings have mistakes: nothing was changed');
    return inUse;
  }
  try {
    const needRestart = service.reload(group.configOf(outcome.config)).map(environmentName);
    log.info({ needRestart }, 'keys, lists and certificates were read again');
    return takeOver(inUse, outcome);
  } catch (cause) {
    log.error({ err: cause }, 'a file of the settings cannot be used: nothing was changed');
    return inUse;
  }
};
