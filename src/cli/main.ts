#!/usr/bin/env node
/**
 * The command line. Colour only on a terminal; exit codes as each command's help tells.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFailure } from '../settings/system-failure.ts';
import { EXIT, type Terminal } from './command.ts';
import { runCommand } from './run.ts';
import type { Style } from './terminal.ts';

/** hasColors knows NO_COLOR and dumb terminals. */
const styleOf = (stream: NodeJS.WriteStream): Style => ({
  color: stream.isTTY === true && stream.hasColors(),
  width: Math.min(stream.columns ?? 100, 120),
});

const terminal: Terminal = {
  readInput: () => process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  createWait: () => {
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    return async (seconds) => {
      if (interrupted.signal.aborted) return false;
      return sleep(seconds * 1000, true, { signal: interrupted.signal }).catch(() => false);
    };
  },
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

process.exitCode = await runCommand(process.argv.slice(2), terminal);
