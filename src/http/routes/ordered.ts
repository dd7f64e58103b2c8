/**
 * Works on a stream of items a few at a time and yields the outcomes in the order of the items,
 * each as soon as it and all before it are there: a client may wait for one answer before it sends
 * the next item. Reads at most `width` items beyond the last outcome: that is the backpressure.
 */

/** @param width items worked on at once, 1 or more */
export async function* inOrder<Item, Outcome>(
  items: AsyncIterable<Item>,
  width: number,
  work: (item: Item, index: number) => Promise<Outcome>,
): AsyncGenerator<Outcome> {
  const source = items[Symbol.asyncIterator]();
  const running: Promise<Outcome>[] = [];
  let reading: Promise<IteratorResult<Item>> | null = null;
  let isWhole = false;
  let index = 0;
  try {
    while (!isWhole || running.length > 0) {
      if (!isWhole && running.length < width) reading ??= handled(source.next());
      const read: IteratorResult<Item> | null = await firstOf(reading, running[0]);
      if (read === null) {
        yield (await running.shift()) as Outcome;
        continue;
      }
      reading = null;
      if (read.done === true) isWhole = true;
      else running.push(handled(work(read.value, index++)));
    }
  } finally {
    // An item that is still being read cannot be waited for: it may never come.
    const returned = isWhole ? undefined : source.return?.();
    if (returned !== undefined && reading === null) await returned;
    else returned?.catch(() => undefined);
  }
}

/** Waits for the next item or the oldest outcome. @returns null when it is the outcome */
const firstOf = async <Item>(
  reading: Promise<IteratorResult<Item>> | null,
  oldest: Promise<unknown> | undefined,
): Promise<IteratorResult<Item> | null> => {
  const outcome = oldest?.then(() => null);
  // The outcome first: of two that are there, the answer must not wait for more to be read.
  const waited = [outcome, reading].filter((one) => one !== undefined && one !== null);
  return Promise.race(waited);
};

/** A promise that is awaited later: a rejection before that must not count as unhandled. */
const handled = <Value>(promise: Promise<Value>): Promise<Value> => {
  promise.catch(() => undefined);
  return promise;
};
