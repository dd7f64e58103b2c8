/** Lines of a streamed answer: how they are cut, and how much work a long one is. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { readLines } from '../../src/client/exchange.ts';

async function* inChunks(text: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}
const read = async (text: string, chunkBytes: number, maxBytes = 1000): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of readLines(inChunks(text, chunkBytes), maxBytes)) lines.push(line);
  return lines;
};

test('readLines gives the same lines in whatever chunks they come', async () => {
  const text = '{"a":"bücher"}\n\n\n{"b":"\u{1f4e8}"}\n{}\n';
  for (let chunkBytes = 1; chunkBytes < 40; chunkBytes++)
    assert.deepEqual(await read(text, chunkBytes), ['{"a":"bücher"}', '{"b":"\u{1f4e8}"}', '{}']);
});

test('readLines refuses a line over the limit and an answer that was cut off', async () => {
  for (const chunkBytes of [1, 7, 5000]) {
    assert.deepEqual(await read(`${'x'.repeat(1000)}\n`, chunkBytes), ['x'.repeat(1000)]);
    await assert.rejects(read(`${'x'.repeat(1001)}\n`, chunkBytes), /more than 1000 bytes/);
    await assert.rejects(read(`${'ü'.repeat(501)}\n`, chunkBytes), /more than 1000 bytes/);
    await assert.rejects(read('{}\n{', chunkBytes), /in the middle of a line/);
  }
});

/** Counts the octets and characters that the usual ways to search and decode go through. */
const countWork = (t: TestContext): { done: number } => {
  const work = { done: 0 };
  const count = <Kind extends { length: number }>(owner: Kind, name: keyof Kind): void => {
    const usual = owner[name] as (...words: unknown[]) => unknown;
    t.mock.method(
      owner as object,
      name as never,
      function (this: Kind, ...words: unknown[]) {
        work.done += this.length;
        return usual.apply(this, words);
      } as never,
    );
  };
  for (const name of ['split', 'indexOf', 'lastIndexOf', 'includes'] as const) count(String.prototype as string, name);
  const { decode } = TextDecoder.prototype;
  t.mock.method(TextDecoder.prototype, 'decode', function (
    this: InstanceType<typeof TextDecoder>,
    bytes?: Uint8Array,
    options?: object,
  ) {
    work.done += bytes?.length ?? 0;
    return decode.call(this, bytes, options);
  } as typeof decode);
  return work;
};

test('readLines goes through a line of many chunks once', async (t) => {
  const [chunks, chunkBytes] = [2000, 100];
  const text = `${'x'.repeat(chunks * chunkBytes)}\n`;
  const work = countWork(t);
  const lines = await read(text, chunkBytes, text.length);
  assert.equal(lines[0]?.length, chunks * chunkBytes);
  assert.ok(work.done <= 3 * text.length, `${work.done} for ${text.length}`);
});
