/** memoized: the same tree for the same text, within bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_MEMOIZED, MAX_MEMOIZED_CHARACTERS, memoized } from '../../src/records/memoized.ts';

const counting = () => {
  const read: string[] = [];
  const parse = memoized((text) => {
    read.push(text);
    return { text };
  });
  return { parse, read };
};

test('memoized reads a text once and gives its tree again', () => {
  const { parse, read } = counting();
  assert.equal(parse('v=spf1 -all'), parse('v=spf1 -all'));
  assert.deepEqual(parse('v=spf1 ~all'), { text: 'v=spf1 ~all' });
  assert.deepEqual(read, ['v=spf1 -all', 'v=spf1 ~all']);
});

test('memoized keeps no text beyond its bound on characters', () => {
  const { parse, read } = counting();
  const longest = 'x'.repeat(MAX_MEMOIZED_CHARACTERS);
  for (const text of [longest, longest, `${longest}y`, `${longest}y`]) parse(text);
  assert.deepEqual(read, [longest, `${longest}y`, `${longest}y`]);
});

test('memoized drops the text that was not read for longest', () => {
  const { parse, read } = counting();
  for (let at = 0; at <= MAX_MEMOIZED; at++) parse(String(at));
  parse('1');
  parse('0');
  assert.deepEqual(read.slice(-2), [String(MAX_MEMOIZED), '0']);
});
