/**
 * How work grows with the text: each way in is fed 20 and more fillers at n, 2n and 4n octets in
 * one run, 4n being what its limits let through (`node bench/growth.ts [--json] [--only words]`).
 * Counted is the time of this thread on its core, which other work on the machine does not
 * lengthen; a standstill is the most of it between two turns of the event loop. Exits 1 when 4n
 * takes more than six times n or a turn takes over 50 ms, in the best of several runs.
 */
import { parseArgs } from 'node:util';
import { type Entry, growthEntries } from './growth-entries.ts';

/** A way in with the filler that grew most and the one that stood still longest. */
export type GrowthRow = {
  readonly entry: string;
  readonly bytes: number;
  /** Time at 4n over time at n, where 4n takes long enough to be told from noise. */
  readonly ratio: number;
  readonly ratioFiller: string;
  readonly blockedMs: number;
  readonly blockedFiller: string;
  readonly slowestMs: number;
  /** Whether a standstill holds up nobody but the operator. */
  readonly isOwnFile: boolean;
};

export const FILLERS = [
  ...[' ', '\t', '\r\n ', '\n', '\0', 'a', '0', '\xff', '.', ';', ',', '@', '%', '"', '\\', '(', '<', '['],
  ...['()', 'a.', 'a=b;', 'a@b.c,', '<a@b>,', '=?utf-8?q?a?= ', '%{d}', 'a:1 ', '<a b="c">', '<!--', '\r\nX: a'],
  ...['\r\nReceived: a', '\r\nDKIM-Signature: a=b;'],
] as const;

export const GROWTH_PROMISES = { ratio: 6, blockedMs: 50 } as const;
/** Under this time at 4n a ratio says nothing: a compilation or a collection takes as long. */
const TELLING_MS = 12;
/** No shorter time is compared with. */
const NOISE_MS = 2;
const RUNS = 7;

type Cost = { readonly totalMs: number; readonly blockedMs: number };

/** Time of this thread on its core. */
const threadMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** A turn of the event loop that takes less only waits, for a hash in another thread, say. */
const IDLE_MS = 0.05;

/** Feeds one text. Turns of the event loop are told by immediates. */
const costOf = async ({ prepare }: Entry, text: string): Promise<Cost> => {
  const work = prepare(text);
  let ends = false;
  let last = threadMs();
  let blockedMs = 0;
  let totalMs = 0;
  const turn = (): void => {
    const now = threadMs();
    blockedMs = Math.max(blockedMs, now - last);
    if (now - last > IDLE_MS) totalMs += now - last;
    last = now;
    if (!ends) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } catch {
    // A refusal is an answer too.
  }
  ends = true;
  await new Promise((resolve) => setImmediate(resolve));
  return { totalMs, blockedMs };
};

const least = (one: Cost, other: Cost): Cost => ({
  totalMs: Math.min(one.totalMs, other.totalMs),
  blockedMs: Math.min(one.blockedMs, other.blockedMs),
});

/**
 * In one piece: V8 makes a tree of what is repeated, and would flatten it while the work is
 * measured.
 */
const fill = (filler: string, bytes: number): string =>
  Buffer.from(filler.repeat(Math.floor(bytes / filler.length)), 'latin1').toString('latin1');

const grow = async (entry: Entry, filler: string): Promise<{ ratio: number; blockedMs: number; slowestMs: number }> => {
  const sizes = [1, 2, 4].map((times) => fill(filler, (entry.maxBytes / 4) * times));
  const first = await costOf(entry, sizes.at(-1) ?? '');
  if (first.totalMs < TELLING_MS) return { ratio: 0, blockedMs: first.blockedMs, slowestMs: first.totalMs };
  let best: Cost[] = [];
  for (let run = 0; run < RUNS; run++) {
    const costs: Cost[] = [];
    for (const text of sizes) costs.push(await costOf(entry, text));
    best = costs.map((cost, at) => least(cost, best[at] ?? cost));
    const { ratio, blockedMs } = figures(best);
    // What holds once holds: more runs could only make it faster.
    if (ratio <= GROWTH_PROMISES.ratio && (entry.isOwnFile || blockedMs <= GROWTH_PROMISES.blockedMs)) break;
  }
  return figures(best);
};

