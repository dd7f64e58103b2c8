/** readMessage: RFC 5322 sections 2.1, 2.2, 3.6.8 and 4.5.8; odd and hostile bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_MESSAGE_LIMITS,
  fieldsNamed,
  type Message,
  type MessageLimits,
  malformedLines,
  readMessage,
} from '../../src/message/message.ts';

const WIDE: MessageLimits = { maxHeaderBytes: 1e9, maxHeaderLines: 1e9, maxHeaderFields: 1e9 };

function read(content: string | Buffer, limits: MessageLimits = DEFAULT_MESSAGE_LIMITS): Message {
  const outcome = readMessage(typeof content === 'string' ? Buffer.from(content, 'latin1') : content, limits);
  assert.equal(outcome.kind, 'message');
  return outcome as Message;
}

const cases: {
  of: string;
  content: string;
  fields: [key: string, value: string][];
  body: string;
  blank: boolean;
}[] = [
  {
    of: 'an ordinary message (section 2.1)',
    content: 'From: a@b.example\r\nTo: c@d.example\r\n\r\nHello\r\n',
    fields: [
      ['from', 'a@b.example'],
      ['to', 'c@d.example'],
    ],
    body: 'Hello\r\n',
    blank: true,
  },
  { of: 'no bytes', content: '', fields: [], body: '', blank: false },
  { of: 'a body without a header', content: '\r\nFrom: a\r\n', fields: [], body: 'From: a\r\n', blank: true },
  { of: 'a bare LF for a blank line', content: '\nA: b\n', fields: [], body: 'A: b\n', blank: true },
  { of: 'a header without a blank line', content: 'A: b\r\n', fields: [['a', 'b']], body: '', blank: false },
  { of: 'a header cut in its last line', content: 'A: b', fields: [['a', 'b']], body: '', blank: false },
  { of: 'bare LF throughout', content: 'A: b\n c\n\nx\n', fields: [['a', 'b c']], body: 'x\n', blank: true },
  {
    of: 'LF and CRLF mixed',
    content: 'A: b\nC: d\r\n\nx\r\n',
    fields: [
      ['a', 'b'],
      ['c', 'd'],
    ],
    body: 'x\r\n',
    blank: true,
  },
  {
    of: 'a lone CR, which ends no line',
    content: 'A: b\rC: d\r\n\r\n',
    fields: [['a', 'b\rC: d']],
    body: '',
    blank: true,
  },
  {
    of: 'CR CR LF, which is no blank line',
    content: 'A: b\r\n\r\r\nC: d\r\n\r\nx',
    fields: [
      ['a', 'b'],
      ['', ''],
      ['c', 'd'],
    ],
    body: 'x',
    blank: true,
  },
  {
    of: 'folds of space and tab (section 2.2.3)',
    content: 'Subject: one\r\n two\r\n\tthree\r\n\r\n',
    fields: [['subject', 'one two\tthree']],
    body: '',
    blank: true,
  },
  {
    of: 'a line of white space alone, which is a fold (section 4.2)',
    content: 'A: b\r\n \r\n c\r\n\r\nx',
    fields: [['a', 'b  c']],
    body: 'x',
    blank: true,
  },
  {
    of: 'white space before the colon (section 4.5.8)',
    content: 'From \t: a\r\n\r\n',
    fields: [['from', 'a']],
    body: '',
    blank: true,
  },
  { of: 'a fold before the colon', content: 'From\r\n : a\r\n\r\n', fields: [['from', 'a']], body: '', blank: true },
  {
    of: 'an empty value',
    content: 'A:\r\nB: \r\n\r\n',
    fields: [
      ['a', ''],
      ['b', ''],
    ],
    body: '',
    blank: true,
  },
  { of: 'a colon in the value', content: 'A: b: c\r\n\r\n', fields: [['a', 'b: c']], body: '', blank: true },
  { of: 'UTF-8 (RFC 6532)', content: 'A: \xc3\xa9\r\n\r\n', fields: [['a', 'é']], body: '', blank: true },
  { of: 'octets that are not UTF-8', content: 'A: \xe9\r\n\r\n', fields: [['a', '\xe9']], body: '', blank: true },
  {
    of: 'a no-break space, which is kept',
    content: 'A: \xc2\xa0b\r\n\r\n',
    fields: [['a', '\u00a0b']],
    body: '',
    blank: true,
  },
];

for (const { of, content, fields, body, blank } of cases) {
  test(`readMessage reads ${of}`, () => {
    const message = read(content);
    assert.deepEqual(
      message.fields.map((field) => [field.key, field.wellFormed ? field.value() : '']),
      fields,
    );
    assert.equal(message.body.toString('latin1'), body);
    assert.equal(message.hasBlankLine, blank);
    assert.equal(message.size, content.length);
  });
}

const notFields = [
  'no colon here',
  ': no name',
  'From a@b.example Mon Nov 16 10:00:00 2026',
  '>From: a@b.example',
  'Fr\0om: a',
  'Fr\xf6m: a',
  ' From: at the very top, a fold of nothing',
];
for (const line of notFields) {
  test(`readMessage keeps ${JSON.stringify(line)} as a line that is ${line.startsWith('>') ? 'a field of another name' : 'no field'}`, () => {
    const message = read(`${line}\r\nTo: x\r\n\r\n`);
    if (line.startsWith('>')) assert.equal(message.fields[0]?.key, '>from');
    else
      assert.deepEqual(
        malformedLines(message).map((field) => field.raw.toString('latin1')),
        [`${line}\r\n`],
      );
    assert.equal(fieldsNamed(message, 'from').length, 0);
    assert.equal(fieldsNamed(message, 'to')[0]?.index, 1);
    assert.equal(fieldsNamed(message, '').length, 0);
  });
}

test('readMessage keeps the field name as written, and its place in the message', () => {
  const message = read('X: 1\r\nDKIM-signature: a\r\nDkim-Signature: b\r\n\r\n');
  assert.deepEqual(
    fieldsNamed(message, 'dkim-signature').map(({ index, name, value }) => [index, name, value()]),
    [
      [1, 'DKIM-signature', 'a'],
      [2, 'Dkim-Signature', 'b'],
    ],
  );
});

test('readMessage shares the bytes it was given and copies none', () => {
  const bytes = Buffer.from('A: b\r\n\r\nbody');
  const message = read(bytes);
  assert.equal(message.body.buffer, bytes.buffer);
  assert.equal(message.fields[0]?.raw.buffer, bytes.buffer);
});

test('readMessage tells a NUL anywhere', () => {
  assert.equal(read('A: b\r\n\r\n\0').hasNul, true);
  assert.equal(read('A: b\0\r\n\r\n').hasNul, true);
  assert.equal(read('A: b\r\n\r\n').hasNul, false);
});

test('readMessage tells uneven white space of the body only', () => {
  const header = 'A: b\r\n\tc  d\r\n\r\n';
  assert.equal(read(`${header}one two\r\n`).hasUnevenSpace, false);
  assert.equal(read(`${header}one  two\r\n`).hasUnevenSpace, true);
  assert.equal(read(header).hasUnevenSpace, false);
});

const limits: MessageLimits = { maxHeaderBytes: 40, maxHeaderLines: 4, maxHeaderFields: 3 };
const bounds: { of: string; content: string; limit: keyof MessageLimits | null }[] = [
  { of: 'a header block of exactly the octets allowed', content: `A: ${'x'.repeat(35)}\r\n\r\nbody`, limit: null },
  { of: 'a header block one octet longer', content: `A: ${'x'.repeat(36)}\r\n\r\nbody`, limit: 'maxHeaderBytes' },
  { of: 'a long header block without a blank line', content: 'x'.repeat(41), limit: 'maxHeaderBytes' },
  { of: 'a long body', content: `A: b\r\n\r\n${'x'.repeat(1000)}`, limit: null },
  { of: 'as many lines as allowed', content: 'A: b\n x\n'.repeat(2), limit: null },
  { of: 'one line more', content: `${'A: b\n x\n'.repeat(2)} x\n`, limit: 'maxHeaderLines' },
  { of: 'as many fields as allowed', content: 'A: b\n'.repeat(3), limit: null },
  { of: 'one field more', content: 'A: b\n'.repeat(4), limit: 'maxHeaderFields' },
  { of: 'lines that are no field, which count as such', content: 'y\nA: b\ny\nA: b\n', limit: 'maxHeaderFields' },
];
for (const { of, content, limit } of bounds) {
  test(`readMessage ${limit === null ? 'accepts' : `stops at ${limit} for`} ${of}`, () => {
    const outcome = readMessage(Buffer.from(content), limits);
    if (limit === null) assert.equal(outcome.kind, 'message');
    else assert.deepEqual(outcome, { kind: 'header-too-large', limit, max: limits[limit] });
  });
}

const large: { of: string; content: Buffer; fields: number }[] = [
  {
    of: '50 MB in one line',
    content: Buffer.concat([Buffer.from('A: b\r\n\r\n'), Buffer.alloc(50e6, 0x78)]),
    fields: 1,
  },
  { of: '10 MB of folds', content: Buffer.from(`A: b\r\n${' x\r\n'.repeat(2.5e6)}\r\n`), fields: 1 },
  { of: '10 MB of header without a line end', content: Buffer.alloc(10e6, 0x78), fields: 1 },
  { of: '100,000 fields', content: Buffer.from(`${'A: b\r\n'.repeat(100_000)}\r\n`), fields: 100_000 },
  { of: '1 MB of NULs', content: Buffer.alloc(1e6), fields: 1 },
  { of: '1 MB of colons', content: Buffer.alloc(1e6, 0x3a), fields: 1 },
  { of: '1 MB of CR', content: Buffer.alloc(1e6, 0x0d), fields: 1 },
  { of: '10 MB of LF', content: Buffer.alloc(10e6, 0x0a), fields: 0 },
];
for (const { of, content, fields } of large) {
  test(`readMessage reads ${of}`, () => {
    const message = read(content, WIDE);
    assert.equal(message.fields.length, fields);
    assert.equal(message.size, content.length);
  });
}

/** Text made of what splits messages, so that every order of them turns up. */
const nastyBytes = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', ' ', '\t', ':', 'From', 'a', '\0', '\xe9', '=?', '\r\n\r\n'), {
    maxLength: 60,
  })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

test('readMessage never throws, and its parts laid together are the message again', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        nastyBytes,
        fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
      ),
      (bytes) => {
        const message = read(bytes);
        const header = Buffer.concat(message.fields.map((field) => field.raw));
        assert.deepEqual(header, bytes.subarray(0, message.headerBytes));
        const between = bytes.subarray(message.headerBytes, bytes.length - message.body.length).toString('latin1');
        assert.ok(
          message.hasBlankLine ? ['\n', '\r\n'].includes(between) : between === '' && message.body.length === 0,
        );
        for (const [index, field] of message.fields.entries()) {
          assert.equal(field.index, index);
          assert.ok(!field.value().includes('\n'));
        }
      },
    ),
    { numRuns: 3000 },
  );
});
