/**
 * The milter wire: any split of the stream gives the same frames, nothing malformed throws or
 * grows, and what is written can be read by a mail server.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemory } from '../../../src/message/memory.ts';
import { createFrameReader } from '../../../src/pipeline/milter/frame-reader.ts';
import { type Command, MAX_STRINGS, type Reply, readCommand, writeReplies } from '../../../src/pipeline/milter/wire.ts';
import { frame, readMacroLists, readReplies, send } from './mta.ts';

type Read = NonNullable<ReturnType<ReturnType<typeof createFrameReader>['next']>>;

const MAX_FRAME_BYTES = 1_114_112;

const readAll = (chunks: Iterable<Buffer>, maxFrameBytes = MAX_FRAME_BYTES): Read[] => {
  const reader = createFrameReader(maxFrameBytes, createMemory(10_000_000));
  const read: Read[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      read.push(next);
      if (typeof next === 'string') return read;
    }
  }
  return read;
};

const STREAM = Buffer.concat([
  send.optneg(),
  send.macro('C', { j: 'mx.rcpt.example' }),
  send.connect('mail.sender.example', '192.0.2.10'),
  send.header('Subject', ' two\n lines'),
  send.body(Buffer.alloc(70_000, 0x61)),
  send.eom(),
]);

test('createFrameReader gives the same frames byte by byte, glued together and in any split', () => {
  const whole = readAll([STREAM]);
  assert.deepEqual(
    whole.map((read) => (typeof read === 'string' ? read : read.code)),
    ['O', 'D', 'C', 'L', 'B', 'E'],
  );
  assert.deepEqual(readAll([...STREAM].map((octet) => Buffer.from([octet]))), whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 30 }), (cuts) => {
      const ends = [...cuts, STREAM.length].sort((one, other) => one - other);
      const chunks = ends.map((end, at) => STREAM.subarray(ends[at - 1] ?? 0, end));
      assert.deepEqual(readAll(chunks), whole);
    }),
    { numRuns: 50 },
  );
});

test('createFrameReader keeps nothing of the frames it has given', () => {
  const reader = createFrameReader(MAX_FRAME_BYTES, createMemory(10_000_000));
  for (let count = 0; count < 1000; count++) {
    reader.push(send.helo('mail.sender.example'));
    assert.notEqual(reader.next(), undefined);
  }
  assert.equal(reader.buffered, 0);
});

for (const [length, fault] of [
  [0, 'empty-frame'],
  [1_114_113, 'frame-too-large'],
  [0xffffffff, 'frame-too-large'],
] as const) {
  test(`createFrameReader answers a length of ${length} with ${fault}, for good and without holding what follows`, () => {
    const reader = createFrameReader(MAX_FRAME_BYTES, createMemory(10_000_000));
    const octets = Buffer.alloc(100_000);
    octets.writeUInt32BE(length);
    reader.push(octets);
    assert.equal(reader.next(), fault);
    reader.push(Buffer.alloc(100_000));
    assert.equal(reader.next(), fault);
    assert.equal(reader.buffered <= 4, true);
  });
}

test('createFrameReader accepts a frame of exactly the largest length', () => {
  const [read] = readAll([frame('B', Buffer.alloc(99))], 100);
  assert.equal(typeof read === 'object' && read.payload.length, 99);
  assert.deepEqual(readAll([frame('B', Buffer.alloc(100))], 100), ['frame-too-large']);
});

const commandOf = (octets: Buffer): Command | string => {
  const [read] = readAll([octets]);
  return read === undefined || typeof read === 'string' ? (read ?? 'malformed-command') : readCommand(read);
};

const COMMANDS: [title: string, octets: Buffer, expected: Command][] = [
  ['an offer', send.optneg(), { kind: 'optneg', version: 6, actions: 0x1ff, protocol: 0x1fffff }],
  ['an empty macro frame', send.macro('H'), { kind: 'macro', command: 'H', values: [] }],
  [
    'macros',
    send.macro('M', { i: '6A17D22E041', '{auth_type}': '' }),
    {
      kind: 'macro',
      command: 'M',
      values: [
        ['i', '6A17D22E041'],
        ['{auth_type}', ''],
      ],
    },
  ],
  ['a macro name without a value', frame('D', 'Mi\0one\0j\0'), { kind: 'macro', command: 'M', values: [['i', 'one']] }],
  [
    'a macro value that does not end',
    frame('D', 'Mi\0one\0j\0tw'),
    { kind: 'macro', command: 'M', values: [['i', 'one']] },
  ],
  ['macros of a command that does not exist', frame('D', '!'), { kind: 'macro', command: '!', values: [] }],
  [
    'an IPv4 client',
    send.connect('mail.sender.example', '192.0.2.10'),
    { kind: 'connect', hostname: 'mail.sender.example', family: '4', port: 40001, address: '192.0.2.10' },
  ],
  [
    'an IPv6 client as Sendmail may write it',
    send.connect('h', 'IPv6:2001:db8::1'),
    { kind: 'connect', hostname: 'h', family: '6', port: 40001, address: 'IPv6:2001:db8::1' },
  ],
  [
    'an unknown client',
    send.connect('h', '', 0, 'U'),
    { kind: 'connect', hostname: 'h', family: 'U', port: 0, address: '' },
  ],
  [
    'a local client',
    send.connect('localhost', '/run/x', 0, 'L'),
    { kind: 'connect', hostname: 'localhost', family: 'L', port: 0, address: '/run/x' },
  ],
  ['the null reverse-path', send.mail('<>'), { kind: 'mail', address: '<>', parameters: [] }],
  [
    'MAIL with parameters',
    send.mail('<"a b"@x.example>', 'SIZE=1', 'SMTPUTF8'),
    { kind: 'mail', address: '<"a b"@x.example>', parameters: ['SIZE=1', 'SMTPUTF8'] },
  ],
  ['a recipient', send.rcpt('<b@x.example>'), { kind: 'rcpt', address: '<b@x.example>', parameters: [] }],
  ['8-bit octets', send.header('X', ' \xe9\xff'), { kind: 'header', name: 'X', value: ' \xe9\xff' }],
  ['a field without a body', send.header('X', ''), { kind: 'header', name: 'X', value: '' }],
  ['data', send.data(), { kind: 'data' }],
  ['the end of the header', send.eoh(), { kind: 'eoh' }],
  ['the end with body octets', send.eom('rest'), { kind: 'eom', chunk: Buffer.from('rest') }],
  ['an unknown SMTP command', send.unknown('FOO'), { kind: 'unknown' }],
  ['abort', send.abort(), { kind: 'abort' }],
  ['quit', send.quit(), { kind: 'quit' }],
  ['quit of one client', send.quitNc(), { kind: 'quit-nc' }],
];

for (const [title, octets, expected] of COMMANDS) {
  test(`readCommand reads ${title}`, () => assert.deepEqual(commandOf(octets), expected));
}

for (const [title, octets] of [
  ['an offer that is cut off', frame('O', Buffer.alloc(11))],
  ['a macro frame without its command', frame('D')],
  ['HELO without its end', frame('H', 'mail')],
  ['MAIL without an address', frame('M')],
  ['MAIL whose last parameter does not end', frame('M', '<a@x>\0SIZE')],
  ['a field without a value', frame('L', 'From\0')],
  ['CONNECT without a family', frame('C', 'host\0')],
  ['CONNECT without a port', frame('C', 'host\x004')],
  ['CONNECT whose address does not end', frame('C', 'host\x004\0\x19192.0.2.1')],
] as const) {
  test(`readCommand calls ${title} malformed`, () => assert.equal(commandOf(octets), 'malformed-command'));
}

test('readCommand knows no other code', () => {
  assert.equal(commandOf(frame('Z', 'x')), 'unknown-command');
  assert.equal(commandOf(frame('\xff')), 'unknown-command');
});

test('readCommand cleanly fails or reads every truncation of every command', () => {
  for (const [, octets] of COMMANDS) {
    for (let end = 5; end <= octets.length; end++) {
      const cut = Buffer.from(octets.subarray(0, end));
      cut.writeUInt32BE(end - 4);
      const command = commandOf(cut);
      assert.equal(typeof command === 'string' ? command.endsWith('-command') : typeof command.kind === 'string', true);
    }
  }
});

test('readCommand and createFrameReader never throw on random octets', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (chunks) => {
      for (const read of readAll(chunks.map((chunk) => Buffer.from(chunk))))
        if (typeof read !== 'string') readCommand(read);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (payload) => {
      const [read] = readAll([frame('', Buffer.from(payload))]);
      assert.equal(typeof read, 'object');
      if (typeof read === 'object') readCommand(read);
    }),
  );
});

test('writeReplies writes what a mail server reads, in one buffer', () => {
  const replies: Reply[] = [
    { kind: 'progress' },
    { kind: 'change-header', occurrence: 3, name: 'Authentication-Results', value: '' },
    { kind: 'insert-header', index: 0, name: 'Authentication-Results', value: ' mx;\n\tspf=pass' },
    { kind: 'quarantine', reason: 'DMARC' },
    { kind: 'replycode', line: '550 5.7.26 no' },
    { kind: 'continue' },
    { kind: 'accept' },
    { kind: 'skip' },
  ];
  assert.deepEqual(readReplies(writeReplies(replies)), [
    { code: 'p', texts: [] },
    { code: 'm', index: 3, texts: ['Authentication-Results', ''] },
    { code: 'i', index: 0, texts: ['Authentication-Results', ' mx;\n\tspf=pass'] },
    { code: 'q', texts: ['DMARC'] },
    { code: 'y', texts: ['550 5.7.26 no'] },
    { code: 'c', texts: [] },
    { code: 'a', texts: [] },
    { code: 's', texts: [] },
  ]);
});

test('writeReplies writes a reply code as exactly these octets', () => {
  assert.equal(
    writeReplies([{ kind: 'replycode', line: '550 5.7.26 no' }]).toString('latin1'),
    '\0\0\0\x0fy550 5.7.26 no\0',
  );
});

test('readCommand reads a bounded number of strings of one command', () => {
  const many = Array.from({ length: MAX_STRINGS + 10 }, (_, at) => `P${at}\0`).join('');
  const mail = readCommand({ code: 'M', payload: Buffer.from(`<a@brand.example>\0${many}`) });
  assert.ok(typeof mail !== 'string' && mail.kind === 'mail');
  assert.deepEqual([mail.parameters.length, mail.parameters[0]], [MAX_STRINGS - 1, 'P0']);
  const macros = readCommand({ code: 'D', payload: Buffer.from(`M${many}`) });
  assert.ok(typeof macros !== 'string' && macros.kind === 'macro');
  assert.equal(macros.values.length, MAX_STRINGS / 2);
});

test('writeReplies lets no NUL out of a string', () => {
  const [reply] = readReplies(writeReplies([{ kind: 'insert-header', index: 0, name: 'X', value: 'a\0b' }]));
  assert.deepEqual(reply?.texts, ['X', 'ab']);
});

test('writeReplies puts the macro lists behind the three words', () => {
  const octets = writeReplies([
    {
      kind: 'optneg',
      version: 6,
      actions: 1,
      protocol: 2,
      macroLists: [
        [5, 'i'],
        [6, 'i j'],
      ],
    },
  ]);
  assert.deepEqual(readMacroLists(octets), [
    [5, 'i'],
    [6, 'i j'],
  ]);
});

test('createFrameReader holds single octets in memory of their number, and gives it back', () => {
  const memory = createMemory(10_000_000);
  const reader = createFrameReader(MAX_FRAME_BYTES, memory);
  const stream = Buffer.concat(Array.from({ length: 20_000 }, () => send.data()));
  for (const octet of stream) reader.push(Buffer.from([octet]));
  assert.equal(reader.buffered, stream.length);
  assert.equal(memory.held <= 4 * stream.length, true);
  let frames = 0;
  while (reader.next() !== undefined) frames += 1;
  assert.equal(frames, 20_000);
  reader.end();
  assert.equal(memory.held, 0);
});

test('readCommand keeps NUL in a field body, reads no argument past its limit, and refuses a HELO of two arguments', () => {
  assert.deepEqual(commandOf(frame('L', 'Subject\0 a\0b\0')), { kind: 'header', name: 'Subject', value: ' a\0b' });
  assert.equal(commandOf(frame('H', 'a\0b\0')), 'malformed-command');
  const command = commandOf(send.rcpt('x'.repeat(100_000), ...Array.from({ length: 500 }, () => 'y')));
  assert.equal(typeof command === 'object' && command.kind === 'rcpt' && command.address.length, 4_001);
  assert.equal(typeof command === 'object' && command.kind === 'rcpt' && command.parameters.length, MAX_STRINGS - 1);
});
