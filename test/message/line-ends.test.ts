/**
 * scanOctets: RFC 5321 section 2.3.8, RFC 5322 section 2.1.1; the white space that relaxed
 * canonicalization changes, RFC 6376 section 3.4.4.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scanInTurns, scanOctets } from '../../src/message/line-ends.ts';

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
  test(`scanOctets counts ${of}`, () => {
    assert.deepEqual(scanOctets(Buffer.from(content)).lineEnds, { crlf, bareLf, bareCr, longestLineBytes });
  });
}

test('scanOctets agrees with regular expressions on any mix', () => {
  // The long ones put line ends on both sides of the edge of a piece.
  const long = [16_380, 16_383].map((length) => 'e'.repeat(length));
  const mix = fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', 'b'.repeat(11), 'd'.repeat(40), ...long), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(mix, (parts) => {
      const text = parts.join('');
      const counted = scanOctets(Buffer.from(text)).lineEnds;
      assert.equal(counted.crlf, text.match(/\r\n/g)?.length ?? 0);
      assert.equal(counted.bareLf, text.match(/(?<!\r)\n/g)?.length ?? 0);
      assert.equal(counted.bareCr, text.match(/\r(?!\n)/g)?.length ?? 0);
      assert.equal(counted.longestLineBytes, Math.max(...text.split(/\r?\n/).map((line) => line.length)));
    }),
    { numRuns: 500 },
  );
});

test('scanOctets tells where white space is uneven, and misses none that relaxed canonicalization would change', () => {
  const mix = fc.array(fc.constantFrom(' ', '\t', '\r\n', '\r', 'a', 'bc', 'def', '\0', '\u00e9'), { maxLength: 24 });
  fc.assert(
    fc.property(mix, (parts) => {
      const text = parts.join('');
      const { unevenSpaceEnd } = scanOctets(Buffer.from(text, 'latin1'));
      // What stands after it is its own relaxed form.
      const rest = text.slice(unevenSpaceEnd);
      assert.equal(rest.replace(/[ \t]+(?=\r\n|$)/g, '').replace(/[ \t]+/g, ' '), rest);
    }),
    { numRuns: 2000 },
  );
  for (const text of ['one two\r\n three four\r\n', '', 'a b c d e f g', '\u00e9 \u00e8 \u00e7\r\n'])
    assert.equal(scanOctets(Buffer.from(text, 'latin1')).unevenSpaceEnd, 0, JSON.stringify(text));
});

test('scanInTurns tells the same as scanOctets on a message of many turns', async () => {
  const bytes = Buffer.from(`${'one two three\r\n'.repeat(200_000)}a \r\n${'four\n five\r'.repeat(50_000)}`);
  assert.deepEqual(await scanInTurns(bytes), scanOctets(bytes));
});

test('scanOctets counts the lines of a header block whose end it does not look for', () => {
  const lines = 1_700_000;
  const { lineEnds } = scanOctets(Buffer.from(`${'X: 23456\r\n'.repeat(lines)}\r\nbody`));
  assert.deepEqual(lineEnds, { crlf: lines + 1, bareLf: 0, bareCr: 0, longestLineBytes: 8 });
});
