/** A PostgreSQL of Debian's on a port of 127.0.0.1, in a folder of its own, for one test file. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../free-port.ts';

/** A server that runs. */
export type PostgresServer = {
  /** A database of its own at each call, so that tests do not meet. */
  readonly database: () => string;
  readonly close: () => Promise<void>;
};

const VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest installed version's programs; null where there is none. */
export const postgresPrograms = (): string | null => {
  if (!existsSync(VERSIONS)) return null;
  const newest = readdirSync(VERSIONS)
    .toSorted((one, other) => Number(one) - Number(other))
    .at(-1);
  const folder = join(VERSIONS, newest ?? '', 'bin');
  return existsSync(join(folder, 'initdb')) ? folder : null;
};

/** PostgreSQL refuses to run as root; Debian's package has a user for it. */
const owner = (): { uid?: number; gid?: number } => {
  if (userInfo().uid !== 0) return {};
  const number = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
};

/** Starts one. @param programs as {@link postgresPrograms} says */
export const startPostgres = async (programs: string): Promise<PostgresServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-postgres-'));
  const user = owner();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const port = await freePort();
  execFileSync(
    join(programs, 'initdb'),
    ['-D', join(folder, 'data'), '-U', 'mailverdict', '-A', 'trust', '-N', '-E', 'UTF8'],
    { ...options, stdio: 'pipe' },
  );
  const server = spawn(
    join(programs, 'postgres'),
    [
      '-D',
      join(folder, 'data'),
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-k',
      folder,
      '-c',
      'fsync=off',
    ],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  for await (const line of createInterface({ input: server.stderr }))
    if (line.includes('ready to accept connections')) break;
  server.stderr.resume();
  let made = 0;
  return {
    database: () => {
      made += 1;
      const name = `test${made}`;
      execFileSync(
        join(programs, 'createdb'),
        ['-h', '127.0.0.1', '-p', String(port), '-U', 'mailverdict', name],
        options,
      );
      return `postgres://mailverdict@127.0.0.1:${port}/${name}`;
    },
    close: async () => {
      server.kill('SIGINT');
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
