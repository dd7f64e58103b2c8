/**
 * Settings from the environment, checked against one schema; every mistake is told at once with the name of its variable. The only file that reads
 * `process.env`. An empty variable counts as not set.
 */
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Config, environmentName } from '../schemas/config.ts';

/** Settings, or every mistake found. */
export type ConfigOutcome = { kind: 'config'; config: Config } | { kind: 'mistakes'; mistakes: string[] };

/** Zone file of the examples, answered locally by a start that is not a production start. */
const EXAMPLE_ZONE = fileURLToPath(new URL('../examples/zone.txt', import.meta.url));

/**
 * Reads the settings.
 * @param environment variables by name
 * @default environment process.env
 */
export const readConfig = (environment: Readonly<Record<string, string | undefined>> = process.env): ConfigOutcome => {
  const given = Object.keys(Config.shape).flatMap((key) => {
    const value = environment[environmentName(key)];
    return value === undefined || value === '' ? [] : [[key, value] as const];
  });
  const parsed = Config.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    return {
      kind: 'mistakes',
      mistakes: parsed.error.issues.map(
        ({ path, message }) =>
          `${environmentName(String(path[0] ?? ''))}${path.length > 1 ? `[${path.slice(1).join('.')}]` : ''}: ${message}`,
      ),
    };
  }
  const config = parsed.data;
  return {
    kind: 'config',
    config: {
      ...config,
      authservId: config.authservId || hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'localhost',
      dnsZone: config.dnsZone || (environment.NODE_ENV === 'production' ? '' : EXAMPLE_ZONE),
    },
  };
};
