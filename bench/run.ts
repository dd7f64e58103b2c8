/**
 * `npm run bench`: speed and cost of the service, against rspamd and mailauth, at the floor that
 * cryptography sets, and at its own limits. `-- --json` prints the figures alone, `-- --quick`
 * takes shorter stretches, `-- --only
 * throughput,cold,posture,scaling,memory,worst,steady,dns,hostile,growth` takes some parts, `--
 * --steady 3600` loads for an hour in place of a minute. Ends with 1 when a promise is missed, with
 * 69 when a program is missing or refuses. How to read it stands in bench/README.md.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { measureCold } from './cold.ts';
import { measureDnsLoad } from './dns-load.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { GROWTH_PROMISES, growthCells, growthComplaints, measureGrowth } from './growth.ts';
import { HOSTILE_MIB, measureHostile } from './hostile.ts';
import { measureMemory, measureRefusal, measureWorst } from './limits.ts';
import { measurePosture } from './posture.ts';
import { LOAD_CORE } from './processes.ts';
import { installRspamd } from './rspamd.ts';
import { measureScaling } from './scaling.ts';
import { measureSteady } from './steady.ts';
import { measureThroughput } from './throughput.ts';
import { ZONE } from './world.ts';

const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const PARTS = [
  'throughput',
  'cold',
  'posture',
  'scaling',
  'memory',
  'worst',
  'steady',
  'dns',
  'hostile',
  'growth',
] as const;

/** What must hold. */
const PROMISES = {
  /** Times as many messages for a second of one core as rspamd. */
  overRspamd: { '3 kB': 2, '30 kB': 8, '1 MB': 20 } as Readonly<Record<string, number>>,
  /** Of what mailauth reaches without any service around it, on the smallest message. */
  overBareMailauth: 0.8,
  roundTrips: 3,
  twoWorkers: 1.8,
  thousandMiB: 1430,
  fiftyBeyondMiB: 57,
  worstRatio: 20,
  blockedMs: 50,
  hostileAnswerMs: 500,
  hostileBlockedMs: 200,
  /**
   * After the first third of steady load; the room for young objects does not count. Resident
   * memory breathes with the garbage of large messages.
   */
  heapGrowthMiB: 2,
  residentGrowthMiB: 48,
} as const;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: PARTS.join(',') },
    steady: { type: 'string', default: '60' },
  },
});
const wanted = new Set(values.only.split(','));
const steadySeconds = Number(values.steady);
if (!(steadySeconds >= 10)) {
  console.error(`--steady ${values.steady}: seconds, at least 10`);
  process.exit(EX_USAGE);
}
const [rounds, stretchMs] = values.quick ? [3, 500] : [7, 1500];

const missed: string[] = [];
const report: Record<string, unknown> = {};
const say = (line: string): void => {
  if (!values.json) console.log(line);
};
const check = (what: string, value: number, holds: boolean, promise: string): void => {
  if (holds) return;
  missed.push(`${what}: ${value.toFixed(2)}, promised ${promise}`);
};
const row = (cells: readonly (string | number)[]): void =>
  say(
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en', { maximumFractionDigits: cell < 10 ? 2 : 0 }) : cell)).join(' | ')} |`,
  );
const head = (cells: readonly string[]): void => {
  row(cells);
  row(cells.map(() => '---'));
};

const throughput = async (dns: DnsServer): Promise<void> => {
  const { rows, rspamd } = await measureThroughput(dns, rounds, stretchMs);
  report.throughput = { rspamd, rows };
  say(`\nMessages for one second of one core's time (rspamd ${rspamd})\n`);
  const sides = ['ours', 'rspamd', 'fastify + mailauth', 'mailauth alone', 'floor'] as const;
  head(['size', ...sides, 'ours : rspamd', 'promised', 'ours : mailauth alone', 'ours : floor', 'by the clock']);
  for (const { size, perSecond, ratio, byTheClock } of rows) {
    const promised = PROMISES.overRspamd[size] ?? 0;
    row([
      size,
      ...sides.map((side) => perSecond[side]),
      ratio.rspamd,
      promised,
      ratio['mailauth alone'],
      ratio.floor,
      byTheClock,
    ]);
    check(`${size}, ours : rspamd`, ratio.rspamd, ratio.rspamd >= promised, `at least ${promised}`);
    if (size === '3 kB') {
      const least = PROMISES.overBareMailauth;
      check(
        '3 kB, ours : mailauth alone',
        ratio['mailauth alone'],
        ratio['mailauth alone'] >= least,
        `at least ${least}`,
      );
    }
  }
};

