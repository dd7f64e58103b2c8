import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeader, selectFields, signedBytes } from '../../src/dkim/header-hash.ts';
import { readMessage } from '../../src/message/message.ts';

const headerOf = (text: string) => {
  const message = readMessage(Buffer.from(text, 'latin1'));
  if (message.kind !== 'message') throw new TypeError('too large');
  return readHeader(message.fields, message.lineEnds.bareLf > 0);
};

const relaxedCases: readonly [field: string, canonical: string][] = [
  ['A: X', 'a:X'],
  ['B : Y\t\r\n\tZ  ', 'b:Y Z'],
  ['Subject:  two  words \t', 'subject:two words'],
  ['Empty:', 'empty:'],
  ['Empty: \r\n \t', 'empty:'],
  ['X-A\r\n : b', 'x-a:b'],
  ['C: a:b :c', 'c:a:b :c'],
  ['Lone: a \r b', 'lone:a \r b'],
  ['Utf: \xc3\x89\xa0 \xc0', 'utf:\xc3\x89\xa0 \xc0'],
  ['\xc9: A', '\xc9:A'],
];

test('readHeader gives the relaxed form of a field (RFC 6376 section 3.4.2)', () => {
  for (const [field, canonical] of relaxedCases) {
    const header = headerOf(`${field}\r\n\r\n`);
    assert.equal(header.canonical(0, 'relaxed').toString('latin1'), `${canonical}\r\n`);
  }
});

test('readHeader gives the canonical fields of the example in RFC 6376 section 3.4.5', () => {
  const header = headerOf('A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\n');
  const canonical = (form: 'simple' | 'relaxed') => [0, 1].map((at) => header.canonical(at, form).toString()).join('');
  assert.equal(canonical('relaxed'), 'a:X\r\nb:Y Z\r\n');
  assert.equal(canonical('simple'), 'A: X\r\nB : Y\t\r\n\tZ  \r\n');
});

test('readHeader counts a bare LF as a line end and a lone CR as content', () => {
  const header = headerOf('A: 1\n 2\r\n 3\n\t4\nB: x\ry\r\n\n');
  assert.equal(header.canonical(0, 'simple').toString(), 'A: 1\r\n 2\r\n 3\r\n\t4\r\n');
  assert.equal(header.canonical(1, 'simple').toString(), 'B: x\ry\r\n');
});

test('readHeader takes a line that is no field for part of the field above it', () => {
  const header = headerOf('From: a\r\nslipped in\r\n: and this\r\nTo: b\r\n\r\n');
  const [from = -1] = header.positions('from');
  assert.equal(header.canonical(from, 'relaxed').toString(), 'from:aslipped in: and this\r\n');
});

const selectCases: readonly [names: string, picked: string, oversigned: string[], partlySigned: string[]][] = [
  ['from', 'from 2', [], ['from']],
  ['from:from', 'from 2,from 0', [], []],
  ['from:from:from', 'from 2,from 0', ['from'], []],
  ['to:from:to', 'to 1,from 2', ['to'], ['from']],
  ['absent:from:from', 'from 2,from 0', ['absent'], []],
];

test('selectFields picks from the bottom up and tells what h= does not cover (RFC 6376 section 5.4.2)', () => {
  const header = headerOf('From: top\r\nTo: x\r\nFrom: bottom\r\n\r\n');
  for (const [names, picked, oversigned, partlySigned] of selectCases) {
    const selected = selectFields(header, names.split(':'));
    const told = selected.positions.map((at) => `${at === 1 ? 'to' : 'from'} ${at}`).join(',');
    assert.deepEqual({ told, ...selected, positions: [] }, { told: picked, oversigned, partlySigned, positions: [] });
  }
});

test('signedBytes empties b= with the white space around it and ends without CRLF (RFC 6376 section 3.7)', () => {
  const header = headerOf('Sig: a=1; b = \r\n AB CD\r\n ; c=2\r\nFrom: x\r\n\r\n');
  const value = 'Sig: a=1; b =';
  const emptied = { position: 0, start: value.length, end: header.wire(0).length - '; c=2'.length };
  assert.equal(signedBytes(header, [1], emptied, 'simple').toString(), `From: x\r\n${value}; c=2`);
  assert.equal(signedBytes(header, [1], emptied, 'relaxed').toString(), 'from:x\r\nsig:a=1; b =; c=2');
});
