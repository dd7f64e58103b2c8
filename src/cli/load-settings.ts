/** Settings for a command; all mistakes are reported at once. */
import type { Config } from '../../schemas/settings/settings.ts';
import { readConfig, type Settings } from '../settings/read-settings.ts';

/** Settings that cannot work: exit 78. */
export class WrongConfig extends Error {}

/** Reads the settings and whence each is. @throws WrongConfig with a line for each mistake */
export const loadSettings = (): Settings => {
  const outcome = readConfig();
  if (outcome.kind === 'mistakes') throw new WrongConfig(outcome.mistakes.join('\n'));
  return outcome;
};

/** Reads the settings. @throws WrongConfig with a line for each mistake */
export const loadConfig = (): Config => loadSettings().config;
