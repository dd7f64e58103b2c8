import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_TAGS, readTagList } from '../../src/dkim/tag-list.ts';

const faultCases: readonly [text: string, position: number, reason: RegExp][] = [
  ['', 0, /empty tag/],
  [';a=1', 0, /empty tag/],
  ['a=1;;b=2', 4, /empty tag/],
  ['a=1; ;b=2', 4, /empty tag/],
  ['a=1; b', 5, /without "="/],
  ['a=1; =2', 5, /tag name/],
  ['a=1; 2b=2', 5, /tag name/],
  ['a=1; b-c=2', 5, /tag name/],
  ['a=1; b c=2', 5, /tag name/],
  ['a=1;\rb=2', 4, /tag name/],
  ['a=1; b=2; a=3', 10, /a= occurs twice/],
  ['a=1\x00', 3, /control character in the value of a=/],
  ['a=1\r2', 3, /control character/],
  ['a=1\n 2', 3, /control character/],
  ['a=1\r\n2', 3, /control character/],
  ['a=\x7f', 2, /control character/],
];

test('readTagList tells the first fault and where it stands (RFC 6376 section 3.2)', () => {
  for (const [text, position, reason] of faultCases) {
    const { fault } = readTagList(text);
    assert.match(fault?.reason ?? 'none', reason, JSON.stringify(text));
    assert.equal(fault?.position, position, JSON.stringify(text));
  }
});

const valueCases: readonly [text: string, values: Record<string, string>][] = [
  ['a=1', { a: '1' }],
  ['a=1;', { a: '1' }],
  [' a = 1 ; b=2 ;\r\n ', { a: '1', b: '2' }],
  ['a=;b=2', { a: '', b: '2' }],
  ['a=x=y', { a: 'x=y' }],
  ['A=1; a=2', { A: '1', a: '2' }],
  ['a=one \r\n\t two', { a: 'one \r\n\t two' }],
  ['a=\r\n 1\r\n ;\r\n b=2', { a: '1', b: '2' }],
  ['n="x;', { n: '"x' }],
  ['a=caf\xc3\xa9', { a: 'caf\xc3\xa9' }],
  ['toString=1; __proto__=2', { toString: '1' }],
];

test('readTagList gives each value without the white space around it (RFC 6376 section 3.2)', () => {
  for (const [text, values] of valueCases) {
    const { tags, fault } = readTagList(text);
    if (!text.includes('__proto__')) assert.equal(fault, null, JSON.stringify(text));
    for (const [name, value] of Object.entries(values))
      assert.equal(tags.get(name)?.value, value, JSON.stringify(text));
  }
});

test('readTagList says where a value stands with the white space around it (RFC 6376 section 3.7)', () => {
  const text = 'a=1; b = \r\n x y ; c=3';
  const tag = readTagList(text).tags.get('b');
  assert.equal(text.slice(0, tag?.start) + text.slice(tag?.end), 'a=1; b =; c=3');
});

test(`readTagList reads ${MAX_TAGS} tags and calls more a fault`, () => {
  const list = (count: number) => Array.from({ length: count }, (_, at) => `t${at}=1`).join(';');
  assert.equal(readTagList(list(MAX_TAGS)).fault, null);
  const { tags, fault } = readTagList(list(MAX_TAGS + 1));
  assert.match(fault?.reason ?? '', /more than 256 tags/);
  assert.equal(tags.size, MAX_TAGS);
});

test('readTagList never throws, and its values are slices of the text', () => {
  const piece = fc.constantFrom('a', 'b', '=', ';', ' ', '\t', '\r\n ', '\r', '\n', '\0', '\xff', '"');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      const { tags, fault } = readTagList(text);
      for (const { name, value, start, end } of tags.values()) {
        assert.ok(text.slice(start, end).includes(value));
        if (fault === null) assert.match(text.slice(0, start), new RegExp(`(?:^|;)\\s*${name}\\s*=$`));
      }
    }),
  );
});
