/**
 * Unpredictable numbers for ids and socket picks (RFC 5452 section 9.2), drawn from a pool so that
 * one system call serves a thousand questions. The source is an argument: `crypto.randomFillSync`
 * in production, a seed in tests. Never falls back to Math.random.
 */

/** Fills a buffer with random octets, as `crypto.randomFillSync`. */
export type FillRandom = (bytes: Uint8Array) => unknown;

/** A stream of random numbers. */
export type RandomNumbers = {
  /** 0 to 65535. */
  readonly uint16: () => number;
  /** 0 to `count` - 1, each as likely as the others; `count` from 1 to 65536. */
  readonly below: (count: number) => number;
};

/** Draws numbers from a pool of 4 KiB that `fill` renews. */
export const randomNumbers = (fill: FillRandom): RandomNumbers => {
  const pool = new Uint16Array(2048);
  let at = pool.length;
  const uint16 = (): number => {
    if (at === pool.length) {
      fill(new Uint8Array(pool.buffer));
      at = 0;
    }
    return pool[at++] ?? 0;
  };
  const below = (count: number): number => {
    // Numbers in the last, incomplete span would favour the low results.
    const span = 65_536 - (65_536 % count);
    for (;;) {
      const number = uint16();
      if (number < span) return number % count;
    }
  };
  return { uint16, below };
};
