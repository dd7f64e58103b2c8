/**
 * Measures the milter behind a real Postfix against OpenDKIM and OpenDMARC in a chain, and against
 * no filter: `npm run bench:milter`, `-- --json` for the figures alone. 2,000 small signed messages
 * each time over 8 sessions (smtp-source), over unix sockets, mail discarded, all asking one
 * Unbound; all take turns in every round, ours also with every message counted for DMARC reports in
 * a SQLite store. Ends with 1 when, in the median round, our chain takes fewer messages a second
 * than theirs did beside it, or the one with a store costs over 3 % more CPU or time than the one
 * without; with 69 when a program or a right is missing. Both chains enforce, so a filter that could not verify would refuse the messages and end
 * the measurement. Runs in network and mount namespaces of its own, because OpenDKIM and OpenDMARC
 * ask only port 53 and refuse servers on the loopback. Needs root on Linux.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { access, chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { freePort } from '../test/free-port.ts';
import { type Daemon, labFolder, startDaemon, startPostfix } from '../test/interop/mail-lab.ts';

const EX_UNAVAILABLE = 69;
const MESSAGES = 2000;
const WARM_UP = 300;
const SESSIONS = 8;
const ROUNDS = 5;
const STORE_COST = 1.03;
const DNS_ADDRESS = '10.77.77.53';
const PROGRAMS = ['postfix', 'smtp-source', 'opendkim', 'opendmarc', 'unbound', 'unshare', 'ip', 'mount'];
const SERVER = fileURLToPath(new URL('../src/server.ts', import.meta.url));

/** One way for mail to go, with the filters on it. */
type Chain = { name: 'ours' | 'ours+store' | 'opendkim+opendmarc' | 'none'; port: number; filters: Daemon[] };

/** One measurement. CPU in seconds, of the filters alone. */
type Run = { messagesPerSecond: number; filterCpuSeconds: number };

const run = (program: string, ...args: string[]): void => {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
};

const unboundConf = (record: string): string => `server:
  interface: ${DNS_ADDRESS}@53
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  chroot: ""
  username: ""
  use-syslog: no
  pidfile: ""
  module-config: "iterator"
  local-zone: "." static
  local-data: 'sender.example. 300 TXT "v=spf1 ip4:127.0.0.1 -all"'
  local-data: '_dmarc.sender.example. 300 TXT "v=DMARC1; p=reject; rua=mailto:reports@sender.example"'
  local-data: 's1._domainkey.sender.example. 300 TXT "${record.slice(0, 200)}" "${record.slice(200)}"'
  local-data: 'mail.sender.example. 300 A 127.0.0.1'
  local-data-ptr: '127.0.0.1 300 mail.sender.example'
`;

const opendkimConf = (socket: string): string => `Mode v
Socket local:${socket}
UMask 000
AuthservID mx.rcpt.example
AlwaysAddARHeader yes
InternalHosts 192.0.2.254
PeerList 192.0.2.254
Nameservers ${DNS_ADDRESS}
UserID root
Background no
Syslog no
`;

const opendmarcConf = (socket: string, ignored: string): string => `Socket local:${socket}
UMask 000
AuthservID mx.rcpt.example
TrustedAuthservIDs mx.rcpt.example
IgnoreHosts ${ignored}
SPFSelfValidate true
SPFIgnoreResults true
RejectFailures true
UserID root
Background false
Syslog false
`;

const MESSAGE = `From: Alice <alice@sender.example>
To: bob@rcpt.example
Subject: a small signed message
Date: Sun, 22 Nov 2026 12:00:00 +0000
Message-ID: <bench@sender.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Bob,
this is a message of everyday size.
Alice
`.replaceAll('\n', '\r\n');

const signedMessage = async (): Promise<{ message: string; record: string }> => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer = {
    signingDomain: 'sender.example',
    selector: 's1',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  // The declared type knows the signer at the top only, the code reads the list only.
  const options = { ...signer, canonicalization: 'relaxed/simple', signatureData: [signer] };
  const { signatures } = await dkimSign(MESSAGE, options);
  if (signatures === '') throw new Error('the message is not signed');
  const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
  return { message: `${signatures}${MESSAGE}`, record };
};

