/** readParts: RFC 2046 section 5.1, and every limit of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodedBody,
  MAX_BOUNDARY_CHARS,
  MAX_DASHED_LINES,
  MAX_DEPTH,
  MAX_PART_HEADER_BYTES,
  MAX_PARTS,
} from '../../../src/message/mime/parts.ts';
import { partsOf } from './parts-of.ts';

const multipart = (boundary: string, type = 'multipart/mixed'): string =>
  `Content-Type: ${type}; boundary="${boundary}"\n\n`;

/** Parents, types and bodies, as in "0 text/plain [one]". */
const told = async (text: string): Promise<string[]> =>
  (await partsOf(text)).parts.map(({ parent, type, body }) =>
    type?.startsWith('multipart/') ? `${parent} ${type}` : `${parent} ${type} [${body.toString('latin1')}]`,
  );

const CASES: readonly (readonly [of: string, text: string, expected: string[]])[] = [
  ['a message without parts', 'Subject: x\n\nhello\n--b\n', ['null text/plain [hello\n--b\n]']],
  ['no Content-Type and no body', 'Subject: x\n', ['null text/plain []']],
  ['a type that cannot be read', 'Content-Type: nonsense\n\nx', ['null null [x]']],
  ['two Content-Type fields', 'Content-Type: text/html\nContent-Type: text/plain\n\nx', ['null null [x]']],
  [
    'two parts, a preamble and an epilogue',
    `${multipart('b')}preamble\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n\n--b--\nepilogue\n--b\n\nthree`,
    ['null multipart/mixed', '0 text/plain [one]', '0 text/html [two\n]'],
  ],
  [
    'CRLF',
    `${multipart('b')}--b\n\none\n--b--\n`.replaceAll('\n', '\r\n'),
    ['null multipart/mixed', '0 text/plain [one]'],
  ],
  [
    'padding after the boundary',
    `${multipart('b')}--b \t\n\none\n--b-- \t`,
    ['null multipart/mixed', '0 text/plain [one]'],
  ],
  ['no closing delimiter', `${multipart('b')}--b\n\none\n`, ['null multipart/mixed', '0 text/plain [one\n]']],
  [
    'a longer line',
    `${multipart('b')}--b\n\n--bb\n-- b\n--b-\nx--b\n--b--`,
    ['null multipart/mixed', '0 text/plain [--bb\n-- b\n--b-\nx--b]'],
  ],
  [
    'an empty part',
    `${multipart('b')}--b\n--b\n\n--b--`,
    ['null multipart/mixed', '0 text/plain []', '0 text/plain []'],
  ],
  [
    'a header without a blank line',
    `${multipart('b')}--b\nContent-Type: text/html\n--b--`,
    ['null multipart/mixed', '0 text/html []'],
  ],
  [
    'nested multiparts',
    `${multipart('a')}--a\n${multipart('b', 'multipart/alternative')}--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n--a\nContent-Type: image/png\n\nthree\n--a--`,
    [
      'null multipart/mixed',
      '0 multipart/alternative',
      '1 text/plain [one]',
      '1 text/html [two]',
      '0 image/png [three]',
    ],
  ],
  [
    'an inner multipart that is never closed',
    `${multipart('a')}--a\n${multipart('b')}--b\n\none\n--a\n\ntwo\n--b\n\nthree\n--a--`,
    ['null multipart/mixed', '0 multipart/mixed', '1 text/plain [one]', '0 text/plain [two\n--b\n\nthree]'],
  ],
  [
    'a boundary that begins with another',
    `${multipart('a')}--a\n${multipart('a--')}--a--\n\none\n--a----\n--a--`,
    ['null multipart/mixed', '0 multipart/mixed', '1 text/plain [one]'],
  ],
  [
    'an enclosed message, which is not opened',
    `${multipart('a')}--a\nContent-Type: message/rfc822\n\n${multipart('b')}--b\n\nx\n--a--`,
    ['null multipart/mixed', `0 message/rfc822 [${multipart('b')}--b\n\nx]`],
  ],
  [
    'a digest',
    `${multipart('a', 'multipart/digest')}--a\n\nSubject: x\n--a--`,
    ['null multipart/digest', '0 message/rfc822 [Subject: x]'],
  ],
  [
    'a folded type',
    'Content-Type: multipart/mixed;\n boundary=b\n\n--b\n\none\n--b--',
    ['null multipart/mixed', '0 text/plain [one]'],
  ],
];
for (const [of, text, expected] of CASES)
  test(`readParts reads ${of}`, async () => assert.deepEqual(await told(text), expected));

