/**
 * rspamd as a subject: the Debian package, installed when it is missing and started by hand with a
 * configuration of its own: one worker, spf + dkim + dmarc + arc and nothing else, DNS from the
 * server it is given. The package's own service is neither used nor left running.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../test/free-port.ts';
import { post, type Request } from './load.ts';
import { answers, type StartOptions, type Subject, start } from './processes.ts';
import { FACTS } from './world.ts';

const PROGRAM = '/usr/bin/rspamd';

/** A running rspamd. */
export type Rspamd = Subject & { readonly version: string; readonly request: (message: Buffer) => Request };

/**
 * Installs the package where it is missing, without letting its service start.
 * @throws Error when that cannot be done
 */
export const installRspamd = (): void => {
  if (existsSync(PROGRAM)) return;
  const install = spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', 'rspamd'], {
    // deb-systemd-invoke and invoke-rc.d start nothing at run level 1.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    encoding: 'utf8',
  });
  if (install.status !== 0) throw new Error(`rspamd cannot be installed: ${install.stderr ?? install.error?.message}`);
};

const configuration = (folder: string, port: number, dnsPort: number): string => `
options {
  pidfile = "${folder}/pid";
  tempdir = "${folder}";
  filters = "dkim,spf";
  dns {
    nameserver = ["127.0.0.1:${dnsPort}"];
    timeout = 2s;
    retransmits = 3;
  }
  local_addrs = [];
  url_tld = "${folder}/suffixes";
  history_file = "${folder}/history";
  cache_file = "${folder}/cache";
  hs_cache_dir = "${folder}";
}
logging { type = "file"; filename = "/dev/null"; level = "info"; }
worker "normal" { bind_socket = "127.0.0.1:${port}"; count = 1; }
worker "controller" { count = -1; }
worker "rspamd_proxy" { count = -1; }
actions { reject = 15; add_header = 6; greylist = 4; }
modules { path = "/usr/share/rspamd/plugins/"; }
dkim { trusted_only = false; }
spf { }
dmarc { }
arc { }
`;

/** Starts it. */
export const startRspamd = async (dnsPort: number, options: StartOptions): Promise<Rspamd> => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-rspamd-'));
  await chmod(folder, 0o777);
  const port = await freePort();
  // The whole Public Suffix List takes rspamd a minute to compile on a busy core, and nothing here
  // looks further.
  await writeFile(join(folder, 'suffixes'), 'example\ncom\n');
  await writeFile(join(folder, 'rspamd.conf'), configuration(folder, port, dnsPort));
  const args = ['--no-fork', '--insecure', '--config', join(folder, 'rspamd.conf')];
  const subject = await start(PROGRAM, args, answers(`http://127.0.0.1:${port}/ping`), options);
  return {
    ...subject,
    version: /\d+\.\d+/.exec(spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? 'unknown',
    request: (message) =>
      post(port, '/checkv2', message, {
        Connection: 'keep-alive',
        IP: FACTS.clientIp,
        Helo: FACTS.helo,
        From: FACTS.mailFrom,
        Rcpt: FACTS.rcptTo,
      }),
    stop: async () => {
      await subject.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/**
 * What rspamd says of a message.
 * @returns null when SPF, DKIM and DMARC all pass, else what it said
 */
export const complaintOfRspamd = (body: Buffer): string | null => {
  const { symbols = {} } = JSON.parse(body.toString('utf8')) as { symbols?: Record<string, unknown> };
  const said = Object.keys(symbols);
  const wanted = ['R_SPF_ALLOW', 'R_DKIM_ALLOW', 'DMARC_POLICY_ALLOW', 'ARC_NA'];
  return wanted.every((symbol) => said.includes(symbol)) ? null : `symbols ${said.join(', ')}`;
};
