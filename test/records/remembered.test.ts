/** remembered: the same tree for the same text, within bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_REMEMBERED, MAX_REMEMBERED_CHARACTERS, remembered } from '../../src/records/remembered.ts';

const counting = () => {
  const read: string[] = [];
  const parse = remembered((text) => {
    read.push(text);
    return { text };
  });
  return { parse, read };
};

test('remembered reads a text once and gives its tree again', () => {
  const { parse, read } = counting();
  assert.equal(parse('v=spf1 -all'), parse('v=spf1 -all'));
  assert.deepEqual(parse('v=spf1 ~all'), { text: 'v=spf1 ~all' });
  assert.deepEqual(read, ['v=spf1 -all', 'v=spf1 ~all']);
});

test('remembered holds no text beyond its bound on characters', () => {
  const { parse, read } = counting();
  const longest = 'x'.repeat(MAX_REMEMBERED_CHARACTERS);
  for (const text of [longest, longest, `${longest}y`, `${longest}y`]) parse(text);
  assert.deepEqual(read, [longest, `${longest}y`, `${longest}y`]);
});

test('remembered drops the text that was not read for longest', () => {
  const { parse, read } = counting();
  for (let at = 0; at <= MAX_REMEMBERED; at++) parse(String(at));
  parse('1');
  parse('0');
  assert.deepEqual(read.slice(-2), [String(MAX_REMEMBERED), '0']);
});