const INCOMPLETE: readonly (readonly [of: string, text: string, parts: number])[] = [
  ['no boundary', 'Content-Type: multipart/mixed\n\n--b\n\nx', 1],
  ['a boundary that is not ASCII', `${multipart('\xe4')}--\xe4\n\nx`, 1],
  ['a boundary too long', `${multipart('b'.repeat(MAX_BOUNDARY_CHARS + 1))}x`, 1],
  ['parts too many', `${multipart('b')}${'--b\n\nx\n'.repeat(MAX_PARTS + 1)}`, MAX_PARTS + 1],
  ['a header of a part too long', `${multipart('b')}--b\n${'X: y\n'.repeat(MAX_PART_HEADER_BYTES / 5 + 1)}\nx`, 2],
  ['one endless line as header', `${multipart('b')}--b\nX: ${'y'.repeat(MAX_PART_HEADER_BYTES)}`, 2],
  ['lines of hyphens too many', `${multipart('b')}--b\n\n${'--\n'.repeat(MAX_DASHED_LINES)}--b\n\nx`, 2],
  ['multiparts nested too deep', nested(MAX_DEPTH + 1), MAX_DEPTH + 1],
];
for (const [of, text, parts] of INCOMPLETE)
  test(`readParts tells that it is not complete: ${of}`, async () => {
    const read = await partsOf(text);
    assert.deepEqual([read.parts.length, read.isComplete], [parts, false]);
  });

const COMPLETE: readonly (readonly [of: string, text: string, parts: number])[] = [
  ['the longest boundary', `${multipart('b'.repeat(MAX_BOUNDARY_CHARS))}--${'b'.repeat(MAX_BOUNDARY_CHARS)}\n\nx`, 2],
  ['the most parts', `${multipart('b')}${'--b\n\nx\n'.repeat(MAX_PARTS)}--b--`, MAX_PARTS + 1],
  ['the most lines of hyphens', `${multipart('b')}--b\n\n${'--\n'.repeat(MAX_DASHED_LINES - 2)}--b--`, 2],
  ['the deepest multiparts', nested(MAX_DEPTH), MAX_DEPTH + 1],
  [
    'a body of several turns',
    `${multipart('b')}--b\n\n${'x'.repeat(3_000_000)}\n--b\n\n${'-\n'.repeat(600_000)}\n--b--`,
    3,
  ],
];
for (const [of, text, parts] of COMPLETE)
  test(`readParts reads as a whole: ${of}`, async () => {
    const read = await partsOf(text);
    assert.deepEqual([read.parts.length, read.isComplete], [parts, true]);
  });

/** So many multiparts inside of each other, and a text in the innermost. */
function nested(depth: number): string {
  let text = multipart('b1');
  for (let level = 1; level < depth; level++) text += `--b${level}\n${multipart(`b${level + 1}`)}`;
  return `${text}--b${depth}\n\nx`;
}

test('readParts never throws, and parts lie within the message', async () => {
  const pieces = fc.constantFrom(
    '--b\n',
    '--b--\n',
    '--a\n',
    '--a--',
    '\n',
    '\r\n',
    '-',
    'x',
    multipart('a'),
    multipart('b'),
    'Content-Type: ',
    '\0',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (made) => {
      const text = multipart('b') + made.join('');
      const { parts } = await partsOf(text);
      for (const [index, { parent, body }] of parts.entries()) {
        assert.ok(parent === null ? index === 0 : parent < index);
        assert.ok(text.includes(body.toString('latin1')));
      }
    }),
    { numRuns: 2000 },
  );
});

test('decodedBody decodes base64, and nothing that it cannot', () => {
  const part = { parent: null, type: null, parameters: new Map(), disposition: null };
  const decoded = (encoding: string, text: string) =>
    decodedBody({ ...part, encoding, body: Buffer.from(text) }, 9)?.toString();
  assert.equal(decoded('base64', 'aGVs\r\nbG8='), 'hello');
  assert.equal(decoded('7bit', 'hello, world'), 'hello, wo');
  assert.equal(decoded('quoted-printable', 'x'), undefined);
});
