#!/usr/bin/env node
/**
 * The command line. Colour only on a terminal; exit codes as each command's help tells; 64 for
 * wrong use.
 */
import { parseArgs } from 'node:util';
import { nearestName } from '../settings/nearest-name.ts';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { writeFailure } from '../settings/system-failure.ts';
import { version } from '../version.ts';
import { type Command, EXIT, NoInput, NotWritten, type Terminal, WrongUse } from './command.ts';
import { COMMANDS } from './commands.ts';
import { WrongConfig } from './load-settings.ts';
import type { Style } from './terminal.ts';

const overview = (): string => `mailverdict ${version}
Did this message really come from the domain in its From field, and how do we know?

Usage: mailverdict <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
  .join('\n')}

mailverdict <command> --help tells more.
`;

/** hasColors knows NO_COLOR and dumb terminals. */
const styleOf = (stream: NodeJS.WriteStream): Style => ({
  color: stream.isTTY === true && stream.hasColors(),
  width: Math.min(stream.columns ?? 100, 120),
});

const terminal: Terminal = {
  readInput: () => process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  progress: process.stderr.isTTY === true,
  style: styleOf(process.stdout),
  errStyle: styleOf(process.stderr),
};

process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
  // A reader that has seen enough, as in `mailverdict config check | head`, closes the pipe: that
  // is no fault.
  if (cause.code === 'EPIPE') process.exit();
  terminal.err(`mailverdict: ${writeFailure('standard output', cause)}\n`);
  process.exit(EXIT.notWritten);
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
    if (token.kind !== 'option' || token.name in options) continue;
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
  if (cause instanceof NotWritten) return EXIT.notWritten;
  return cause instanceof WrongConfig || cause instanceof SettingMistake ? EXIT.config : null;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  const code = exitCodeOf(cause);
  // Of a fault of ours the stack is what whoever mends it needs.
  const text =
    cause instanceof Error ? (code === null ? (cause.stack ?? cause.message) : cause.message) : String(cause);
  terminal.err(`mailverdict: ${text}\n`);
  process.exitCode = code ?? EXIT.fault;
}
