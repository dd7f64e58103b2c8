/**
 * Counts and times by words, kept as plain numbers while the service works and handed to the gauges
 * when they are read: a message causes some thirty of them, a scrape one a minute. The words come
 * from closed lists, so the cells are few; nothing is ever dropped. Knows nothing of any gauge
 * format.
 */

/** Cells under up to three words each. */
type Cells<Cell> = {
  /** The cell of these words, made when it is first asked for. */
  readonly at: (first?: string, second?: string, third?: string) => Cell;
  /** All cells with their words, of which there are always three. */
  readonly all: () => (readonly [words: readonly string[], cell: Cell])[];
};

/** Makes cells. @param make an empty one */
export const createCells = <Cell>(make: () => Cell): Cells<Cell> => {
  const root = new Map<string, Map<string, Map<string, Cell>>>();
  return {
    at: (first = '', second = '', third = '') => {
      const known = root.get(first)?.get(second)?.get(third);
      if (known !== undefined) return known;
      const seconds = root.get(first) ?? new Map<string, Map<string, Cell>>();
      const thirds = seconds.get(second) ?? new Map<string, Cell>();
      const cell = make();
      root.set(first, seconds.set(second, thirds.set(third, cell)));
      return cell;
    },
    all: () =>
      [...root].flatMap(([first, seconds]) =>
        [...seconds].flatMap(([second, thirds]) =>
          [...thirds].map(([third, cell]) => [[first, second, third], cell] as const),
        ),
      ),
  };
};

/** How often a value fell into which bucket. */
export type Spread = {
  /**
   * For each bound the values up to it and above the bound before it; the last is for values above
   * all bounds.
   */
  readonly counts: number[];
  sum: number;
};

/** An empty spread. @param bounds upper bounds, ascending, each inclusive */
export const createSpread = (bounds: readonly number[]): Spread => ({
  counts: Array.from({ length: bounds.length + 1 }, () => 0),
  sum: 0,
});

/** Adds a value to a spread that was made with the same bounds. */
export const addTo = (spread: Spread, bounds: readonly number[], value: number): void => {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
  spread.counts[bucket] = (spread.counts[bucket] ?? 0) + 1;
  spread.sum += value;
};
