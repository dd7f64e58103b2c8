/**
 * Settings from the environment and from mailverdict.yaml, checked against one schema; every
 * mistake is reported at once with the name of its setting. The environment wins. The only file
 * that reads `process.env`. An empty variable counts as not set.
 */
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { accessMistakes } from '../../schemas/settings/access.ts';
import { Config, environmentName } from '../../schemas/settings/settings.ts';
import { FILE_VARIABLE, type MisspeltVariable, misspeltVariables } from './misspelt-variables.ts';
import { readSettingsFile } from './yaml-file.ts';

/** Where a setting came from. */
export type SettingSource = 'environment' | 'file' | 'default';

/** Settings, or every mistake found. */
export type ConfigOutcome =
  | {
      kind: 'config';
      config: Config;
      sources: Readonly<Record<keyof Config, SettingSource>>;
      /** The settings file that was read; null where there is none or nothing is in it. */
      file: string | null;
      /** Variables of the environment that are ignored and nearly have the name of a setting. */
      misspelt: readonly MisspeltVariable[];
    }
  | { kind: 'mistakes'; mistakes: string[] };

/** Settings as they were read. */
export type Settings = Extract<ConfigOutcome, { kind: 'config' }>;

/**
 * Whether and as whom traces are to be sent, by the variables of OpenTelemetry. Everything else of
 * them is read by its SDK.
 */
export type TracesWanted = { wanted: boolean; hasName: boolean };

/** Reads what has to be known before the SDK is loaded. */
export const readTracesWanted = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): TracesWanted => {
  const isSet = (name: string): boolean => (environment[name] ?? '').trim() !== '';
  const says = (name: string, word: string): boolean => environment[name]?.trim().toLowerCase() === word;
  return {
    wanted:
      (isSet('OTEL_EXPORTER_OTLP_ENDPOINT') || isSet('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')) &&
      !says('OTEL_SDK_DISABLED', 'true') &&
      !says('OTEL_TRACES_EXPORTER', 'none'),
    hasName:
      isSet('OTEL_SERVICE_NAME') || /(?:^|,)\s*service\.name\s*=/.test(environment.OTEL_RESOURCE_ATTRIBUTES ?? ''),
  };
};

/** The service that the command line is to ask, where the environment names one. */
type ServiceAddress = { readonly url: string | undefined; readonly key: string | undefined };

/** Reads MAILVERDICT_URL and MAILVERDICT_KEY, which are no settings of a service. */
export const readServiceAddress = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ServiceAddress => ({
  url: environment.MAILVERDICT_URL || undefined,
  key: environment.MAILVERDICT_KEY || undefined,
});

/** Zone file of the examples, answered locally by a start that is not a production start. */
const EXAMPLE_ZONE = fileURLToPath(new URL('../../examples/zone.txt', import.meta.url));
/** Read from the working folder, unless MAILVERDICT_CONFIG names another. */
const USUAL_FILE = 'mailverdict.yaml';

const KEYS = Object.keys(Config.shape) as (keyof Config)[];

/**
 * Reads the settings.
 * @param environment variables by name; MAILVERDICT_CONFIG is the path of the settings file
 * @default environment process.env
 */
export const readConfig = (environment: Readonly<Record<string, string | undefined>> = process.env): ConfigOutcome => {
  const named = environment[FILE_VARIABLE] ?? '';
  const file = named === '' ? USUAL_FILE : named;
  const settings = readSettingsFile(file, named === '');
  const written = settings.kind === 'settings' ? settings.values : {};
  const mistakes = settings.kind === 'settings' ? [...settings.mistakes] : [];

  const sourceOf = (key: keyof Config): SettingSource =>
    (environment[environmentName(key)] ?? '') !== '' ? 'environment' : written[key] !== undefined ? 'file' : 'default';
  const place = (key: keyof Config): string => (sourceOf(key) === 'file' ? `${file}: ${key}` : environmentName(key));

  const values: Partial<Record<keyof Config, unknown>> = {};
  for (const key of KEYS) {
    const source = sourceOf(key);
    const given =
      source === 'environment' ? environment[environmentName(key)] : source === 'file' ? written[key] : undefined;
    const parsed = Config.shape[key].safeParse(given);
    if (parsed.success) values[key] = parsed.data;
    else
      for (const { path, message } of parsed.error.issues)
        mistakes.push(`${place(key)}${path.map((part) => `[${String(part)}]`).join('')}: ${message}`);
  }
  if (['host', 'apiKeys', 'allowAnonymous', 'tlsCertificate', 'tlsKey'].every((key) => key in values)) {
    for (const { key, message } of accessMistakes(values as Config)) mistakes.push(`${place(key)}: ${message}`);
  }
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes };

  const config = values as Config;
  return {
    kind: 'config',
    config: {
      ...config,
      authservId: config.authservId || hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'localhost',
      dnsZone: config.dnsZone || (environment.NODE_ENV === 'production' ? '' : EXAMPLE_ZONE),
    },
    sources: Object.fromEntries(KEYS.map((key) => [key, sourceOf(key)])) as Record<keyof Config, SettingSource>,
    file: settings.kind === 'settings' ? file : null,
    misspelt: misspeltVariables(environment),
  };
};
