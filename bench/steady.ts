/**
 * Steady load: messages of all sizes from several clients without a pause, and what the service
 * holds after each tenth of the time. The heap is read after a full garbage collection, which a
 * preloaded file makes on a signal; resident memory is that of the whole process, read before the
 * collection. The first third belongs to compiling and to filling caches. After it, growth is the
 * middle of the last three readings less the middle of the three behind the first third. V8 doubles
 * the room for young objects once, when it sees fit (64 MiB more), so that room does not count as
 * growth of resident memory.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { DnsServer } from './dns-server.ts';
import { load, post } from './load.ts';
import { median } from './median.ts';
import { type Ours, startOurs } from './ours.ts';
import { FACTS, makeMessage } from './world.ts';

const MIB = 1_048_576;
const READINGS = 10;
/** Readings of the first third, and readings that one end of the comparison is the middle of. */
const WARM_READINGS = 3;
const COMPARED_READINGS = 3;
/** What sends at once: one connection each. */
const SENDERS = [...Array<number>(12).fill(3_000), ...Array<number>(3).fill(30_000), 1_000_000];

/** What the service held, in MiB. */
export type Reading = {
  readonly atSeconds: number;
  readonly residentMiB: number;
  /** Of it, the room that V8 has for young objects. */
  readonly youngMiB: number;
  readonly heapMiB: number;
  readonly messages: number;
};

/** What came of it. */
export type Steady = {
  readonly readings: readonly Reading[];
  readonly heapGrowthMiB: number;
  readonly residentGrowthMiB: number;
};

const collector = new URL('../test/service/gc-on-signal.ts', import.meta.url).href;

const gauge = async ({ port }: Ours, name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );
};

const collectGarbage = async ({ pid }: Ours): Promise<void> => {
  process.kill(pid, 'SIGUSR2');
  await wait(500);
};

/** Measures. @param durationMs time under load, at least ten seconds */
export const measureSteady = async (dns: DnsServer, durationMs: number): Promise<Steady> => {
  const ours = await startOurs(dns.port, { env: { NODE_OPTIONS: `--expose-gc --import=${collector}` } });
  try {
    const requests = await Promise.all(
      SENDERS.map(async (bytes, sender) => {
        const query = new URLSearchParams({ ...FACTS, clientIp: `192.0.2.${sender + 1}` });
        return post(ours.port, `/v1/verify?${query}`, await makeMessage(bytes), { 'Content-Type': 'message/rfc822' });
      }),
    );
    const readings: Reading[] = [];
    let messages = 0;
    for (let reading = 1; reading <= READINGS; reading++) {
      const taken = await Promise.all(requests.map((request) => load(request, 1, durationMs / READINGS)));
      messages += taken.reduce((sum, { answers }) => sum + answers, 0);
      const residentMiB = ours.residentBytes() / MIB;
      const youngMiB = (await gauge(ours, 'nodejs_heap_space_size_total_bytes{space="new"}')) / MIB;
      await collectGarbage(ours);
      readings.push({
        atSeconds: (durationMs / READINGS / 1000) * reading,
        residentMiB,
        youngMiB,
        heapMiB: (await gauge(ours, 'nodejs_heap_size_used_bytes')) / MIB,
        messages,
      });
    }
    const growth = (of: (reading: Reading) => number): number =>
      median(readings.slice(-COMPARED_READINGS).map(of)) -
      median(readings.slice(WARM_READINGS, WARM_READINGS + COMPARED_READINGS).map(of));
    return {
      readings,
      heapGrowthMiB: growth(({ heapMiB }) => heapMiB),
      residentGrowthMiB: growth(({ residentMiB, youngMiB }) => residentMiB - youngMiB),
    };
  } finally {
    await ours.stop();
  }
};
