/**
 * Splitting an mbox: the same messages however the octets come in, and memory that follows the
 * octets.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMbox } from '../../src/message/mbox.ts';
import type { Room } from '../../src/message/octets.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const octets = Buffer.from(text, 'latin1');
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

const split = async (text: string, size: number, maxBytes = 1000, room?: Room): Promise<string[]> => {
  const said: string[] = [];
  for await (const entry of readMbox(inPieces(text, size), maxBytes, room))
    said.push(entry.kind === 'message' ? entry.bytes.toString('latin1') : entry.kind);
  return said;
};

const CASES: readonly (readonly [text: string, messages: readonly string[]])[] = [
  ['From a\nA: b\n\nbody\n\nFrom c\nD: e\n\n', ['A: b\n\nbody\n', 'D: e\n']],
  ['A: b\r\n\r\nbody\r\n', ['A: b\r\n\r\nbody\r\n']],
  ['From a\nA: b\n\n>From x\n>>From y\n>Frown\nFrom z\n', ['A: b\n\nFrom x\n>From y\n>Frown\nFrom z\n']],
  ['From a\nA: b\r\n\r\nFrom c\nD: e', ['A: b\r\n', 'D: e']],
  ['From a\n\nFro', ['\nFro']],
  ['\n', ['\n']],
  ['From a', []],
  ['', []],
  ['A: b\n\n\n\nFrom c\nx', ['A: b\n\n\n', 'x']],
  [`A: b\n\n${'>'.repeat(990)}From x`, [`A: b\n\n${'>'.repeat(989)}From x`]],
  ['A: b\n\r', ['A: b\n\r']],
];

test('readMbox reads the same messages whatever pieces they come in', async () => {
  for (const [text, messages] of CASES)
    for (const size of [1, 2, 3, 5, 7, 64, 4096])
      assert.deepEqual(await split(text, size, 5000), messages, `${JSON.stringify(text)} in pieces of ${size}`);
});

test('readMbox tells a message over its limit and reads the next one', async () => {
  assert.deepEqual(await split(`From a\n${'x'.repeat(21)}\n\nFrom b\nok\n`, 4, 20), ['too-large', 'ok\n']);
  assert.deepEqual(await split('\n'.repeat(50), 4, 20), ['too-large']);
});

test('readMbox tells a message that there is no memory for, and gives back what it held', async () => {
  let held = 0;
  const room: Room = {
    reserve: (bytes) => {
      if (held + bytes > 2048) return false;
      held += bytes;
      return true;
    },
    release: (bytes) => {
      held -= bytes;
    },
  };
  const text = `From a\n${'x'.repeat(5000)}\n\nFrom b\nok\n`;
  assert.deepEqual(await split(text, 100, 10_000, room), ['no-room', 'ok\n']);
  // The octets of the message that was given out are its owner's to give back.
  assert.equal(held, 'ok\n'.length);
});
