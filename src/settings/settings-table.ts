/**
 * The settings as README.md lists them: a table for each group, made from the schema, so that the
 * document cannot differ from the code. Pure.
 */
import type { z } from 'zod';
import { environmentName, RELOADED_SETTINGS, SETTING_GROUPS } from '../../schemas/settings/settings.ts';

const START = '<!-- settings -->';
const END = '<!-- /settings -->';

/** What a setting's schema tells of it. */
type About = { description?: string; unit?: string; min?: number; max?: number; maxItems?: number; secret?: boolean };

/** A setting as text. */
export type SettingText = {
  key: string;
  /** Name in the environment. */
  name: string;
  /** As it would be written in the environment; empty: none. */
  standard: string;
  /** Bounds and unit. */
  range: string;
  about: string;
  isSecret: boolean;
};

/** All settings by group, in the order of the schema. */
export const settingGroups = (): { title: string; settings: SettingText[] }[] =>
  Object.entries(SETTING_GROUPS).map(([title, group]) => ({
    title,
    settings: Object.entries<z.ZodType>(group.shape).map(([key, schema]) => {
      const about = (schema.meta() ?? {}) as About;
      return {
        key,
        name: environmentName(key),
        standard: settingValue(schema.parse(undefined)),
        range: rangeOf(about),
        about: `${about.description ?? ''}${RELOADED_SETTINGS.some((name) => name === key) ? '; read again on SIGHUP' : ''}`,
        isSecret: about.secret === true,
      };
    }),
  }));

/** A value as it is written in the environment. */
export const settingValue = (value: unknown): string =>
  Array.isArray(value) ? value.join(',') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

const rangeOf = ({ unit = '', min, max, maxItems }: About): string => {
  if (min !== undefined && max !== undefined) return `${min} – ${max}${unit === '' ? '' : ` ${unit}`}`;
  return maxItems === undefined ? unit : `up to ${maxItems} ${unit}`;
};

/** The tables in Markdown, a heading of the third level for each group. */
export const settingsTable = (): string =>
  settingGroups()
    .map(({ title, settings }) =>
      [
        `### ${title}`,
        '',
        '| Setting | Default | Range | What |',
        '| --- | --- | --- | --- |',
        ...settings.map(
          ({ name, standard, range, about }) =>
            `| \`${name}\` | ${standard === '' ? '' : `\`${standard}\``} | ${cell(range)} | ${cell(about)} |`,
        ),
      ].join('\n'),
    )
    .join('\n\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/**
 * A document with the tables between its markers.
 * @returns null when the markers are not there once each, in order
 */
export const withSettingsTable = (document: string): string | null => {
  const [before, inner, ...more] = document.split(START);
  if (before === undefined || inner === undefined || more.length > 0) return null;
  const [, after, ...others] = inner.split(END);
  if (after === undefined || others.length > 0) return null;
  return `${before}${START}\n\n${settingsTable()}\n\n${END}${after}`;
};
