/** The commands of the command line, in the order in which help lists them. Each is loaded when it is called: the service's packages are not the price of `--help`. */
import type { Command } from './command.ts';

/** One entry of the table. */
export type CommandEntry = {
  /** One line for the list of commands. */
  summary: string;
  load: () => Promise<Command>;
};

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  verify: { summary: 'judge a message', load: async () => (await import('./verify-command.ts')).verifyCommand },
  replay: {
    summary: 'judge a message again from the evidence of its verdict',
    load: async () => (await import('./replay-command.ts')).replayCommand,
  },
  batch: {
    summary: 'judge the messages of an mbox',
    load: async () => (await import('./batch-command.ts')).batchCommand,
  },
  serve: { summary: 'run the service', load: async () => (await import('./serve-command.ts')).serveCommand },
};
