/**
 * Two workers on two cores against one worker on one core, in pairs: messages a second by the clock. The load takes part of both cores too, in both runs alike, so what two
 * workers reach is a little less than what they would reach alone.
 */
import type { DnsServer } from './dns-server.ts';
import { askOnce, load } from './load.ts';
import { median } from './median.ts';
import { complaintOfOurs, startOurs } from './ours.ts';
import { CORES } from './processes.ts';
import { makeMessage } from './world.ts';

const CONNECTIONS = 32;

/** Messages a second with one worker and with two, and CPU milliseconds that each had in a second. */
export type Scaling = {
  readonly one: number;
  readonly two: number;
  readonly ratio: number;
  readonly coresUsed: number;
};

/** Measures pairs. The message is large, so that the work lies with the workers and not with the load. */
export const measureScaling = async (dns: DnsServer, rounds: number, stretchMs: number): Promise<Scaling | null> => {
  if (CORES.length < 2) return null;
  const message = await makeMessage(30_000);
  const one = await startOurs(dns.port, { cores: [0] });
  const two = await startOurs(dns.port, { cores: [0, 1], env: { WORKERS: '2' } }).catch(async (cause) => {
    await one.stop();
    throw cause;
  });
  try {
    const taken = { one: [] as number[], two: [] as number[] };
    const cores: number[] = [];
    for (const subject of [one, two]) {
      const complaint = complaintOfOurs(await askOnce(subject.request(message)));
      if (complaint !== null) throw new Error(`not the right verdict, so nothing is compared: ${complaint}`);
      await load(subject.request(message), CONNECTIONS, stretchMs * 2);
    }
    for (let round = 0; round < rounds; round++) {
      // Messages for a second of the CPU time of one core, times the cores that the workers got: what they do when nothing else wants the cores.
      for (const [name, subject] of [['one', one] as const, ['two', two] as const]) {
        const before = subject.cpuMs();
        const { answers, elapsedMs } = await load(subject.request(message), CONNECTIONS, stretchMs);
        const cpuMs = subject.cpuMs() - before;
        taken[name].push((answers / cpuMs) * 1000 * (name === 'two' ? 2 : 1));
        if (name === 'two') cores.push(cpuMs / elapsedMs);
      }
    }
    const ratio = median(taken.two.map((value, round) => value / (taken.one[round] ?? Number.NaN)));
    return { one: median(taken.one), two: median(taken.two), ratio, coresUsed: median(cores) };
  } finally {
    await two.stop();
    await one.stop();
  }
};
