/**
 * Sendmail out of Debian's packages, unpacked into a folder: installing them would take Postfix
 * away. Needs a reachable package archive.
 */
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where its parts lie, and what it runs with. */
export type UnpackedSendmail = {
  readonly root: string;
  readonly queue: string;
  readonly binary: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** Unpacks it, with an empty queue. @param extras packages beside Sendmail itself */
export const unpackSendmail = async (folder: string, extras: readonly string[] = []): Promise<UnpackedSendmail> => {
  const queue = join(folder, 'queue');
  const root = join(folder, 'root');
  const binary = join(folder, 'sendmail');
  await mkdir(queue, { recursive: true, mode: 0o700 });
  const packages = ['sendmail-bin', 'sendmail-base', 'libwrap0', ...extras];
  execFileSync('apt-get', ['download', ...packages], { cwd: folder, stdio: 'ignore' });
  for (const name of await readdir(folder)) {
    if (name.endsWith('.deb')) execFileSync('dpkg', ['-x', join(folder, name), root]);
  }
  // A copy without the set-group-id bit, so that it takes the libraries beside it.
  await copyFile(join(root, 'usr/libexec/sendmail/sendmail'), binary);
  await chmod(binary, 0o755);
  const environment = {
    PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
    LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
  };
  return { root, queue, binary, environment };
};
