/**
 * Servers that a Postfix hands mail to and gets it back from: a real Dovecot that takes mail by
 * LMTP, and a real amavis between two listeners of Postfix. Each lives in a folder and on a port of
 * its own. Needs root, as both give up their rights themselves. Ended by their own handles.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answers, type Daemon, LOOK_MS, PATIENCE_MS, startDaemon } from './mail-lab.ts';

/** A mail store. */
export type MailStore = {
  /** Waits for the one message of a mailbox. */ message(mailbox: string): Promise<string>;
  stop(): Promise<void>;
};

/** Starts Dovecot. @param hostname what it writes after "by" */
export const startDovecot = async (folder: string, port: number, hostname: string): Promise<MailStore> => {
  const root = join(folder, 'dovecot');
  const homes = join(root, 'homes');
  await mkdir(homes, { recursive: true });
  execFileSync('chown', ['5000:5000', homes]);
  const file = join(folder, 'dovecot.conf');
  await writeFile(
    file,
    `base_dir = ${root}/run
state_dir = ${root}/state
log_path = ${root}/log
protocols = lmtp
hostname = ${hostname}
ssl = no
mail_location = maildir:${homes}/%u
first_valid_uid = 100
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=5000 gid=5000 home=${homes}/%u allow_all_users=yes
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
}
`,
  );
  const daemon: Daemon = startDaemon('/usr/sbin/dovecot', ['-F', '-c', file]);
  await answers(port);
  return {
    message: async (mailbox) => {
      const inbox = join(homes, mailbox, 'new');
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await wait(LOOK_MS)) {
        const [name] = await readdir(inbox).catch(() => []);
        if (name !== undefined) return readFile(join(inbox, name), 'latin1');
      }
      throw new Error(`no message in ${mailbox}: ${await readFile(`${root}/log`, 'utf8')}`);
    },
    stop: daemon.stop,
  };
};

/**
 * Starts amavis without scanners: what counts here is the way of a message through it.
 * @param next port that it hands mail to
 */
export const startAmavis = async (folder: string, port: number, next: number, hostname: string): Promise<Daemon> => {
  const home = join(folder, 'amavis');
  for (const name of ['tmp', 'db', 'var']) await mkdir(join(home, name), { recursive: true });
  execFileSync('chown', ['-R', 'amavis:amavis', home]);
  const file = join(folder, 'amavisd.conf');
  await writeFile(
    file,
    `use strict;
$MYHOME = '${home}';
$TEMPBASE = "$MYHOME/tmp";
$db_home = "$MYHOME/db";
$helpers_home = "$MYHOME/var";
$QUARANTINEDIR = undef;
$daemon_user = 'amavis';
$daemon_group = 'amavis';
$mydomain = 'rcpt.example';
$myhostname = '${hostname}';
@bypass_virus_checks_maps = (1);
@bypass_spam_checks_maps = (1);
$enable_dkim_verification = 0;
$bypass_decode_parts = 1;
@decoders = ();
$max_servers = 1;
$enable_db = 0;
$inet_socket_port = ${port};
@inet_acl = qw(127.0.0.1);
$forward_method = 'smtp:[127.0.0.1]:${next}';
$notify_method = $forward_method;
$final_bad_header_destiny = D_PASS;
$log_level = 0;
$do_syslog = 0;
$LOGFILE = "$MYHOME/log";
$pid_file = "$MYHOME/pid";
$lock_file = "$MYHOME/lock";
1;
`,
  );
  const daemon = startDaemon('/usr/sbin/amavisd', ['-c', file, 'foreground']);
  await answers(port);
  return daemon;
};
