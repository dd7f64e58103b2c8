/**
 * A real Haraka for interoperability tests: installed from npm into a temporary folder, without its
 * optional plugins, and run from there. What it queues lands as files in a folder. Needs a
 * reachable package registry. Ended by its own handle.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { answers, startDaemon } from './mail-lab.ts';

/** A running Haraka. */
export type Haraka = {
  readonly port: number;
  /** Takes what was queued. @returns each message as it was handed on */
  takeQueued(): Promise<string[]>;
  stop(): Promise<void>;
};

/** Installs it. @returns its program */
export const installHaraka = (folder: string): string => {
  execFileSync(
    'npm',
    ['install', '--prefix', folder, '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', 'Haraka@~3.3.4'],
    { cwd: folder, stdio: 'ignore' },
  );
  return join(folder, 'node_modules', 'Haraka', 'bin', 'haraka');
};

/**
 * Makes an instance as `haraka -i` does, for the domain example.org on a port of its own.
 * @param name of its folder under `folder`
 * @returns its folder
 */
export const makeHaraka = async (program: string, folder: string, name: string): Promise<string> => {
  const instance = join(folder, name);
  execFileSync(process.execPath, [program, '-i', instance], { stdio: 'ignore' });
  await mkdir(join(instance, 'inbox'));
  await writeFile(join(instance, 'config', 'me'), 'mx.example.org\n');
  await writeFile(join(instance, 'config', 'host_list'), 'example.org\n');
  await writeFile(join(instance, 'config', 'smtp.ini'), `listen=127.0.0.1:${await freePort()}\nnodes=0\n`);
  return instance;
};

/**
 * Starts an instance.
 * @param plugins lines of config/plugins; XCLIENT and a queue of files are added
 */
export const startHaraka = async (program: string, instance: string, plugins: string): Promise<Haraka> => {
  // XCLIENT lets the test choose the client's address.
  await writeFile(join(instance, 'config', 'plugins'), `xclient\n${plugins}`);
  const port = Number(/:(\d+)/.exec(await readFile(join(instance, 'config', 'smtp.ini'), 'utf8'))?.[1]);
  const inbox = join(instance, 'inbox');
  const daemon = startDaemon(process.execPath, [program, '-c', instance], { PATH: process.env.PATH, TMPDIR: inbox });
  try {
    await answers(port);
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return {
    port,
    takeQueued: async () => {
      const names = (await readdir(inbox)).filter((name) => name.startsWith('mail_'));
      const messages = await Promise.all(names.map((name) => readFile(join(inbox, name), 'latin1')));
      for (const name of names) await rm(join(inbox, name));
      return messages;
    },
    stop: daemon.stop,
  };
};
