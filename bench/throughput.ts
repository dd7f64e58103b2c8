/**
 * The table: messages for one second of one core, ours and the others, at three sizes. All subjects
 * run at the same time on the same core and take turns, a short stretch each, so that what else the
 * machine does falls on all of them; ratios are taken within a round, and the median of the rounds
 * counts. What is counted is the CPU time of the subject: load and DNS run on another core. A side
 * whose verdict is not the right one ends the measurement.
 */

import { fileURLToPath } from 'node:url';
import { parseZone } from '../src/dns/zone/zone.ts';
import { freePort } from '../test/free-port.ts';
import type { DnsServer } from './dns-server.ts';
import { askOnce, load, post, type Request } from './load.ts';
import { median } from './median.ts';
import { complaintOfOurs, startOurs } from './ours.ts';
import { answers, SUBJECT_CORE, type Subject, start } from './processes.ts';
import { complaintOfRspamd, startRspamd } from './rspamd.ts';
import { makeMessage, SIZES, ZONE } from './world.ts';

/** Connections that ask at once. */
const CONNECTIONS = 16;
/**
 * A side is warm when so many stretches in a row were no faster than the best before them, by a
 * thirtieth; or when its time for warming up is over.
 */
const STALE_STRETCHES = 4;
const WARM_UP_STRETCH_MS = 2_000;
const MAX_WARM_UP_MS = 60_000;

/** The sides of the table. */
export type SideName = 'ours' | 'rspamd' | 'fastify + mailauth' | 'mailauth alone' | 'floor';

/** One size of the table. */
export type Row = {
  readonly size: string;
  /** Messages for one second of CPU time. */
  readonly perSecond: Readonly<Record<SideName, number>>;
  /** Ours divided by theirs, each the median of the rounds. */
  readonly ratio: Readonly<Record<Exclude<SideName, 'ours'>, number>>;
  /**
   * Messages a second by the clock, with one core for the subject; below `perSecond` where the load
   * or other work on the machine held it up.
   */
  readonly byTheClock: number;
};

/** CPU time in microseconds for one message, measured over about `durationMs`. */
type Measure = (durationMs: number) => Promise<number>;

const underLoad =
  (
    subject: Subject,
    request: Request,
    complaintOf: (body: Buffer) => string | null,
    onLoad?: (perSecond: number) => void,
  ): Measure =>
  async (durationMs) => {
    const complaint = complaintOf(await askOnce(request));
    if (complaint !== null) throw new Error(`not the right verdict, so nothing is compared: ${complaint}`);
    const before = subject.cpuMs();
    const { answers: taken, elapsedMs } = await load(request, CONNECTIONS, durationMs);
    onLoad?.((taken / elapsedMs) * 1000);
    return ((subject.cpuMs() - before) * 1000) / taken;
  };

/** Work that a subject does by itself for a time, and tells. */
const byItself =
  (port: number, path: string, message: Buffer): Measure =>
  async (durationMs) => {
    const told = await askOnce(post(port, `${path}?ms=${durationMs}`, message, { 'Content-Type': 'message/rfc822' }));
    const { times, cpuMs } = JSON.parse(told.toString('utf8')) as { times: number; cpuMs: number };
    return (cpuMs * 1000) / times;
  };

const complaintOfMailauth = (body: Buffer): string | null => {
  const { spf, dkim, dmarc } = JSON.parse(body.toString('utf8'));
  return [spf, dkim, dmarc].every((word) => word === 'pass') ? null : [spf, dkim, dmarc].join(' ');
};

/** The zone as mailauth's resolver wants it. */
const recordsOfZone = (): string => {
  const parsed = parseZone(ZONE, 'zone');
  if (!parsed.ok) throw new Error(parsed.errors[0]?.message);
  const entries = [...parsed.zone.names].flatMap(([name, sets]) =>
    [...sets].map(([type, { records }]) => [`${name} ${type}`, records] as const),
  );
  return JSON.stringify(Object.fromEntries(entries));
};

const startRivals = async (): Promise<Subject & { port: number }> => {
  const port = await freePort();
  const program = fileURLToPath(new URL('rivals.ts', import.meta.url));
  const subject = await start(process.execPath, [program, String(port)], answers(`http://127.0.0.1:${port}/ready`), {
    cores: [SUBJECT_CORE],
    env: { NODE_ENV: 'production', BENCH_RECORDS: recordsOfZone() },
  });
  return { ...subject, port };
};

/**
 * The first tens of thousands of messages run as code that V8 has not compiled yet, on every side
 * that is JavaScript; a service runs for weeks.
 */
const warmUp = async (measure: Measure): Promise<void> => {
  let best = Number.POSITIVE_INFINITY;
  let stale = 0;
  for (let spentMs = 0; spentMs < MAX_WARM_UP_MS && stale < STALE_STRETCHES; spentMs += WARM_UP_STRETCH_MS) {
    const microseconds = await measure(WARM_UP_STRETCH_MS);
    stale = microseconds < best * 0.97 ? 0 : stale + 1;
    best = Math.min(best, microseconds);
  }
};

/** Measures the table. @param stretchMs time for one side in one round */
export const measureThroughput = async (
  dns: DnsServer,
  rounds: number,
  stretchMs: number,
): Promise<{ rows: Row[]; rspamd: string }> => {
  const cores = [SUBJECT_CORE];
  const subjects: Subject[] = [];
  const kept = <Started extends Subject>(subject: Started): Started => {
    subjects.push(subject);
    return subject;
  };
  try {
    const ours = kept(await startOurs(dns.port, { cores }));
    const rspamd = kept(await startRspamd(dns.port, { cores }));
    const rivals = kept(await startRivals());
    const rows: Row[] = [];
    for (const { name, bytes } of SIZES) {
      const message = await makeMessage(bytes);
      const clock: number[] = [];
      const octets = { 'Content-Type': 'message/rfc822' };
      const empty = underLoad(rivals, post(rivals.port, '/empty', message, octets), () => null);
      const cryptography = byItself(rivals.port, '/floor', message);
      const sides: Readonly<Record<SideName, Measure>> = {
        ours: underLoad(ours, ours.request(message), complaintOfOurs, (perSecond) => clock.push(perSecond)),
        rspamd: underLoad(rspamd, rspamd.request(message), complaintOfRspamd),
        'fastify + mailauth': underLoad(rivals, post(rivals.port, '/mailauth', message, octets), complaintOfMailauth),
        'mailauth alone': byItself(rivals.port, '/bare', message),
        floor: async (durationMs) => (await empty(durationMs / 2)) + (await cryptography(durationMs / 2)),
      };
      const names = Object.keys(sides) as SideName[];
      for (const side of names) await warmUp(sides[side]);
      clock.length = 0;
      const taken = Object.fromEntries(names.map((side) => [side, [] as number[]])) as Record<SideName, number[]>;
      for (let round = 0; round < rounds; round++) {
        // The order is turned round each time, so that neither side has the warmer machine.
        for (const side of round % 2 === 0 ? names : names.toReversed()) taken[side].push(await sides[side](stretchMs));
      }
      const ratio = (side: SideName): number =>
        median(taken[side].map((microseconds, round) => microseconds / (taken.ours[round] ?? Number.NaN)));
      rows.push({
        size: name,
        perSecond: Object.fromEntries(names.map((side) => [side, 1e6 / median(taken[side])])) as Row['perSecond'],
        ratio: Object.fromEntries(names.map((side) => [side, ratio(side)])) as Row['ratio'],
        byTheClock: median(clock),
      });
    }
    return { rows, rspamd: rspamd.version };
  } finally {
    for (const subject of subjects) await subject.stop();
  }
};
