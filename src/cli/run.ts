/**
 * Runs one command: words in, an exit code out. Whatever goes wrong on the way is a sentence on
 * standard error and a code of its own; never throws.
 */
import { parseArgs } from 'node:util';
import { nearestName } from '../settings/nearest-name.ts';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { version } from '../version.ts';
import { type Command, EXIT, NoInput, NotWritten, type Terminal, Unavailable, WrongUse } from './command.ts';
import { COMMANDS } from './commands.ts';
import { WrongConfig } from './load-settings.ts';

/**
 * Runs the command that the words name.
 * @param words what follows the name of the program
 * @returns the exit code
 */
export const runCommand = async (words: string[], terminal: Terminal): Promise<number> => {
  try {
    return await run(words, terminal);
  } catch (cause) {
    const code = exitCodeOf(cause);
    // Of a fault of ours the stack is what whoever mends it needs.
    const text =
      cause instanceof Error ? (code === null ? (cause.stack ?? cause.message) : cause.message) : String(cause);
    terminal.err(`mailverdict: ${text}\n`);
    return code ?? EXIT.fault;
  }
};

const overview = (): string => `mailverdict ${version}
Did this message really come from the domain in its From field, and how do we know?

Usage: mailverdict <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

mailverdict <command> --help tells more.
`;

const run = async (words: string[], terminal: Terminal): Promise<number> => {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-V') {
    terminal.out(`${version}\n`);
    return EXIT.ok;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined)
    throw new WrongUse(
      `there is no command "${name}"; ${didYouMean(name, Object.keys(COMMANDS)) ?? 'mailverdict --help lists them'}`,
    );
  const command = await entry.load();
  const { positionals, values } = readWords(name, command, rest);
  if (values.help) {
    terminal.out(command.help);
    return EXIT.ok;
  }
  return command.run(positionals, values, terminal);
};

const readWords = (name: string, command: Command, words: string[]) => {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  const read = { args: words, options, allowPositionals: true } as const;
  // parseArgs names an unknown option, but not the one that was meant.
  for (const token of parseArgs({ ...read, strict: false, tokens: true }).tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const meant = didYouMean(
      token.name,
      Object.keys(options).map((option) => `--${option}`),
    );
    throw new WrongUse(`unknown option ${token.rawName}; ${meant ?? `mailverdict ${name} --help lists the options`}`);
  }
  try {
    return parseArgs(read);
  } catch (cause) {
    throw new WrongUse(cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause));
  }
};

/** Letters that may differ between a wrong word and the one that was probably meant. */
const MAX_CHANGES = 2;

/** @returns a question that names the word; null when none is near */
const didYouMean = (word: string, known: readonly string[]): string | null => {
  const nearest = nearestName(word, known, MAX_CHANGES);
  return nearest === null ? null : `did you mean ${nearest}?`;
};

/** What went wrong, as one exit code; null: a fault of ours. */
const exitCodeOf = (cause: unknown): number | null => {
  if (cause instanceof WrongUse) return EXIT.usage;
  if (cause instanceof NoInput) return EXIT.noInput;
  if (cause instanceof Unavailable) return EXIT.unavailable;
  if (cause instanceof NotWritten) return EXIT.notWritten;
  return cause instanceof WrongConfig || cause instanceof SettingMistake ? EXIT.config : null;
};
