/**
 * The commands of the command line, in the order in which help lists them. Each is loaded when it
 * is called: the service's packages are not the price of `--help`.
 */
import type { Command } from './command.ts';

/** One entry of the table. */
type CommandEntry = {
  /** One line for the list of commands. */
  summary: string;
  load: () => Promise<Command>;
};

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  verify: { summary: 'judge a message', load: async () => (await import('./commands/verify.ts')).verifyCommand },
  domain: {
    summary: 'assess what a domain publishes',
    load: async () => (await import('./commands/domain.ts')).domainCommand,
  },
  replay: {
    summary: 'judge a message again from the evidence of its verdict',
    load: async () => (await import('./commands/replay.ts')).replayCommand,
  },
  batch: {
    summary: 'judge the messages of folders, mailboxes and files',
    load: async () => (await import('./commands/batch.ts')).batchCommand,
  },
  reports: {
    summary: 'look after the DMARC reports that are sent',
    load: async () => (await import('./commands/reports.ts')).reportsCommand,
  },
  store: {
    summary: 'copy the store of counts and reports',
    load: async () => (await import('./commands/store.ts')).storeCommand,
  },
  dns: { summary: 'ask one DNS question', load: async () => (await import('./commands/dns.ts')).dnsCommand },
  serve: {
    summary: 'run the service',
    load: async () => {
      // A service that is still starting reads its settings as they are: a reload is no reason to
      // end.
      process.on('SIGHUP', () => undefined);
      return (await import('./commands/serve.ts')).serveCommand;
    },
  },
  health: {
    summary: 'ask whether the service takes work',
    load: async () => (await import('./commands/health.ts')).healthCommand,
  },
  keys: {
    summary: 'make, list and revoke API keys',
    load: async () => (await import('./commands/keys.ts')).keysCommand,
  },
  config: {
    summary: 'check and show the settings',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
  completion: {
    summary: 'write shell completion',
    load: async () => (await import('./commands/completion.ts')).completionCommand(COMMANDS),
  },
};
