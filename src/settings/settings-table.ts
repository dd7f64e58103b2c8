/**
 * The settings as the documents list them: tables made from the schema, so that no document can
 * differ from the code. Pure.
 */
import { type Config, environmentName, RELOADED_SETTINGS, SETTING_GROUPS } from '../../schemas/settings/settings.ts';

/** What a person sets first, as README.md lists it. */
const FIRST_SETTINGS: readonly (keyof Config)[] = [
  'host',
  'port',
  'workers',
  'apiKeys',
  'tlsCertificate',
  'tlsKey',
  'authservId',
  'enforce',
  'arcTrustedSealers',
  'dnsServers',
  'milterListen',
  'dryRun',
];

/** What belongs to a usual setup beside them. */
const USUAL_SETTINGS: readonly (keyof Config)[] = [
  ...FIRST_SETTINGS,
  'logLevel',
  'allowAnonymous',
  'metricsAnonymous',
  'allowedHosts',
  'trustProxy',
  'logAddresses',
  'logHashKey',
  'unreadableFrom',
  'trustedForwarders',
  'allowDomains',
  'allowNetworks',
  'localDomains',
  'protectedNames',
  'dnsZone',
  'domainFetch',
  'domainProbe',
  'policyListen',
  'pipelineNetworks',
  'enforceDomains',
  'enforceDaemons',
  'authenticatedSenders',
  'localNetworks',
  'localSenders',
  'quarantine',
  'failureMode',
  'oversizedMessages',
  'policySpfFail',
  'store',
  'reportSender',
  'reportOrgName',
  'reportSmtp',
];

/** A setting whose name has one of these words bounds a size, a number or a time. */
const LIMIT_WORDS = /(?:^|_)(?:MAX|LIMIT|TIMEOUT)(?:_|$)/;

type Shelf = 'usual' | 'limit' | 'rare';

const SHELVES: Readonly<Record<Shelf, { readonly title: string; readonly about: string }>> = {
  usual: { title: 'Usual', about: 'What a setup is made of. Read these once.' },
  limit: {
    title: 'Limits',
    about:
      'Bounds on sizes, numbers and times. [Limits](limits.md) tells what happens when one is reached, [Sizing](sizing.md) how much memory they allow.',
  },
  rare: { title: 'Rarely changed', about: 'Change one of these for a reason that you can name.' },
};

const shelfOf = (key: string): Shelf =>
  USUAL_SETTINGS.some((usual) => usual === key) ? 'usual' : LIMIT_WORDS.test(environmentName(key)) ? 'limit' : 'rare';

/** What a setting's schema tells of it. */
type About = { description?: string; unit?: string; min?: number; max?: number; maxItems?: number; secret?: boolean };

/** A setting as text. */
type SettingText = {
  key: string;
  /** Name in the environment. */
  name: string;
  /** As it would be written in the environment; empty: none. */
  standard: string;
  /** Least value; empty: none. */
  min: string;
  /** Largest value, or most items of a list; empty: none. */
  max: string;
  unit: string;
  about: string;
  isSecret: boolean;
};

/** All settings by group, in the order of the schema. */
export const settingGroups = (): { title: string; settings: SettingText[] }[] =>
  Object.entries(SETTING_GROUPS).map(([title, group]) => ({
    title,
    settings: Object.entries(group.shape).map(([key, schema]) => {
      const about = (schema.meta() ?? {}) as About;
      return {
        key,
        name: environmentName(key),
        standard: settingValue(schema.parse(undefined)),
        min: String(about.min ?? ''),
        max: String(about.max ?? about.maxItems ?? ''),
        unit: about.unit ?? '',
        about: `${about.description ?? ''}${RELOADED_SETTINGS.some((name) => name === key) ? '; read again on SIGHUP' : ''}`,
        isSecret: about.secret === true,
      };
    }),
  }));

/** A value as it is written in the environment. */
export const settingValue = (value: unknown): string =>
  Array.isArray(value) ? value.join(',') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

/** All settings in Markdown: usual ones, limits, rarely changed ones, each by group. */
export const settingsTable = (): string =>
  (Object.keys(SHELVES) as Shelf[])
    .flatMap((shelf) => [
      `## ${SHELVES[shelf].title}\n\n${SHELVES[shelf].about}`,
      ...settingGroups().flatMap(({ title, settings }) => {
        const here = settings.filter(({ key }) => shelfOf(key) === shelf);
        return here.length === 0 ? [] : [`### ${title}\n\n${tableOf(here)}`];
      }),
    ])
    .join('\n\n');

const tableOf = (settings: readonly SettingText[]): string =>
  [
    '| Setting | Default | Min | Max | Unit | What |',
    '| --- | --- | --- | --- | --- | --- |',
    ...settings.map(
      ({ name, standard, min, max, unit, about }) =>
        `| <a id="${name}"></a>\`${name}\` | ${standard === '' ? '' : `\`${standard}\``} | ${min} | ${max} | ${cell(unit)} | ${cell(about)} |`,
    ),
  ].join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** The page of all settings. */
export const settingsPage = (): string =>
  `${[
    '# Settings',
    '<!-- Written by `npm run readme` from schemas/settings. -->',
    'A setting is read from the environment under its name, or from `mailverdict.yaml` in the working folder (or the file that `MAILVERDICT_CONFIG` names), where its name is in camel case: `MAX_MESSAGE_BYTES` is `maxMessageBytes`. The environment wins. In the environment a list has commas between its items; for a list, Max is the most items. An unknown name in the file or a value out of its range ends the start with a message; a variable that nearly has the name of a setting is ignored, with a warning in the log. `NODE_ENV=production` loads no example zone.',
    '`mailverdict config check` reads the settings and tells every mistake; `mailverdict config show` prints them as a file. [Operations](operating.md) tells how they are read again without a restart.',
    settingsTable(),
  ].join('\n\n')}\n`;

const START = '<!-- settings -->';
const END = '<!-- /settings -->';

/**
 * A document with the table of the first settings between its markers.
 * @returns null when the markers are not there once each, in order
 */
export const withFirstSettings = (document: string): string | null => {
  const [before, inner, ...more] = document.split(START);
  if (before === undefined || inner === undefined || more.length > 0) return null;
  const [, after, ...others] = inner.split(END);
  if (after === undefined || others.length > 0) return null;
  return `${before}${START}\n\n${firstSettings()}\n\n${END}${after}`;
};

const firstSettings = (): string => {
  const all = new Map(settingGroups().flatMap(({ settings }) => settings.map((setting) => [setting.key, setting])));
  return [
    '| Setting | Default | What |',
    '| --- | --- | --- |',
    ...FIRST_SETTINGS.flatMap((key) => all.get(key) ?? []).map(
      ({ name, standard, about }) => `| \`${name}\` | ${standard === '' ? '' : `\`${standard}\``} | ${cell(about)} |`,
    ),
  ].join('\n');
};
