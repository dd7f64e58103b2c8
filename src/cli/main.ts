#!/usr/bin/env node
/**
 * The command line. Colour only on a terminal; exit codes as each command's help tells; 64 for
 * wrong use.
 */
import { parseArgs } from 'node:util';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { version } from '../version.ts';
import { type Command, EXIT, NoInput, type Terminal, WrongUse } from './command.ts';
import { COMMANDS } from './commands.ts';
import { WrongConfig } from './load-settings.ts';

const overview = (): string => `mailverdict ${version}
Did this message really come from the domain in its From field, and how do we know?

Usage: mailverdict <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

mailverdict <command> --help tells more.
`;

const terminal: Terminal = {
  readInput: () => process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  progress: process.stderr.isTTY === true,
  style: {
    // hasColors knows NO_COLOR and dumb terminals.
    color: process.stdout.isTTY === true && process.stdout.hasColors(),
    width: Math.min(process.stdout.columns ?? 100, 120),
  },
};

// A reader that has seen enough, as in `mailverdict config check | head`, closes the pipe: that is
// no fault.
process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  if (cause.code !== 'EPIPE') throw cause;
  process.exit();
});

const main = async (words: string[]): Promise<number> => {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-V') {
    terminal.out(`${version}\n`);
    return EXIT.ok;
  }
  const entry = COMMANDS[name];
  if (entry === undefined) throw new WrongUse(`there is no command "${name}"; mailverdict --help lists them`);
  const command = await entry.load();
  const { positionals, values } = readWords(command, rest);
  if (values.help) {
    terminal.out(command.help);
    return EXIT.ok;
  }
  return command.run(positionals, values, terminal);
};

const readWords = (command: Command, words: string[]) => {
  try {
    return parseArgs({
      args: words,
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (cause) {
    throw new WrongUse(cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause));
  }
};

/** What went wrong, as one exit code. */
const exitCodeOf = (cause: unknown): number | null => {
  if (cause instanceof WrongUse) return EXIT.usage;
  if (cause instanceof NoInput) return EXIT.noInput;
  return cause instanceof WrongConfig || cause instanceof SettingMistake ? EXIT.config : null;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  const code = exitCodeOf(cause);
  if (code === null) throw cause;
  terminal.err(`mailverdict: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = code;
}
