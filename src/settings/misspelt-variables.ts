/**
 * Variables of the environment that nearly have the name of a setting. The environment holds much
 * that is meant for others, so they are reported and never refused. Reads no value but for whether
 * it is empty.
 */
import { Config, environmentName } from '../../schemas/settings/settings.ts';
import { lettersOf, nearestName } from './nearest-name.ts';

/** A variable that is ignored, and the setting that was probably meant. */
export type MisspeltVariable = { readonly variable: string; readonly nearest: string };

/** The variable that names the settings file. */
export const FILE_VARIABLE = 'MAILVERDICT_CONFIG';

const NAMES: readonly string[] = [FILE_VARIABLE, ...Object.keys(Config.shape).map(environmentName)];

/** Most that are reported: whoever has more sees the pattern. */
const MAX_REPORTED = 10;

/**
 * Letters that may differ: short names such as HOST and PORT have many neighbours that belong to
 * other programs (HOME, POST).
 */
const maxChanges = (letters: number): number => (letters < 6 ? 0 : letters < 10 ? 1 : 2);

/** Finds them, in the order of the environment. */
export const misspeltVariables = (environment: Readonly<Record<string, string | undefined>>): MisspeltVariable[] =>
  Object.entries(environment)
    .filter(([variable, value]) => (value ?? '') !== '' && !NAMES.includes(variable))
    .flatMap(([variable]) => {
      const nearest = nearestName(variable, NAMES, maxChanges(lettersOf(variable).length));
      return nearest === null ? [] : [{ variable, nearest }];
    })
    .slice(0, MAX_REPORTED);