const cold = async (): Promise<void> => {
  const rows = await measureCold(values.quick ? 3 : 7);
  report.cold = rows;
  say('\nCold DNS, 20 ms each way and back: round trips until the verdict\n');
  head(['signatures', 'ours', 'mailauth', 'ours, ms', 'questions']);
  for (const { signatures, ours, mailauth, elapsedMs, questions } of rows) {
    row([signatures, ours, mailauth, elapsedMs, questions]);
    check(
      `round trips with ${signatures} signatures`,
      ours,
      ours <= PROMISES.roundTrips,
      `at most ${PROMISES.roundTrips}`,
    );
  }
};

const posture = async (): Promise<void> => {
  const measured = await measurePosture();
  report.posture = measured;
  say('\nA domain with ten includes, cold DNS, 20 ms there and back\n');
  head(['ms', 'round trips', 'questions']);
  row([measured.medianMs, measured.roundTrips, measured.questions]);
  check('round trips of a domain', measured.roundTrips, measured.holds, `at most ${measured.target}`);
};

const scaling = async (dns: DnsServer): Promise<void> => {
  const measured = await measureScaling(dns, rounds, stretchMs);
  report.scaling = measured;
  if (measured === null) {
    missed.push('two workers: this machine has one core');
    return;
  }
  say('\nWorkers, by the clock; a load process beside each worker\n');
  head(['one worker, messages/s', 'two workers', 'ratio', 'part that the load took', 'idle', 'pairs', 'disturbed']);
  const { one, two, ratio, loadShare, idle, pairs, disturbed } = measured;
  row([one, two, ratio, loadShare, idle, pairs, disturbed]);
  if (pairs < rounds)
    missed.push(`two workers : one: only ${pairs} of ${rounds} pairs were undisturbed by other work on the machine`);
  check('two workers : one', measured.ratio, measured.ratio >= PROMISES.twoWorkers, `at least ${PROMISES.twoWorkers}`);
};

const memory = async (dns: DnsServer): Promise<void> => {
  const measured = await measureMemory(dns);
  report.memory = measured;
  say('\nResident memory, MiB\n');
  head(['at rest', '1,000 messages of 1 MB at once', 'one of 50 MB, beyond its bytes']);
  row([measured.atRest, measured.thousand, measured.fiftyBeyondBytes]);
  check(
    '1,000 messages of 1 MB, MiB',
    measured.thousand,
    measured.thousand < PROMISES.thousandMiB,
    `under ${PROMISES.thousandMiB}`,
  );
  const beyond = measured.fiftyBeyondBytes;
  check('50 MB, MiB beyond its bytes', beyond, beyond <= PROMISES.fiftyBeyondMiB, `at most ${PROMISES.fiftyBeyondMiB}`);
};

const worst = async (dns: DnsServer): Promise<void> => {
  const rows = await measureWorst(dns);
  const refusal = await measureRefusal(dns);
  report.worst = { rows, refusal };
  say('\nWorst inputs\n');
  head(['input', 'kB', 'ms', 'ordinary message of the size, ms', 'ratio', 'longest standstill, ms']);
  for (const { input, bytes, elapsedMs, ordinaryMs, ratio, blockedMs } of rows) {
    row([input, bytes / 1000, elapsedMs, ordinaryMs, ratio, blockedMs]);
    check(`${input}, times an ordinary message`, ratio, ratio <= PROMISES.worstRatio, `at most ${PROMISES.worstRatio}`);
    check(`${input}, ms of standstill`, blockedMs, blockedMs <= PROMISES.blockedMs, `at most ${PROMISES.blockedMs}`);
  }
  say(`\n10 MB of folds in the header block: answered ${refusal.status} after ${refusal.elapsedMs.toFixed(0)} ms`);
  check('10 MB of folds in the header block, status', refusal.status, refusal.status === 413, '413');
};

