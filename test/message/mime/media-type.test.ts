/** parameterText: RFC 2231, RFC 2047; readDisposition: RFC 2183. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMessage } from '../../../src/message/message.ts';
import { contentTypeOf, parameterText, readDisposition } from '../../../src/message/mime/media-type.ts';

const NAMES: readonly (readonly [of: string, disposition: string, expected: string | null])[] = [
  ['a plain name', 'attachment; filename=a.pdf', 'a.pdf'],
  ['a quoted name', 'attachment; filename="my \\"file\\".pdf"', 'my "file".pdf'],
  ['no name', 'attachment', null],
  ['charset and language', "attachment; filename*=utf-8'de'%C3%BC.pdf", 'ü.pdf'],
  ['another charset', "attachment; filename*=ISO-8859-1''%FC.pdf", 'ü.pdf'],
  ['Shift_JIS', "attachment; filename*=shift_jis''%93%FA.txt", '日.txt'],
  ['a charset that nobody knows', "attachment; filename*=x-none''%FCa", '\ufffda'],
  ['no charset', "attachment; filename*=''%C3%BC", 'ü'],
  ['no quotes', 'attachment; filename*=%C3%BC', 'ü'],
  ['sections', 'attachment; filename*1=b; filename*0=a; filename*2="c d"', 'abc d'],
  ['sections with a gap', 'attachment; filename*0=a; filename*2=c', 'a'],
  ['sections with a charset', "attachment; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=.%41", 'ü.%41'],
  ['the extended name before the plain one', "attachment; filename=plain; filename*=utf-8''better", 'better'],
  ['an encoded word', 'attachment; filename="=?utf-8?B?w7wucGRm?="', 'ü.pdf'],
  ['a name that is shown backwards', "attachment; filename*=utf-8''fdp%E2%80%AE.exe", 'fdp\ufffd.exe'],
  ['a line break in a name', "attachment; filename*=utf-8''a%0Ab", 'a b'],
  ['a broken percent sign', "attachment; filename*=utf-8''a%zz%4", 'a%zz%4'],
  ['a long name', `attachment; filename="${'a'.repeat(300)}"`, 'a'.repeat(255)],
  ['a long extended name', `attachment; filename*=''${'a'.repeat(300)}`, 'a'.repeat(255)],
];
for (const [of, text, expected] of NAMES)
  test(`parameterText reads ${of}`, () =>
    assert.equal(parameterText(readDisposition(text)?.parameters ?? new Map(), 'filename', 255), expected));

test('readDisposition reads the word and nothing where there is none', () => {
  assert.equal(readDisposition(' (a) ATTACHMENT ; x=y')?.type, 'attachment');
  assert.equal(readDisposition(''), null);
  assert.equal(readDisposition('; filename=x'), null);
});

test('the readers of MIME parameters never throw and never stand still', () => {
  const pieces = fc.constantFrom(
    'a',
    '/',
    ';',
    '=',
    '"',
    '\\',
    '(',
    '*',
    '0',
    '1',
    "'",
    '%',
    '%41',
    ' ',
    '\0',
    'é',
    'filename',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (made) => {
      const text = `a/b; filename${made.join('')}`;
      const message = readMessage(Buffer.from(`Content-Type: ${text}\r\n\r\n`));
      assert.equal(message.kind, 'message');
      for (const read of [contentTypeOf(message.fields), readDisposition(text)])
        parameterText(read?.parameters ?? new Map(), 'filename', 255);
    }),
    { numRuns: 3000 },
  );
  for (const piece of ['filename*0=a;', "'", '%', '%41', '*', ';'])
    parameterText(readDisposition(`a; filename*=${piece.repeat(100_000)}`)?.parameters ?? new Map(), 'filename', 255);
});
