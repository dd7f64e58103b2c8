/** Runs the service in this process until a signal ends it: SIGTERM and SIGINT stop listening, let running work finish, and exit with 0. */
import type { Config } from '../schemas/config.ts';
import { createLog } from './log.ts';
import { createService } from './service.ts';

/** Exit code for settings that cannot work (sysexits EX_CONFIG). */
export const EX_CONFIG = 78;

/** Listens; returns once it does. Exits the process when it cannot, and when it has drained. */
export const serve = async (config: Config): Promise<void> => {
  const log = createLog(config.logLevel);
  try {
    const service = await createService(config, log);
    const drain = async (signal: string): Promise<void> => {
      log.info({ signal }, 'ending: no new work is taken');
      await service.close(config.shutdownTimeoutMs);
      log.info('ended');
      process.exit(0);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void drain(signal));
    log.info({ addresses: await service.listen(), version: service.version }, 'listening');
  } catch (cause) {
    log.fatal(cause instanceof Error ? cause.message : String(cause));
    process.exit(EX_CONFIG);
  }
};
