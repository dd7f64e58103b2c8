/**
 * Two workers on two cores against one worker on one core: messages a second by the clock, in
 * pairs. The load costs CPU too, and on a machine with two cores there is no third one for it. So
 * each core carries the same: one worker and one load process. One worker shares core 0 with one
 * load process, and core 1 rests; two workers share cores 0 and 1 with two. The load takes the same
 * part of each message on both sides, so the ratio is that of the service: 2 would mean that a
 * second worker costs the first one nothing. Both sides have the same number of connections for
 * each worker. The clock tells nothing while somebody else uses the cores: a pair counts only when
 * others had no more than a twentieth of them on both sides, and is measured again otherwise.
 */
import type { DnsServer } from './dns-server.ts';
import { askOnce } from './load.ts';
import { type LoadProcess, startLoad } from './load-process.ts';
import { median } from './median.ts';
import { complaintOfOurs, type Ours, startOurs } from './ours.ts';
import { busyMsOf, CORES } from './processes.ts';
import { makeMessage } from './world.ts';

/**
 * Connections of each load process: more than a worker judges together, so that a whole group waits
 * for it on both sides.
 */
const CONNECTIONS = 48;
const MESSAGE_BYTES = 30_000;
/** Part of the cores that others may have had in a pair that counts. */
const MAX_OTHERS = 0.05;
/**
 * Both workers have compiled what they run by then; after 8 s they had not, and two compile twice
 * what one does.
 */
const WARM_UP_MS = 25_000;
/** Pairs tried for each that is wanted. */
const PATIENCE = 6;

/** Messages a second by the clock, with one worker and with two. */
export type Scaling = {
  readonly one: number;
  readonly two: number;
  /** Median of the rounds. */
  readonly ratio: number;
  /** Part of the CPU time that the load took while two workers ran. */
  readonly loadShare: number;
  /** Part of both cores that lay idle then. */
  readonly idle: number;
  /** Pairs that count, and pairs that others disturbed. */
  readonly pairs: number;
  readonly disturbed: number;
};

type Stretch = {
  readonly perSecond: number;
  readonly others: number;
  readonly idle: number;
  readonly loadShare: number;
};

const measure = async (
  subject: Ours,
  loads: readonly LoadProcess[],
  message: Buffer,
  durationMs: number,
): Promise<Stretch> => {
  const { port, bytes } = subject.request(message);
  const cores = loads.map((_, core) => core);
  const before = subject.cpuMs();
  const busyBefore = busyMsOf(cores);
  const taken = await Promise.all(loads.map((one) => one.run({ port, bytes, connections: CONNECTIONS, durationMs })));
  const busyMs = busyMsOf(cores) - busyBefore;
  const subjectMs = subject.cpuMs() - before;
  const loadMs = taken.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const elapsedMs = Math.max(...taken.map((one) => one.elapsedMs));
  return {
    perSecond: taken.reduce((sum, one) => sum + (one.answers / one.elapsedMs) * 1000, 0),
    others: Math.max(0, busyMs - subjectMs - loadMs) / elapsedMs / cores.length,
    idle: Math.max(0, 1 - busyMs / elapsedMs / cores.length),
    loadShare: loadMs / (subjectMs + loadMs),
  };
};

/** Measures pairs. @returns null on a machine with one core */
export const measureScaling = async (dns: DnsServer, rounds: number, stretchMs: number): Promise<Scaling | null> => {
  if (CORES.length < 2) return null;
  const message = await makeMessage(MESSAGE_BYTES);
  const loads = [startLoad(0), startLoad(1)];
  const subjects: Ours[] = [];
  try {
    const one = await startOurs(dns.port, { cores: [0] });
    subjects.push(one);
    const two = await startOurs(dns.port, { cores: [0, 1], env: { WORKERS: '2' } });
    subjects.push(two);
    for (const subject of subjects) {
      const complaint = complaintOfOurs(await askOnce(subject.request(message)));
      if (complaint !== null) throw new Error(`not the right verdict, so nothing is compared: ${complaint}`);
      await measure(subject, loads, message, WARM_UP_MS);
    }
    const pairs: { one: Stretch; two: Stretch }[] = [];
    let tried = 0;
    for (; pairs.length < rounds && tried < rounds * PATIENCE; tried++) {
      // The order is turned round each time, so that neither side has the warmer machine.
      const first = tried % 2 === 1 ? await measure(two, loads, message, stretchMs) : null;
      const ofOne = await measure(one, loads.slice(0, 1), message, stretchMs);
      const ofTwo = first ?? (await measure(two, loads, message, stretchMs));
      if (Math.max(ofOne.others, ofTwo.others) <= MAX_OTHERS) pairs.push({ one: ofOne, two: ofTwo });
    }
    return {
      one: median(pairs.map((pair) => pair.one.perSecond)),
      two: median(pairs.map((pair) => pair.two.perSecond)),
      ratio: median(pairs.map((pair) => pair.two.perSecond / pair.one.perSecond)),
      loadShare: median(pairs.map((pair) => pair.two.loadShare)),
      idle: median(pairs.map((pair) => pair.two.idle)),
      pairs: pairs.length,
      disturbed: tried - pairs.length,
    };
  } finally {
    for (const subject of subjects) await subject.stop();
    for (const one of loads) one.stop();
  }
};
