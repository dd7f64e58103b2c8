/**
 * A real Postfix in a temporary folder and on high ports of the loopback, with OpenDKIM as the
 * foreign signer beside it, for interoperability tests and measurements. Needs root, as Postfix
 * gives up its rights itself. Everything is ended by its own handle; nothing of the system's own
 * services is used.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * How long a foreign program is waited for: longer than any machine stands still, so that only one
 * that has failed is given up. What it does is looked at from outside, every LOOK_MS.
 */
export const PATIENCE_MS = 300_000;
export const LOOK_MS = 50;

/** A private folder that other users may walk through. */
export const labFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'mail-lab-'));
  await chmod(folder, 0o755);
  return folder;
};

/** A listener of Postfix: name, and its own settings. */
export type Smtpd = { readonly port: number; readonly settings: Readonly<Record<string, string>> };

/** A running Postfix. */
export type Postfix = {
  /** Messages delivered, in no order: octets as the mailbox has them, lines ended by LF. */
  delivered(): Promise<string[]>;
  /** Waits until so many messages are delivered in all. */
  waitForDelivered(count: number, isWanted?: (message: string) => boolean): Promise<string[]>;
  /** Removes what was delivered. */
  clear(): Promise<void>;
  /** The mail log. */
  log(): Promise<string>;
  stop(): Promise<void>;
};

