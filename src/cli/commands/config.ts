/**
 * `mailverdict config`: the settings as they take effect, and every mistake in them at once. Masks
 * what is secret. Starts nothing.
 */
import { createMailverdict } from '../../service/core.ts';
import { readAccessFiles } from '../../service/secret-files.ts';
import { type ConfigOutcome, readConfig } from '../../settings/read-settings.ts';
import { SettingMistake } from '../../settings/setting-mistake.ts';
import { settingGroups, settingsTable, settingValue } from '../../settings/settings-table.ts';
import { writeSetting } from '../../settings/yaml-file.ts';
import { createLog } from '../../telemetry/log.ts';
import { type Command, EXIT, type Terminal, WrongUse } from '../command.ts';
import { paint, plain } from '../terminal.ts';

export const configCommand: Command = {
  help: `Usage: mailverdict config check
       mailverdict config show [--markdown]

check   reads the settings and the files they name, tells every mistake, a line
        for each, and prints each setting with its value and whence it is
show    prints the settings as a mailverdict.yaml

  --markdown   with show: the table of all settings with defaults and ranges

Settings come from mailverdict.yaml in the working folder, or from the file that
MAILVERDICT_CONFIG names, and from the environment, which wins.

Exit: 0 the settings work, 64 wrong use, 78 they do not.
`,
  options: { markdown: { type: 'boolean' } },
  words: ['check', 'show'],
  run: async (positionals, options, terminal) => {
    const [action, ...more] = positionals;
    if (more.length > 0) throw new WrongUse('config takes one word');
    switch (action) {
      case 'check':
        return check(terminal);
      case 'show':
        if (!options.markdown) return show(terminal);
        terminal.out(`${settingsTable()}\n`);
        return EXIT.ok;
      default:
        throw new WrongUse('say config check or config show');
    }
  },
};

type Settings = Extract<ConfigOutcome, { kind: 'config' }>;

const check = (terminal: Terminal): number => {
  const outcome = readConfig();
  const mistakes = outcome.kind === 'mistakes' ? outcome.mistakes : fileMistakes(outcome.config);
  for (const mistake of mistakes) terminal.err(`${plain(mistake)}\n`);
  if (outcome.kind === 'mistakes') return EXIT.config;
  for (const { title, settings } of settingGroups()) {
    terminal.out(`${paint(terminal.style, 'bold', title)}\n`);
    for (const { key, name, isSecret } of settings) {
      const source = outcome.sources[key as keyof Settings['config']];
      const value = shown(outcome, key, isSecret);
      const whence = source === 'file' ? (outcome.file ?? '') : source;
      terminal.out(`  ${name}=${plain(settingValue(value))}${paint(terminal.style, 'grey', `  # ${plain(whence)}`)}\n`);
    }
  }
  return mistakes.length > 0 ? EXIT.config : EXIT.ok;
};

const show = (terminal: Terminal): number => {
  const outcome = readConfig();
  if (outcome.kind === 'mistakes') {
    for (const mistake of outcome.mistakes) terminal.err(`${plain(mistake)}\n`);
    return EXIT.config;
  }
  for (const { title, settings } of settingGroups()) {
    terminal.out(`# ${title}\n`);
    for (const { key, isSecret } of settings) terminal.out(writeSetting(key, shown(outcome, key, isSecret)));
  }
  return EXIT.ok;
};

const shown = ({ config }: Settings, key: string, isSecret: boolean): unknown => {
  const value = config[key as keyof Settings['config']];
  return isSecret && value !== '' ? '********' : value;
};

/** Mistakes that show only when the files are read. */
const fileMistakes = (config: Settings['config']): string[] =>
  [() => void readAccessFiles(config), () => createMailverdict(config, createLog('silent')).resolver.close()].flatMap(
    (read) => {
      try {
        read();
        return [];
      } catch (cause) {
        if (cause instanceof SettingMistake) return cause.message.split('\n');
        throw cause;
      }
    },
  );
