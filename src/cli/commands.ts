/** The commands of the command line, in the order in which help lists them. */
import { batchCommand } from './batch-command.ts';
import type { Command } from './command.ts';
import { replayCommand } from './replay-command.ts';
import { serveCommand } from './serve-command.ts';
import { verifyCommand } from './verify-command.ts';

export const COMMANDS: Readonly<Record<string, Command>> = {
  verify: verifyCommand,
  replay: replayCommand,
  batch: batchCommand,
  serve: serveCommand,
};
