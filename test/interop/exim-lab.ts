/**
 * A real Exim beside Postfix, for interoperability tests. Debian's package would take Postfix away,
 * so its files are unpacked into a temporary folder and run from there, in a mount name space with
 * users of its own. No daemon: each session speaks SMTP on standard input, with the address of a
 * client that the caller chooses. Needs root and a reachable package archive.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PATIENCE_MS } from './mail-lab.ts';

const PACKAGES = ['exim4-daemon-light', 'libidn12'];
/** A user that exists in the name space of the lab only. */
const USER_ID = 5101;

/** An Exim that can be spoken to. */
export type Exim = {
  /** One session with one message. @returns every line that Exim said */
  session(client: { ip: string; helo: string }, envelope: { from: string; to: string }, message: string): string;
  /** Delivers what was taken. @returns each message as it was delivered */
  deliver(): Promise<string[]>;
};

/** @param macros lines before everything else, as Debian places exim4.conf.localmacros */
const configuration = (folder: string, macros: string): string => `${macros}
primary_hostname = mx.example.org
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
split_spool_directory = true
queue_only
smtp_enforce_sync = false
host_lookup =
rfc1413_query_timeout = 0s
trusted_users = root
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data

begin acl

check_rcpt:
  accept

check_data:
  .include CHECK_DATA_LOCAL_ACL_FILE
  accept

begin routers

inbox:
  driver = accept
  transport = inbox

begin transports

inbox:
  driver = appendfile
  directory = ${folder}/inbox
  maildir_format
  user = Debian-exim
`;

/** Unpacks it. @param macros as in exim4.conf.localmacros */
export const unpackExim = async (folder: string, macros: string): Promise<Exim> => {
  const root = join(folder, 'root');
  for (const path of ['root', 'spool', 'log', 'inbox']) await mkdir(join(folder, path), { recursive: true });
  execFileSync('apt-get', ['download', ...PACKAGES], { cwd: folder, stdio: 'ignore' });
  for (const name of await readdir(folder)) {
    if (name.endsWith('.deb')) execFileSync('dpkg', ['-x', join(folder, name), root]);
  }
  const binary = join(folder, 'exim4');
  await copyFile(join(root, 'usr/sbin/exim4'), binary);
  await chmod(binary, 0o755);
  for (const path of ['spool', 'log', 'inbox']) await chown(join(folder, path), USER_ID, USER_ID);
  const users = `Debian-exim:x:${USER_ID}:${USER_ID}::/nonexistent:/bin/false\n`;
  await writeFile(join(folder, 'passwd'), (await readFile('/etc/passwd', 'utf8')) + users);
  await writeFile(join(folder, 'group'), `${await readFile('/etc/group', 'utf8')}Debian-exim:x:${USER_ID}:\n`);
  const file = join(folder, 'exim.conf');
  await writeFile(file, configuration(folder, macros));

  const mounts = ['passwd', 'group'].map((name) => `mount --bind ${folder}/${name} /etc/${name}`).join(' && ');
  const run = (args: readonly string[], input = ''): string => {
    const { stdout, stderr, error } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', `${mounts} && exec ${binary} -C ${file} "$@"`, 'exim4', ...args],
      {
        input: Buffer.from(input, 'latin1'),
        timeout: PATIENCE_MS,
        env: {
          PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
          LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
        },
      },
    );
    if (error !== undefined) throw error;
    return `${stdout}${stderr}`;
  };
  const inbox = join(folder, 'inbox', 'new');
  return {
    session: ({ ip, helo }, { from, to }, message) =>
      run(
        ['-bs', '-oMa', `${ip}.40001`],
        [
          `EHLO ${helo}`,
          `MAIL FROM:<${from}>`,
          `RCPT TO:<${to}>`,
          'DATA',
          `${message.replace(/(^|\r\n)\./g, '$1..')}.`,
          'QUIT',
          '',
        ].join('\r\n'),
      ),
    deliver: async () => {
      run(['-qf']);
      const names = await readdir(inbox).catch(() => []);
      const messages = await Promise.all(names.map((name) => readFile(join(inbox, name), 'latin1')));
      for (const name of names) await rm(join(inbox, name));
      return messages;
    },
  };
};
