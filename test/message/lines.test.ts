/** Lines of a stream: empty ones are left out, however their end is cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLines } from '../../src/message/lines.ts';

async function* chunksOf(texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

const linesOf = async (...texts: string[]): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of readLines(chunksOf(texts), 100))
    lines.push(line.kind === 'line' ? line.bytes.toString() : line.kind);
  return lines;
};

test('readLines leaves out empty lines and keeps all others', async () => {
  assert.deepEqual(await linesOf('\n\r\na\n\n', '\nb\r\n \nc'), ['a\n', 'b\r\n', ' \n', 'c']);
  assert.deepEqual(await linesOf('a', '\n', '\n', 'b'), ['a\n', 'b']);
  assert.deepEqual(await linesOf('x'.repeat(101), '\n\n', 'b\n'), ['too-long', 'b\n']);
});

test('readLines makes no line of a megabyte of line ends', async () => {
  assert.deepEqual(await linesOf('\n'.repeat(1_000_000)), []);
});
