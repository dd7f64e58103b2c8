/** Judges in this process, with the settings of this machine. */
import type { Config } from '../../../schemas/settings/settings.ts';
import { createMailverdict } from '../../service/core.ts';
import { createLog } from '../../telemetry/log.ts';
import { Fault } from '../../verdict/fault.ts';
import { Refused } from '../command.ts';
import type { Judge } from './judge.ts';

/** Makes it. Asks nothing until there is something to judge. */
export const createLocalJudge = (config: Config): Judge => {
  const core = createMailverdict(config, createLog('silent'));
  return {
    verify: (message, facts, options) => orRefused(core.verify(message, facts, options)),
    assess: async (domain, { dns, ...request }) => {
      const outcome = await core.assess(domain, { ...request, overlay: dns });
      if (outcome.kind === 'posture') return outcome.posture;
      throw new Refused(fieldsText(outcome.errors));
    },
    replay: (message, earlier, overlay) => orRefused(core.replay(message, earlier, { overlay })),
    close: () => core.resolver.close(),
  };
};

const orRefused = async <Value>(work: Promise<Value>): Promise<Value> => {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Refused(cause.errors.length > 1 ? fieldsText(cause.errors) : cause.message, { cause });
  }
};

const fieldsText = (errors: readonly { readonly path: string; readonly message: string }[]): string =>
  errors.map(({ path, message }) => `${path} ${message}`).join('\n');
