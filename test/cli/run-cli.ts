/** Runs the command line as a process of its own, as a user does. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What a run gave. */
export type Run = { code: number | null; out: string; err: string };

/** @param input what standard input gives */
export const runCli = (
  words: string[],
  input?: Buffer | string,
  environment: Record<string, string> = {},
): Promise<Run> =>
  new Promise((resolve, reject) => {
    // Names outside the examples' zone are asked of a port where nobody answers: refused at once,
    // and never the world.
    const env = { PATH: process.env.PATH ?? '', DNS_SERVERS: '127.0.0.1:9', ...environment };
    const child = spawn(process.execPath, [CLI, ...words], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