const figures = ([small, , large]: readonly Cost[]): { ratio: number; blockedMs: number; slowestMs: number } => {
  const [n, fourN] = [small?.totalMs ?? 0, large?.totalMs ?? 0];
  return {
    ratio: fourN < TELLING_MS ? 0 : fourN / Math.max(n, NOISE_MS),
    blockedMs: large?.blockedMs ?? 0,
    slowestMs: fourN,
  };
};

/**
 * Measures every way in; one that misses a promise is measured once more at the end.
 * @param wanted true for the names that are
 * @param tell told each row as it is measured
 */
export const measureGrowth = async (
  tell: (row: GrowthRow) => void,
  wanted: (name: string) => boolean = () => true,
): Promise<GrowthRow[]> => {
  const entries = (await growthEntries()).filter(({ name }) => wanted(name));
  // What node compiles at the first feeding is no growth.
  for (const entry of entries) for (const filler of ['a', '(', 'a=b;']) await costOf(entry, fill(filler, 800));
  const rows: GrowthRow[] = [];
  const again: Entry[] = [];
  const keep = (row: GrowthRow): void => {
    rows.push(row);
    tell(row);
  };
  for (const entry of entries) {
    const row = await measureRow(entry);
    if (growthComplaints(row).length === 0) keep(row);
    else again.push(entry);
  }
  // What other work on the machine costs comes and goes; what an input costs is there again.
  for (const entry of again) keep(await measureRow(entry));
  return rows;
};

/** One way in with every filler: the worst of each figure. */
const measureRow = async (entry: Entry): Promise<GrowthRow> => {
  let row: GrowthRow = {
    entry: entry.name,
    bytes: entry.maxBytes,
    ratio: 0,
    ratioFiller: '',
    blockedMs: 0,
    blockedFiller: '',
    slowestMs: 0,
    isOwnFile: entry.isOwnFile ?? false,
  };
  for (const filler of FILLERS) {
    const { ratio, blockedMs, slowestMs } = await grow(entry, filler);
    if (ratio > row.ratio) row = { ...row, ratio, ratioFiller: JSON.stringify(filler) };
    if (blockedMs > row.blockedMs) row = { ...row, blockedMs, blockedFiller: JSON.stringify(filler) };
    row = { ...row, slowestMs: Math.max(row.slowestMs, slowestMs) };
  }
  return row;
};

/** What a row breaks, one sentence each. */
export const growthComplaints = ({
  entry,
  ratio,
  ratioFiller,
  blockedMs,
  blockedFiller,
  isOwnFile,
}: GrowthRow): string[] => [
  ...(ratio > GROWTH_PROMISES.ratio
    ? [`${entry}: of ${ratioFiller} 4n takes ${ratio.toFixed(1)} times n, promised at most ${GROWTH_PROMISES.ratio}`]
    : []),
  ...(blockedMs > GROWTH_PROMISES.blockedMs && !isOwnFile
    ? [
        `${entry}: ${blockedFiller} stops the event loop for ${blockedMs.toFixed(0)} ms, promised at most ${GROWTH_PROMISES.blockedMs}`,
      ]
    : []),
];

/** A row as a line of text. */
export const growthCells = (row: GrowthRow): (string | number)[] => [
  row.entry.replaceAll(/\s+/g, ' '),
  row.bytes / 1000,
  row.slowestMs,
  row.ratio,
  row.ratioFiller,
  row.blockedMs,
  row.blockedFiller,
];

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string', default: '' } } });
  const rows = await measureGrowth(
    (row) => {
      if (!values.json)
        console.log(
          growthCells(row)
            .map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell))
            .join(' | '),
        );
    },
    (name) => name.includes(values.only),
  );
  const missed = rows.flatMap(growthComplaints);
  if (values.json) console.log(JSON.stringify({ rows, missed }, null, 2));
  for (const line of missed) console.error(`missed: ${line}`);
  process.exit(missed.length === 0 ? 0 : 1);
}
