/**
 * What the service takes at its limits: memory under a thousand large messages at once and for the
 * largest one, time for the worst inputs against an ordinary message of the same size, and how long
 * its event loop stands still. Memory is resident memory of the whole process; the event loop tells
 * of itself through /metrics.
 */
import type { DnsServer } from './dns-server.ts';
import { askOnce, load, post } from './load.ts';
import { startOurs } from './ours.ts';
import { HEADER, letter, makeMessage } from './world.ts';

const MIB = 1_048_576;

/** Resident memory in MiB. */
export type Memory = {
  readonly atRest: number;
  /** Highest while 1,000 messages of 1 MB came at once. */
  readonly thousand: number;
  /** Highest beyond rest and the message's own bytes while one of 50 MB was judged. */
  readonly fiftyBeyondBytes: number;
};

/** One kind of bad input. */
export type WorstRow = {
  readonly input: string;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Milliseconds of an ordinary message of the same size. */
  readonly ordinaryMs: number;
  readonly ratio: number;
  /** Longest standstill of the event loop in milliseconds. */
  readonly blockedMs: number;
};

/** Takes the highest of a value while work goes on. */
const highest = async (read: () => number, work: () => Promise<unknown>): Promise<number> => {
  let most = read();
  const timer = setInterval(() => {
    most = Math.max(most, read());
  }, 10);
  try {
    await work();
    return Math.max(most, read());
  } finally {
    clearInterval(timer);
  }
};

/** Measures memory. */
export const measureMemory = async (dns: DnsServer): Promise<Memory> => {
  const fresh = async <Result>(measure: (ours: Awaited<ReturnType<typeof startOurs>>) => Promise<Result>) => {
    // One address sends all of them, which the limits for one address would refuse.
    const room = { MAX_PEER_CONNECTIONS: '2000', MAX_TOTAL_BYTES: '2147483648', MAX_CALLER_BYTES: '2147483648' };
    const ours = await startOurs(dns.port, { env: room });
    try {
      await load(ours.request(await makeMessage(3_000)), 8, 1_000);
      return await measure(ours);
    } finally {
      await ours.stop();
    }
  };
  const megabyte = await makeMessage(1_000_000);
  const thousand = await fresh((ours) =>
    highest(ours.residentBytes, () =>
      Promise.all(Array.from({ length: 1_000 }, () => askOnce(ours.request(megabyte)))),
    ),
  );
  const fifty = await makeMessage(50_000_000);
  const { rest, most } = await fresh(async (ours) => {
    const rest = ours.residentBytes();
    return { rest, most: await highest(ours.residentBytes, () => askOnce(ours.request(fifty))) };
  });
  return {
    atRest: rest / MIB,
    thousand: thousand / MIB,
    fiftyBeyondBytes: (most - rest - fifty.length) / MIB,
  };
};

const LINES = 49_000;
const SETS = 50;

const arcSets = (): string => {
  const junk = Buffer.alloc(256, 7).toString('base64');
  const tags = 'a=rsa-sha256; d=brand.example; s=s1;';
  const sets: string[] = [];
  for (let i = SETS; i >= 1; i--)
    sets.push(
      `ARC-Seal: i=${i}; ${tags} cv=${i === 1 ? 'none' : 'pass'}; b=${junk}\r\n`,
      `ARC-Message-Signature: i=${i}; ${tags} c=relaxed/relaxed; h=from:to:subject; bh=${junk.slice(0, 43)}=; b=${junk}\r\n`,
      `ARC-Authentication-Results: i=${i}; mx.example; spf=pass\r\n`,
    );
  return sets.join('');
};

/** The inputs; each is a message that must be judged, not refused. */
const worstInputs = async (): Promise<readonly (readonly [string, Buffer])[]> => [
  ['1,000 signatures', await makeMessage(100_000, 1_000)],
  ['50 ARC sets', Buffer.from(`${arcSets()}${HEADER}\r\n${letter(30_000)}`)],
  ['a field of 49,000 folds', Buffer.from(`${HEADER}X-Folded: a\r\n${' b\r\n'.repeat(LINES)}\r\n${letter(1_000)}`)],
  [
    '10 MB of folds in MIME headers of the body',
    Buffer.from(`${HEADER}\r\n--b\r\nX-Folded: a\r\n${' b\r\n'.repeat(2_500_000)}\r\n`),
  ],
  ['a line of 50 MB', Buffer.from(`${HEADER}\r\n${'x'.repeat(50_000_000)}`)],
  ['50 MB of spaces', Buffer.from(`${HEADER}\r\n${' '.repeat(50_000_000)}`)],
];

/**
 * Measures the worst inputs: the fastest of three each, which the rest of the machine disturbs
 * least.
 */
export const measureWorst = async (dns: DnsServer): Promise<WorstRow[]> => {
  const ours = await startOurs(dns.port, {});
  const timed = async (message: Buffer): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const startMs = performance.now();
      await askOnce(ours.request(message));
      best = Math.min(best, performance.now() - startMs);
    }
    return best;
  };
  try {
    await load(ours.request(await makeMessage(30_000)), 8, 3_000);
    const rows: WorstRow[] = [];
    for (const [input, message] of await worstInputs()) {
      const ordinary = await makeMessage(message.length);
      const ordinaryMs = await timed(ordinary);
      await ours.longestStandstillMs();
      const elapsedMs = await timed(message);
      const blockedMs = await ours.longestStandstillMs();
      rows.push({ input, bytes: message.length, elapsedMs, ordinaryMs, ratio: elapsedMs / ordinaryMs, blockedMs });
    }
    return rows;
  } finally {
    await ours.stop();
  }
};

/**
 * A header block over its limit must be refused at once.
 * @returns the status and the milliseconds it took
 */
export const measureRefusal = async (dns: DnsServer): Promise<{ status: number; elapsedMs: number }> => {
  const ours = await startOurs(dns.port, {});
  try {
    const message = Buffer.from(`${HEADER}X-Folded: a\r\n${' b\r\n'.repeat(2_500_000)}\r\n${letter(1_000)}`);
    const { port } = ours;
    await load(post(port, '/v1/verify', await makeMessage(3_000)), 2, 500);
    const startMs = performance.now();
    const { status } = await fetch(`http://127.0.0.1:${port}/v1/verify`, {
      method: 'POST',
      body: new Uint8Array(message),
    });
    return { status, elapsedMs: performance.now() - startMs };
  } finally {
    await ours.stop();
  }
};
