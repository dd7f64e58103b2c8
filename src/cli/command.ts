/**
 * What a command of the command line is, and how it fails: wrong use has its own exit code, so that
 * scripts can tell it from a verdict.
 */
import type { ParseArgsConfig } from 'node:util';
import type { Style } from './terminal.ts';

/**
 * Exit codes. 0, 1 and 2 are the answer of a command; the others are those of sysexits.h, among
 * them one for a fault of ours: node's own 1 would read as "fail".
 */
export const EXIT = {
  ok: 0,
  fail: 1,
  temperror: 2,
  usage: 64,
  noInput: 66,
  unavailable: 69,
  fault: 70,
  notWritten: 74,
  config: 78,
} as const;

/** What each exit code means, whatever the command. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'yes: DMARC pass or none, a decision that is satisfied, nothing broken, the same verdict again',
  fail: 'no: DMARC fail or permerror, a decision that is not satisfied, an error in what a domain publishes, a message that cannot be judged',
  temperror: 'not known: DNS gave no answer; the same command may tell later',
  usage: 'wrong use, told in a sentence that says what would be right',
  noInput: 'a file or folder cannot be read, or holds no message',
  unavailable: 'the service of `--url` gives no answer',
  fault: 'a fault of this program; please report what it wrote',
  notWritten: 'a file, or standard output, cannot be written',
  config: 'the settings have mistakes; `mailverdict config check` tells them',
};

/** Where a command reads and writes. */
export type Terminal = {
  readInput: () => AsyncIterable<Buffer>;
  out: (text: string) => void;
  err: (text: string) => void;
  style: Style;
  /** How to write to `err`. */
  errStyle: Style;
  /**
   * Begins to take SIGINT for the end of a wait, and not of the process.
   * @returns what waits; it gives false when the person has ended it
   */
  createWait: () => (seconds: number) => Promise<boolean>;
  /** True when `err` goes to a terminal, where a line of progress may be written over. */
  progress: boolean;
};

/** Options as parseArgs gives them. */
export type Options = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** One command. */
export type Command = {
  /** The whole help text. */
  help: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** What the first word may be, where it is one of a few: for shell completion. */
  words?: readonly string[];
  /** @returns the exit code */
  run: (positionals: string[], options: Options, terminal: Terminal) => Promise<number>;
};

/** Wrong use of a command: prints the sentence, exit 64. */
export class WrongUse extends Error {}

/** What was asked cannot be judged, and the caller can mend it: exit 64. */
export class Refused extends WrongUse {}

/** A service that gives no answer: exit 69. */
export class Unavailable extends Error {}

/** Input that cannot be read: exit 66. */
export class NoInput extends Error {}

/** Output that cannot be written: exit 74. */
export class NotWritten extends Error {}

/** A text option, if given. */
export const textOption = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
};

/** All values of an option that may be repeated. */
export const textOptions = (options: Options, name: string): string[] | undefined => {
  const value = options[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
};