const steady = async (dns: DnsServer): Promise<void> => {
  const measured = await measureSteady(dns, steadySeconds * 1000);
  report.steady = measured;
  say('\nSteady load\n');
  head(['seconds', 'resident, MiB', 'of it for young objects', 'heap after collection, MiB', 'messages']);
  for (const { atSeconds, residentMiB, youngMiB, heapMiB, messages } of measured.readings)
    row([atSeconds, residentMiB, youngMiB, heapMiB, messages]);
  const { heapGrowthMiB: heap, residentGrowthMiB: resident } = measured;
  say(
    `\nafter the first third: heap ${heap.toFixed(2)} MiB more, resident memory ${resident.toFixed(1)} MiB more, the room for young objects not counted`,
  );
  check('heap, MiB more', heap, heap <= PROMISES.heapGrowthMiB, `at most ${PROMISES.heapGrowthMiB}`);
  check(
    'resident, MiB more',
    resident,
    resident <= PROMISES.residentGrowthMiB,
    `at most ${PROMISES.residentGrowthMiB}`,
  );
};

const dnsLoad = async (): Promise<void> => {
  const measured = await measureDnsLoad();
  report.dns = measured;
  say('\nDNS of a message, each from a domain and a client of its own\n');
  head([
    'questions',
    'asked outside, first message',
    'asked outside, next one',
    'records, bytes a domain',
    'negatives',
  ]);
  row([measured.questions, measured.unseen, measured.seen, measured.recordBytes, measured.negativeBytes]);
};

const hostile = async (dns: DnsServer): Promise<void> => {
  const rows = await measureHostile(dns);
  report.hostile = rows;
  say('\nBodies and connections that are sent to end the service\n');
  head([
    'attack',
    'ended',
    'peak, MiB resident',
    'memory enforced',
    'slowest answer to another client, ms',
    'longest standstill, ms',
  ]);
  for (const { attack, ended, holds, peakMiB, enforced, slowestMs, blockedMs } of rows) {
    row([attack, ended, peakMiB, enforced ? 'by the kernel' : 'no', slowestMs, blockedMs]);
    if (!holds) missed.push(`${attack}: the process or a connection did not end as it must (${ended})`);
    const { hostileAnswerMs, hostileBlockedMs } = PROMISES;
    check(`${attack}, MiB`, peakMiB, peakMiB < HOSTILE_MIB, `under ${HOSTILE_MIB}`);
    check(`${attack}, ms of another client`, slowestMs, slowestMs <= hostileAnswerMs, `at most ${hostileAnswerMs}`);
    check(`${attack}, ms of standstill`, blockedMs, blockedMs <= hostileBlockedMs, `at most ${hostileBlockedMs}`);
  }
};

const growth = async (): Promise<void> => {
  const { ratio, blockedMs } = GROWTH_PROMISES;
  say(`\nWork on a text of n and of 4n octets: at most ${ratio} times as much, at most ${blockedMs} ms at once\n`);
  head(['way in', 'kB', 'slowest, ms', '4n : n', 'of', 'longest standstill, ms', 'of']);
  const rows = await measureGrowth((measured) => row(growthCells(measured)));
  report.growth = rows;
  missed.push(...rows.flatMap(growthComplaints));
};

if (wanted.has('throughput')) {
  try {
    installRspamd();
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exit(EX_UNAVAILABLE);
  }
}
// The load and the DNS server keep off the core of the subjects.
spawnSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(process.pid)]);
const dns = await startDnsServer(ZONE);
try {
  if (wanted.has('throughput')) await throughput(dns);
  if (wanted.has('cold')) await cold();
  if (wanted.has('posture')) await posture();
  // Two workers need both cores, and so may the rest.
  if (wanted.has('scaling')) await scaling(dns);
  if (wanted.has('memory')) await memory(dns);
  if (wanted.has('worst')) await worst(dns);
  if (wanted.has('steady')) await steady(dns);
  if (wanted.has('dns')) await dnsLoad();
  if (wanted.has('hostile')) await hostile(dns);
  if (wanted.has('growth')) await growth();
} finally {
  dns.close();
}
if (values.json) console.log(JSON.stringify({ ...report, missed }, null, 2));
for (const line of missed) say(`missed: ${line}`);
process.exitCode = missed.length === 0 ? 0 : 1;
