/**
 * A real Sendmail beside Postfix, for interoperability tests. Debian's package would take Postfix
 * away, so its files are unpacked into a temporary folder and run from there, queueing only: the
 * queue files show what header edits did. Needs root and a reachable package archive. Ended by its
 * own handle.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, type Daemon, startDaemon } from './mail-lab.ts';
import { unpackSendmail } from './unpacked-sendmail.ts';

/** A running Sendmail. */
export type Sendmail = {
  /**
   * Header and body of each queued message: lines of the header as Sendmail will send them, in
   * order.
   */
  queued(): Promise<{ header: string[]; body: string }[]>;
  clear(): Promise<void>;
  /**
   * One session on standard input, as a program of this machine has it (`sendmail -bs`).
   * @returns every line that Sendmail said
   */
  session(commands: readonly string[]): Promise<string>;
  stop(): Promise<void>;
};

const configuration = (folder: string, port: number, milter: string): string => `V10/Berkeley
Cwlocalhost
Djmx.rcpt.example
O QueueDirectory=${folder}/queue
O DeliveryMode=queueonly
O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=${port}, Family=inet
O PidFile=${folder}/sendmail.pid
O LogLevel=0
O Timeout.ident=0s
O Timeout.resolver.retrans=1s
O Timeout.resolver.retry=1
O EightBitMode=pass8
O InputMailFilters=ours
Xours, S=${milter}, F=T, T=C:5s;S:10s;R:10s;E:5m
O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}
O Milter.macros.helo={tls_version}, {cipher}, {cipher_bits}, {cert_subject}, {cert_issuer}
O Milter.macros.envfrom=i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, {mail_host}, {mail_addr}
O Milter.macros.envrcpt={rcpt_mailer}, {rcpt_host}, {rcpt_addr}
O Milter.macros.eom={msg_id}
Troot
H?D?Date: $a
H?M?Message-Id: <$t.$i@$j>
H?F?From: $g
HReceived: from $s by $j; $b
Scanonify=3
Sparse=0
R$*\t$#lab $@ queue $: $1
Mlocal, P=/bin/true, F=lsDFM, S=0, R=0, T=DNS/RFC822/X-Unix, A=true
Mprog, P=/bin/true, F=lsDFM, S=0, R=0, T=X-Unix/X-Unix/X-Unix, A=true
Mlab, P=/bin/true, F=DFM, S=0, R=0, T=DNS/RFC822/X-Unix, A=true
`;

/** Starts it. @param milter in its own words, as in "inet:8891@127.0.0.1" */
export const startSendmail = async (folder: string, port: number, milter: string): Promise<Sendmail> => {
  const { queue, binary, environment } = await unpackSendmail(folder);
  const file = join(folder, 'sendmail.cf');
  await writeFile(file, configuration(folder, port, milter));
  // In a host name space of its own: under an unqualified host name it sleeps for a minute first.
  const command = `hostname mx.rcpt.example && exec ${binary} -C ${file} -bD`;
  const daemon: Daemon = startDaemon('unshare', ['-u', 'sh', '-c', command], environment);
  await answers(port);
  const filesOf = async (kind: string): Promise<string[]> =>
    (await readdir(queue)).filter((name) => name.startsWith(kind)).map((name) => join(queue, name));
  return {
    queued: async () =>
      Promise.all(
        (await filesOf('qf')).map(async (path) => ({
          header: headerOf(await readFile(path, 'latin1')),
          body: await readFile(path.replace(/\/qf([^/]*)$/, '/df$1'), 'latin1'),
        })),
      ),
    clear: async () => {
      for (const path of [...(await filesOf('qf')), ...(await filesOf('df'))]) await rm(path);
    },
    session: (commands) =>
      dialogue('unshare', ['-u', 'sh', '-c', `hostname mx.rcpt.example && exec ${binary} -C ${file} -bs`], {
        commands,
        environment,
      }),
    stop: daemon.stop,
  };
};

/**
 * SMTP with a program, one command after the answer to the one before: Sendmail takes a client that
 * does not wait for a sender of spam.
 */
const dialogue = (
  program: string,
  args: readonly string[],
  { commands, environment }: { commands: readonly string[]; environment: Readonly<Record<string, string>> },
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
    const left = [...commands];
    let said = '';
    let answered = 0;
    child.stdout.on('data', (chunk) => {
      said += chunk.toString('latin1');
      const answers = said.split(/^\d{3} /m).length - 1;
      for (; answered < answers; answered++) {
        const next = left.shift();
        if (next !== undefined) child.stdin.write(`${next}\r\n`, 'latin1');
      }
    });
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });

/**
 * Header lines of a queue file: those that begin with H and `?flags?`, with the lines that go on
 * with white space.
 */
export const headerOf = (text: string): string[] =>
  text
    .split(/\n(?![ \t])/)
    .filter((line) => line.startsWith('H?'))
    .map((line) => line.replace(/^H\?[^?]*\?/, ''));
