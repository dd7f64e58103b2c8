/**
 * Settings read again on SIGHUP, judged against those in use: a service that runs loses no
 * protection by a file that is missing, empty or half written, as while an editor saves it. What
 * protects is dropped by a restart only. Starts nothing and tells nobody.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Config,
  environmentName,
  PROTECTING_SETTINGS,
  RELOADED_SETTINGS,
} from '../../schemas/settings/settings.ts';
import { type ConfigOutcome, readConfig, type Settings } from './read-settings.ts';

/**
 * Reads the settings again.
 * @param inUse those of the service that runs, reloads included
 * @default environment that of the process
 * @returns the settings as they are written now, or why they must not be taken over
 */
export const rereadConfig = (
  inUse: Settings,
  environment?: Readonly<Record<string, string | undefined>>,
): ConfigOutcome => {
  const outcome = readConfig(environment);
  if (outcome.kind === 'mistakes') return outcome;
  const mistakes = PROTECTING_SETTINGS.filter((key) => isDropped(key, inUse, outcome)).map(
    (key) => `${environmentName(key)}: is set in the service that runs, and no longer; only a restart drops it`,
  );
  if (inUse.file !== null && outcome.file === null)
    mistakes.unshift(`${inUse.file}: has no settings any more; only a restart does without them`);
  return mistakes.length > 0 ? { kind: 'mistakes', mistakes } : outcome;
};

/**
 * True where a setting that was written is written no longer, and its default lets in more or
 * guards less. An empty list that is written is on purpose; an empty file name is not.
 */
const isDropped = (key: keyof Config, inUse: Settings, next: Settings): boolean =>
  !isDeepStrictEqual(inUse.config[key], next.config[key]) &&
  (next.config[key] === '' || (inUse.sources[key] !== 'default' && next.sources[key] === 'default'));

/** The settings in use after a reload: a restart would be needed for everything else. */
export const takeOver = (inUse: Settings, next: Settings): Settings => {
  const config: Record<string, unknown> = { ...inUse.config };
  const sources: Record<string, unknown> = { ...inUse.sources };
  for (const key of RELOADED_SETTINGS) {
    // Whether TLS is spoken at all is settled when the listener is made.
    if (key.startsWith('tls') && inUse.config.tlsCertificate === '') continue;
    config[key] = next.config[key];
    sources[key] = next.sources[key];
  }
  return { ...next, config: config as Config, sources: sources as Settings['sources'] };
};

/**
 * The settings that differ and that a reload does not take over.
 * @param tlsStays whether TLS is spoken if and only if it was at the start
 */
export const needRestart = (started: Config, next: Config, tlsStays: boolean): (keyof Config)[] =>
  (Object.keys(started) as (keyof Config)[]).filter(
    (key) =>
      !isDeepStrictEqual(started[key], next[key]) &&
      !(RELOADED_SETTINGS.includes(key) && (tlsStays || !key.startsWith('tls'))),
  );
