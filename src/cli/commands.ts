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
  domain: {
    summary: 'assess what a domain publishes',
    load: async () => (await import('./domain-command.ts')).domainCommand,
  },
  replay: {
    summary: 'judge a message again from the evidence of its verdict',
    load: async () => (await import('./replay-command.ts')).replayCommand,
  },
  batch: {
    summary: 'judge the messages of an mbox',
    load: async () => (await import('./batch-command.ts')).batchCommand,
  },
  dns: { summary: 'ask one DNS question', load: async () => (await import('./dns-command.ts')).dnsCommand },
  serve: {
    summary: 'run the service',
    load: async () => {
      // A service that is still starting reads its settings as they are: a reload is no reason to end.
      process.on('SIGHUP', () => undefined);
      return (await import('./serve-command.ts')).serveCommand;
    },
  },
  health: {
    summary: 'ask whether the service takes work',
    load: async () => (await import('./health-command.ts')).healthCommand,
  },
  keys: {
    summary: 'make, list and revoke API keys',
    load: async () => (await import('./keys-command.ts')).keysCommand,
  },
  config: {
    summary: 'check and show the settings',
    load: async () => (await import('./config-command.ts')).configCommand,
  },
  completion: {
    summary: 'write shell completion',
    load: async () => (await import('./completion-command.ts')).completionCommand(COMMANDS),
  },
};
