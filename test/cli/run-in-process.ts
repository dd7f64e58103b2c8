/**
 * Runs the command line inside of the test's own process, which takes a hundredth of the time of a
 * process of its own. What a process alone has (signals, terminals, pipes) is run-cli.ts's.
 */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCommand } from '../../src/cli/run.ts';
import type { Run } from './run-cli.ts';
import { ROOT } from './run-cli.ts';

/** What a run may be given beside its words. */
type Surroundings = {
  readonly input?: Buffer | string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What --watch waits with; by default it ends at once. */
  readonly wait?: (seconds: number) => Promise<boolean>;
  readonly columns?: number;
  readonly color?: boolean;
};

/**
 * Runs one command; one at a time, since the environment is the process's.
 * @param words as a shell gives them; names of examples are those of the project's folder
 */
export const runInProcess = async (words: readonly string[], surroundings: Surroundings = {}): Promise<Run> => {
  const { input = '', environment = {}, wait = async () => false, columns = 100, color = false } = surroundings;
  let out = '';
  let err = '';
  const style = { color, width: columns };
  const kept = process.env;
  // Names outside the examples' zone are asked of a port where nobody answers.
  process.env = { DNS_SERVERS: '127.0.0.1:9', ...environment };
  try {
    const code = await runCommand(
      words.map((word) => (word.startsWith('examples/') ? join(ROOT, word) : word)),
      {
        readInput: () => Readable.from(input.length === 0 ? [] : [Buffer.from(input)]),
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
        style,
        errStyle: style,
        progress: false,
        createWait: () => wait,
      },
    );
    return { code, out, err };
  } finally {
    process.env = kept;
  }
};
