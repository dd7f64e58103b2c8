/**
 * Runs the interoperability suites against real servers: `npm run test:interop`, or `npm run
 * test:interop -- dns` for the named ones. When a suite's programs are missing it says what to
 * install and ends with 69 (EX_UNAVAILABLE), having run nothing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** One suite. `packages` are Debian's, and bring the `binaries`. */
type Suite = {
  readonly name: string;
  readonly file: string;
  readonly packages: readonly string[];
  readonly binaries: readonly string[];
};

const SUITES: readonly Suite[] = [
  {
    name: 'dns',
    file: 'test/interop/dns.interop.ts',
    packages: ['nsd', 'unbound', 'ldnsutils'],
    binaries: ['nsd', 'unbound', 'ldns-keygen', 'ldns-signzone', 'ldns-key2ds'],
  },
  {
    name: 'posture',
    file: 'test/interop/posture.interop.ts',
    packages: ['nsd', 'unbound', 'ldnsutils'],
    binaries: ['nsd', 'unbound', 'ldns-keygen', 'ldns-signzone', 'ldns-key2ds'],
  },
  {
    name: 'milter',
    file: 'test/interop/milter.interop.ts',
    packages: ['postfix', 'swaks', 'miltertest', 'opendkim', 'opendkim-tools', 'openssl'],
    binaries: ['postfix', 'swaks', 'miltertest', 'opendkim', 'opendkim-genkey', 'openssl'],
  },
  {
    name: 'sendmail',
    // Sendmail itself is unpacked by the suite: its package and Postfix exclude each other.
    file: 'test/interop/sendmail.interop.ts',
    packages: ['util-linux', 'hostname'],
    binaries: ['apt-get', 'dpkg', 'unshare', 'hostname'],
  },
  {
    name: 'local-mail',
    // Sendmail is unpacked by the suite.
    file: 'test/interop/local-mail.interop.ts',
    packages: ['postfix', 'util-linux', 'hostname'],
    binaries: ['postfix', 'apt-get', 'dpkg', 'unshare', 'hostname'],
  },
  {
    name: 'received',
    // Exim and Sendmail are unpacked by the suite.
    file: 'test/interop/received.interop.ts',
    packages: ['postfix', 'dovecot-lmtpd', 'amavisd-new', 'iproute2', 'python3', 'util-linux', 'hostname'],
    binaries: ['postfix', 'dovecot', 'amavisd', 'ip', 'python3', 'apt-get', 'dpkg', 'unshare', 'hostname'],
  },
  {
    name: 'authres',
    file: 'test/interop/authres.interop.ts',
    packages: ['python3', 'python3-authres'],
    binaries: ['python3'],
  },
  {
    name: 'reports',
    file: 'test/interop/reports.interop.ts',
    packages: ['libmail-dmarc-perl', 'dmarc-cat', 'python3'],
    binaries: ['dmarc_view_reports', 'dmarc-cat', 'perl', 'python3'],
  },
  {
    name: 'sending',
    file: 'test/interop/sending.interop.ts',
    packages: ['postfix', 'openssl', 'util-linux'],
    binaries: ['postfix', 'openssl', 'unshare'],
  },
  {
    name: 'apps',
    file: 'test/interop/apps.interop.ts',
    packages: ['python3'],
    binaries: ['python3'],
  },
  {
    name: 'docs',
    // Exim and Sendmail are unpacked by the suite, since their packages and Postfix exclude each
    // other; Haraka is installed from npm.
    file: 'test/interop/docs.interop.ts',
    packages: ['postfix', 'swaks', 'curl', 'python3', 'util-linux', 'hostname'],
    binaries: ['postfix', 'swaks', 'curl', 'python3', 'npm', 'apt-get', 'dpkg', 'unshare', 'hostname'],
  },
];

/** The one deadline of a test: longer than any machine needs, so that only what hangs meets it. */
const TEST_TIMEOUT_MS = 1_200_000;
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
/** Servers live in /usr/sbin, which the path of a plain user lacks. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

const isInstalled = (binary: string): boolean =>
  FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, binary), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No suite ${unknown.join(', ')}. The suites are ${SUITES.map(({ name }) => name).join(', ')}.`);
  process.exit(EX_USAGE);
}
const suites = wanted.length === 0 ? SUITES : SUITES.filter(({ name }) => wanted.includes(name));

const lacking = suites.filter(({ binaries }) => !binaries.every(isInstalled));
if (lacking.length > 0) {
  for (const { name, binaries } of lacking)
    console.error(`${name}: ${binaries.filter((binary) => !isInstalled(binary)).join(', ')} not found`);
  const packages = new Set(lacking.flatMap((suite) => suite.packages));
  console.error(`Install what is missing: apt-get install --no-install-recommends ${[...packages].join(' ')}`);
  process.exit(EX_UNAVAILABLE);
}

const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-concurrency=1', `--test-timeout=${TEST_TIMEOUT_MS}`, ...suites.map(({ file }) => file)],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
