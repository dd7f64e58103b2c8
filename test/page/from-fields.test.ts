/** The From fields as they were written, cut out of the octets of a message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

// The page is JavaScript, which the compiler of the tests does not read.
const script = new URL('../../src/page/message/from-fields.js', import.meta.url).href;
const { fromFields } = (await import(script)) as { fromFields: (bytes: Uint8Array) => string[] };

const CASES: Readonly<Record<string, readonly [message: string, fields: readonly string[]]>> = {
  'a folded field, unfolded': ['From: "A"\r\n <a@b.example>\r\nTo: x\r\n\r\n', ['"A" <a@b.example>']],
  'several fields, whatever their case': ['FROM: a\nSubject: s\nfrom : b\n\nFrom: c', ['a', 'b']],
  'no field of another name': ['From-Line: a\r\nX-From: b\r\nFrom a@b.example\r\n\r\n', []],
  'a field that the header ends with': ['From:a', ['a']],
  'no header at all': ['', []],
};

for (const [name, [message, fields]] of Object.entries(CASES))
  test(`fromFields gives ${name}`, () => {
    assert.deepEqual(fromFields(Buffer.from(message)), fields);
  });

test('fromFields bounds the fields, their length and the header', () => {
  assert.equal(fromFields(Buffer.from('From: a\r\n'.repeat(21))).length, 20);
  assert.deepEqual(fromFields(Buffer.from(`From: ${'a'.repeat(1001)}\r\n`)), [`${'a'.repeat(1000)}…`]);
  assert.deepEqual(fromFields(Buffer.from(`X: ${'a'.repeat(262_144)}\r\nFrom: a\r\n`)), []);
});
