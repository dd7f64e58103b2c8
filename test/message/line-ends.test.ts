/** countLineEnds: RFC 5321 section 2.3.8, RFC 5322 section 2.1.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countLineEnds } from '../../src/message/line-ends.ts';

const long = 'x'.repeat(2000);
const cases: [of: string, content: string, crlf: number, bareLf: number, bareCr: number, longest: number][] = [
  ['nothing', '', 0, 0, 0, 0],
  ['a line without an end', 'abc', 0, 0, 0, 3],
  ['CRLF', 'a\r\nbcd\r\n', 2, 0, 0, 3],
  ['bare LF', 'a\nb\n', 0, 2, 0, 1],
  ['bare CR', 'a\rb\r', 0, 0, 2, 4],
  ['all of them', '\r\r\n\n\r\n\r', 2, 1, 2, 1],
  ['LF CR', '\n\r', 0, 1, 1, 1],
  ['a CR at the end of one line and an LF that is a line of its own', 'a\r\n\n', 1, 1, 0, 1],
  ['long lines', `${long}\r\n${long}y\n${long}\r`, 1, 1, 1, 2001],
];
for (const [of, content, crlf, bareLf, bareCr, longestLineBytes] of cases) {
  test(`countLineEnds counts ${of}`, () => {
    assert.deepEqual(countLineEnds(Buffer.from(content)), { crlf, bareLf, bareCr, longestLineBytes });
  });
}

test('countLineEnds agrees with regular expressions on any mix', () => {
  const mix = fc.array(fc.constantFrom('\r', '\n', 'a', 'b'.repeat(11), 'c'.repeat(12), 'd'.repeat(40)), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(mix, (parts) => {
      const text = parts.join('');
      const counted = countLineEnds(Buffer.from(text));
      assert.equal(counted.crlf, text.match(/\r\n/g)?.length ?? 0);
      assert.equal(counted.bareLf, text.match(/(?<!\r)\n/g)?.length ?? 0);
      assert.equal(counted.bareCr, text.match(/\r(?!\n)/g)?.length ?? 0);
      assert.equal(counted.longestLineBytes, Math.max(...text.split(/\r?\n/).map((line) => line.length)));
    }),
  );
});