const MASTER = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`;

/**
 * Starts Postfix for rcpt.example.
 * @param settings of main.cf beside those of the lab
 * @param services lines of master.cf beside those of the lab; with any, Postfix runs in a mount
 * name space where its configuration is that of /etc/postfix, so that a filter which is not root
 * can call sendmail(1)
 */
export const startPostfix = async (
  folder: string,
  listeners: readonly Smtpd[],
  settings: Readonly<Record<string, string>> = {},
  services = '',
): Promise<Postfix> => {
  const etc = join(folder, 'etc');
  const mail = join(folder, 'mail');
  const inbox = join(mail, 'inbox', 'new');
  for (const path of [etc, join(folder, 'spool'), join(folder, 'data'), mail]) await mkdir(path, { recursive: true });
  await chown(join(folder, 'data'), idOf('postfix', '-u'), idOf('postfix', '-g'));
  await chown(mail, 5000, 5000);
  const main = {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'spool'),
    data_directory: join(folder, 'data'),
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: join(folder, 'log'),
    maillog_file_prefixes: folder,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'mx.rcpt.example',
    mynetworks: '',
    mydestination: '',
    local_recipient_maps: '',
    alias_maps: '',
    smtpd_relay_restrictions: 'reject_unauth_destination',
    smtpd_recipient_restrictions: '',
    default_transport: 'error:5.1.2 no outbound mail here',
    virtual_mailbox_domains: 'rcpt.example',
    virtual_mailbox_maps: 'static:inbox/',
    virtual_mailbox_base: mail,
    virtual_minimum_uid: '100',
    virtual_uid_maps: 'static:5000',
    virtual_gid_maps: 'static:5000',
    virtual_mailbox_limit: '0',
    message_size_limit: '60000000',
    smtpd_authorized_xclient_hosts: '127.0.0.0/8',
    smtpd_client_connection_rate_limit: '0',
    smtpd_peername_lookup: 'no',
    disable_dns_lookups: 'yes',
    milter_protocol: '6',
    milter_default_action: 'tempfail',
    ...settings,
  };
  const daemons = listeners.map(
    ({ port, settings: own }) =>
      `127.0.0.1:${port} inet n - n - - smtpd\n${Object.entries(own)
        .map(([name, value]) => `    -o { ${name} = ${value} }\n`)
        .join('')}`,
  );
  await writeFile(
    join(etc, 'main.cf'),
    Object.entries(main)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  );
  await writeFile(join(etc, 'master.cf'), daemons.join('') + MASTER + services);
  if (services === '') postfixCommand(etc, 'start');
  else
    execFileSync(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        'cp -rn /etc/postfix/. "$0" && mount --bind "$0" /etc/postfix && exec /usr/sbin/postfix start',
        etc,
      ],
      {
        stdio: 'ignore',
      },
    );
  for (const { port } of listeners) await answers(port);

  const delivered = async (): Promise<string[]> => {
    const names = await readdir(inbox).catch(() => []);
    return Promise.all(names.map((name) => readFile(join(inbox, name), 'latin1')));
  };
  return {
    delivered,
    waitForDelivered: async (count, isWanted = () => true) => {
      for (const until = Date.now() + PATIENCE_MS; ; await wait(LOOK_MS)) {
        const messages = (await delivered()).filter(isWanted);
        if (messages.length >= count) return messages;
        if (Date.now() > until) throw new Error(`${messages.length} of ${count} messages are delivered`);
      }
    },
    clear: async () => {
      for (const name of await readdir(inbox).catch(() => [])) await rm(join(inbox, name));
    },
    log: () => readFile(join(folder, 'log'), 'utf8'),
    stop: async () => {
      postfixCommand(etc, 'stop');
    },
  };
};

const idOf = (user: string, option: '-u' | '-g'): number =>
  Number(execFileSync('id', [option, user], { encoding: 'utf8' }));

/** Postfix talks to its caller's terminal and keeps its descriptors, so it gets none. */
const postfixCommand = (etc: string, command: string): void => {
  execFileSync('/usr/sbin/postfix', ['-c', etc, command], { stdio: 'ignore' });
};

/** Waits until something listens at a port. */
export const answers = async (port: number): Promise<void> => {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
    const socket = connect({ host: '127.0.0.1', port });
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await wait(LOOK_MS);
  }
  throw new Error(`nothing listens at port ${port}`);
};

/** A program that serves until it is stopped. */
export type Daemon = {
  /** CPU seconds it has used, user and system. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
};

/** CPU seconds of a process with all its threads, from /proc. */
export const cpuSecondsOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5) in clock ticks of 1/100 s.
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

/**
 * Starts a program that stays in the foreground.
 * @param environment instead of this process's own
 */
export const startDaemon = (
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Daemon => {
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore', env: environment });
  const ended = once(child, 'exit');
  return {
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    stop: async () => {
      child.kill('SIGTERM');
      const cutOff = setTimeout(() => child.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(cutOff);
    },
  };
};

/** A key of a foreign signer: the file, and its key record as one TXT record of short strings. */
export type SigningKey = { readonly file: string; readonly record: string };

/** Makes a key with OpenDKIM's own tool. */
export const makeSigningKey = async (folder: string, domain: string, selector: string): Promise<SigningKey> => {
  execFileSync('opendkim-genkey', ['-b', '2048', '-d', domain, '-s', selector, '-D', folder]);
  const text = await readFile(join(folder, `${selector}.txt`), 'utf8');
  const record = [...text.matchAll(/"([^"]*)"/g)].map(([, string]) => string).join('');
  return { file: join(folder, `${selector}.private`), record };
};

/** Starts OpenDKIM as a signer. @param canonicalization as in "simple/simple" */
export const startSigner = async (
  folder: string,
  port: number,
  key: SigningKey,
  signature: { domain: string; selector: string; canonicalization: string; fields: readonly string[] },
): Promise<Daemon> => {
  const file = join(folder, `sign-${port}.conf`);
  await writeFile(
    file,
    `Mode s
Domain ${signature.domain}
Selector ${signature.selector}
KeyFile ${key.file}
Canonicalization ${signature.canonicalization}
SignHeaders ${signature.fields.join(',')}
Socket inet:${port}@127.0.0.1
InternalHosts 127.0.0.0/8,192.0.2.0/24
RequireSafeKeys no
UserID root
Background no
Syslog no
`,
  );
  const daemon = startDaemon('/usr/sbin/opendkim', ['-f', '-x', file]);
  await answers(port);
  return daemon;
};
