/**
 * Works on a stream of items a few at a time and gives the outcomes in the order of the items.
 * Reads at most `width` items beyond the one awaited: that is the backpressure.
 */

/** @param width items worked on at once, 1 or more */
export async function* inOrder<Item, Outcome>(
  items: AsyncIterable<Item>,
  width: number,
  work: (item: Item, index: number) => Promise<Outcome>,
): AsyncGenerator<Outcome> {
  const running: Promise<Outcome>[] = [];
  let index = 0;
  for await (const item of items) {
    const outcome = work(item, index++);
    // Awaited below, in its turn; a rejection before that must not count as unhandled.
    outcome.catch(() => undefined);
    running.push(outcome);
    if (running.length >= width) yield (await running.shift()) as Outcome;
  }
  for (const outcome of running) yield await outcome;
}
