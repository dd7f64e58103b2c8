/**
 * A real Sendmail whose sendmail.cf is made by Debian's own m4 files from lines of a sendmail.mc,
 * so that those lines are what is tested. Unpacked into a temporary folder, run in name spaces of
 * its own, queueing only. Needs root and a reachable package archive. Ended by its own handle.
 */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, type Daemon, startDaemon } from './mail-lab.ts';
import { type UnpackedSendmail, unpackSendmail } from './unpacked-sendmail.ts';

/** A running Sendmail. */
export type SendmailFromM4 = {
  /** Header of the one message in the queue; its body is beside it. */
  queuedHeader(): Promise<string>;
  stop(): Promise<void>;
};

/** What a sendmail.mc says beside the lines in question: listen here, queue there, ask no DNS. */
const surroundings = (folder: string, port: number, lines: string): string => `OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`mx.example.org')dnl
define(\`QUEUE_DIR', \`${folder}/queue')dnl
define(\`confPID_FILE', \`${folder}/sendmail.pid')dnl
define(\`confDELIVERY_MODE', \`queueonly')dnl
define(\`confTO_IDENT', \`0s')dnl
define(\`confLOG_LEVEL', \`0')dnl
undefine(\`ALIAS_FILE')dnl
undefine(\`HELP_FILE')dnl
FEATURE(\`no_default_msa')dnl
FEATURE(\`nocanonify')dnl
FEATURE(\`accept_unresolvable_domains')dnl
DAEMON_OPTIONS(\`Name=MTA, Addr=127.0.0.1, Port=${port}, Family=inet')dnl
${lines}MAILER(\`local')dnl
MAILER(\`smtp')dnl
`;

/** What a Sendmail is started with. */
export type SendmailCf = Pick<UnpackedSendmail, 'queue' | 'binary' | 'environment'> & {
  /** Its sendmail.cf. */ readonly file: string;
};

/** Unpacks Sendmail and makes its sendmail.cf. @param lines of a sendmail.mc */
export const makeSendmailCf = async (folder: string, port: number, lines: string): Promise<SendmailCf> => {
  const { root, queue, binary, environment } = await unpackSendmail(folder, ['sendmail-cf', 'm4', 'libsigsegv2']);
  const macros = join(root, 'usr/share/sendmail/cf/');
  const source = join(folder, 'sendmail.mc');
  await writeFile(source, surroundings(folder, port, lines));
  const made = execFileSync(join(root, 'usr/bin/m4'), [`-D_CF_DIR_=${macros}`, join(macros, 'm4/cf.m4'), source], {
    env: environment,
  });
  const file = join(folder, 'sendmail.cf');
  await writeFile(file, made);
  return { file, queue, binary, environment };
};

/**
 * Starts it.
 * @param lines of a sendmail.mc
 * @param sockets folder that Sendmail sees as /run/mailverdict
 */
export const startSendmailFromM4 = async (
  folder: string,
  port: number,
  lines: string,
  sockets: string,
): Promise<SendmailFromM4> => {
  const { file, queue, binary, environment } = await makeSendmailCf(folder, port, lines);
  const command = [
    'hostname mx.example.org',
    'mount -t tmpfs -o mode=0755 none /run',
    'mkdir /run/mailverdict',
    `mount --bind ${sockets} /run/mailverdict`,
    `exec ${binary} -C ${file} -bD`,
  ].join(' && ');
  const daemon: Daemon = startDaemon('unshare', ['-u', '-m', 'sh', '-c', command], environment);
  await answers(port);
  return {
    queuedHeader: async () => {
      const [name = '', ...more] = (await readdir(queue)).filter((file) => file.startsWith('qf'));
      if (name === '' || more.length > 0) throw new Error(`${more.length + 1} messages are queued, or none`);
      return readFile(join(queue, name), 'latin1');
    },
    stop: daemon.stop,
  };
};