const exists = async (path: string): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return;
    await wait(50);
  }
  throw new Error(`${path} does not appear`);
};

const cpuOf = async (chain: Chain): Promise<number> => {
  const seconds = await Promise.all(chain.filters.map((filter) => filter.cpuSeconds()));
  return seconds.reduce((sum, one) => sum + one, 0);
};

const measure = async (chain: Chain, file: string, messages: number): Promise<Run> => {
  const cpuBefore = await cpuOf(chain);
  const startedMs = performance.now();
  const count = [`-s${SESSIONS}`, `-m${messages}`];
  run(
    'smtp-source',
    ...count,
    '-f',
    'alice@sender.example',
    '-t',
    'bob@rcpt.example',
    '-M',
    'mail.sender.example',
    '-F',
    file,
    `127.0.0.1:${chain.port}`,
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return { messagesPerSecond: messages / seconds, filterCpuSeconds: (await cpuOf(chain)) - cpuBefore };
};

const median = (values: number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/**
 * Medians of the rounds; `ratio` is the median of ours over theirs, round by round, since a busy
 * machine slows a whole round.
 */
type Outcome = {
  chains: Record<Chain['name'], Run>;
  ratio: number;
  /** With a store over without one, round by round. */
  storeRatio: { readonly messagesPerSecond: number; readonly filterCpuSeconds: number };
};

/** The whole measurement, inside the namespaces. */
const bench = async (): Promise<Outcome> => {
  const folder = await labFolder();
  const path = (name: string): string => join(folder, name);
  const daemons: Daemon[] = [];
  const start = (...command: Parameters<typeof startDaemon>): Daemon => {
    const daemon = startDaemon(...command);
    daemons.push(daemon);
    return daemon;
  };
  try {
    const { message, record } = await signedMessage();
    // smtp-source ends the lines itself.
    await writeFile(path('message'), message.replaceAll('\r\n', '\n'));
    await writeFile(path('resolv.conf'), `nameserver ${DNS_ADDRESS}\n`);
    await writeFile(path('unbound.conf'), unboundConf(record));
    await writeFile(path('opendkim.conf'), opendkimConf(path('opendkim.sock')));
    await writeFile(path('opendmarc.conf'), opendmarcConf(path('opendmarc.sock'), path('ignored')));
    await writeFile(path('ignored'), '192.0.2.254\n');
    run('ip', 'link', 'set', 'lo', 'up');
    run('ip', 'addr', 'add', `${DNS_ADDRESS}/32`, 'dev', 'lo');
    run('mount', '--bind', path('resolv.conf'), '/etc/resolv.conf');
    start('unbound', ['-d', '-c', path('unbound.conf')]);
    await wait(500);

    const theirs = [
      start('opendkim', ['-f', '-x', path('opendkim.conf')]),
      start('opendmarc', ['-f', '-c', path('opendmarc.conf')]),
    ];
    const startOurs = (name: 'ours' | 'ours+store', settings: Record<string, string> = {}): Daemon =>
      start(process.execPath, [SERVER], {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        PORT: '0',
        LOG_LEVEL: 'warn',
        MILTER_LISTEN: `unix:${path(`${name}.sock`)}`,
        SOCKET_MODE: '0666',
        AUTHSERV_ID: 'mx.rcpt.example',
        ENFORCE: 'on',
        LOCAL_SENDERS: 'enforce',
        DNS_SERVERS: DNS_ADDRESS,
        ...settings,
      });
    const ours = startOurs('ours');
    const counting = startOurs('ours+store', {
      STORE: `sqlite:${path('store.db')}`,
      REPORT_SENDER: 'reports@mx.rcpt.example',
    });
    for (const name of ['opendkim', 'opendmarc', 'ours', 'ours+store']) await exists(path(`${name}.sock`));
    for (const name of ['opendkim', 'opendmarc']) await chmod(path(`${name}.sock`), 0o666);

    const chains: Chain[] = [
      { name: 'none', port: await freePort(), filters: [] },
      { name: 'opendkim+opendmarc', port: await freePort(), filters: theirs },
      { name: 'ours', port: await freePort(), filters: [ours] },
      { name: 'ours+store', port: await freePort(), filters: [counting] },
    ];
    const milters = {
      none: '',
      'opendkim+opendmarc': `unix:${path('opendkim.sock')}, unix:${path('opendmarc.sock')}`,
      ours: `unix:${path('ours.sock')}`,
      'ours+store': `unix:${path('ours+store.sock')}`,
    };
    const postfix = await startPostfix(
      folder,
      chains.map(({ name, port }) => ({ port, settings: { smtpd_milters: milters[name] } })),
      { virtual_transport: 'discard' },
    );
    const runs: Record<Chain['name'], Run[]> = { ours: [], 'ours+store': [], 'opendkim+opendmarc': [], none: [] };
    try {
      for (const chain of chains) await measure(chain, path('message'), WARM_UP);
      for (let round = 0; round < ROUNDS; round++) {
        for (const chain of chains) runs[chain.name].push(await measure(chain, path('message'), MESSAGES));
        chains.push(...chains.splice(0, 1));
      }
    } finally {
      await postfix.stop();
    }
    const middle = (given: Run[]): Run => ({
      messagesPerSecond: Math.round(median(given.map(({ messagesPerSecond }) => messagesPerSecond))),
      filterCpuSeconds: Number(median(given.map(({ filterCpuSeconds }) => filterCpuSeconds)).toFixed(2)),
    });
    const ratios = runs.ours.map(
      ({ messagesPerSecond }, round) => messagesPerSecond / (runs['opendkim+opendmarc'][round]?.messagesPerSecond ?? 0),
    );
    const storeRatioOf = (figure: keyof Run): number =>
      Number(
        median(runs['ours+store'].map((run, round) => run[figure] / (runs.ours[round]?.[figure] ?? 0))).toFixed(3),
      );
    return {
      chains: {
        ours: middle(runs.ours),
        'ours+store': middle(runs['ours+store']),
        'opendkim+opendmarc': middle(runs['opendkim+opendmarc']),
        none: middle(runs.none),
      },
      ratio: Number(median(ratios).toFixed(3)),
      storeRatio: {
        messagesPerSecond: storeRatioOf('messagesPerSecond'),
        filterCpuSeconds: storeRatioOf('filterCpuSeconds'),
      },
    };
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await rm(folder, { recursive: true, force: true });
  }
};

const asJson = process.argv.includes('--json');
if (!process.argv.includes('--inside')) {
  const missing = PROGRAMS.filter(
    (program) => spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${program}`]).status !== 0,
  );
  if (missing.length > 0 || process.getuid?.() !== 0) {
    const packages = 'apt-get install --no-install-recommends postfix opendkim opendmarc unbound iproute2';
    console.error(missing.length > 0 ? `${missing.join(', ')} not found: ${packages}` : 'needs root');
    process.exit(EX_UNAVAILABLE);
  }
  const again = [process.execPath, fileURLToPath(import.meta.url), '--inside', ...(asJson ? ['--json'] : [])];
  const path = `${process.env.PATH}:/usr/sbin:/sbin`;
  process.exit(
    spawnSync('unshare', ['-n', '-m', ...again], { stdio: 'inherit', env: { ...process.env, PATH: path } }).status ?? 1,
  );
}

const result = await bench();
if (asJson) console.log(JSON.stringify(result, null, 2));
else {
  console.log(`${MESSAGES} messages, ${SESSIONS} sessions, median of ${ROUNDS} rounds, unix sockets`);
  console.table(
    Object.entries(result.chains).map(([chain, { messagesPerSecond, filterCpuSeconds }]) => ({
      chain,
      'messages/s': messagesPerSecond,
      'CPU s of filters': filterCpuSeconds,
    })),
  );
}
if (!asJson) {
  console.log(`ours to opendkim+opendmarc: ${result.ratio}`);
  const { messagesPerSecond, filterCpuSeconds } = result.storeRatio;
  console.log(`with a store to without: messages/s ${messagesPerSecond}, CPU ${filterCpuSeconds}`);
}
if (result.ratio < 1) {
  console.error('missed: at least as many messages a second as OpenDKIM and OpenDMARC');
  process.exitCode = 1;
}
if (result.storeRatio.messagesPerSecond < 1 / STORE_COST || result.storeRatio.filterCpuSeconds > STORE_COST) {
  console.error('missed: a store costs at most 3 % of messages a second and of CPU');
  process.exitCode = 1;
}
