/**
 * The state of a milter connection: what is answered, what survives, what becomes of the facts.
 * Recorded sessions of Postfix and Sendmail are replayed here.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { SmtpFacts } from '../../../schemas/smtp.ts';
import { createMemory } from '../../../src/message/memory.ts';
import { createLists } from '../../../src/pipeline/lists.ts';
import { createFrameReader } from '../../../src/pipeline/milter/frame-reader.ts';
import { type CompleteMessage, Session } from '../../../src/pipeline/milter/session.ts';
import { type Reply, readCommand, writeReplies } from '../../../src/pipeline/milter/wire.ts';
import { makeSettings } from '../make-settings.ts';
import { frame, messageFrames, readReplies, send } from './mta.ts';

const begin = (
  over: Parameters<typeof makeSettings>[0] = {},
  authservId = '',
  refusal: () => Reply | null = () => null,
) => {
  const settings = makeSettings(over);
  const memory = createMemory(10_000_000);
  const session = new Session({
    limits: { maxMessageBytes: settings.maxMessageBytes, maxFields: settings.maxHeaderFields },
    memory,
    authservId,
    lists: createLists(settings),
    refusal,
  });
  return { session, memory };
};

/**
 * What a session made of a stream: reply codes (`E` for a message that is evaluated), the messages,
 * and why it closed.
 */
type Played = { answers: string; messages: (CompleteMessage & { octets: string })[]; closed: string | null };

const play = async (session: Session, chunks: readonly Buffer[]): Promise<Played> => {
  const reader = createFrameReader(1_114_112, createMemory(10_000_000));
  const played: Played = { answers: '', messages: [], closed: null };
  const reply = (given: Reply): void => {
    played.answers += readReplies(writeReplies([given]))[0]?.code;
  };
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined && played.closed === null; next = reader.next()) {
      const command = typeof next === 'string' ? next : readCommand(next);
      if (typeof command === 'string') return { ...played, closed: command };
      const step = session.receive(command);
      if (step.kind === 'reply') reply(step.reply);
      if (step.kind === 'close') played.closed = step.reason;
      if (step.kind === 'evaluate') {
        const { octets } = await step.message.transaction.content();
        played.messages.push({
          ...step.message,
          octets: typeof octets === 'string' ? octets : octets.toString('latin1'),
        });
        step.message.transaction.release();
        played.answers += 'E';
      }
    }
  }
  return played;
};

const recorded = (name: string): Buffer[] =>
  readFileSync(new URL(`./sessions/${name}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => frame(line.slice(0, 1), line.length > 2 ? JSON.parse(line.slice(2)) : ''));

const SESSIONS: Record<string, { answers: string; closed: string; facts: SmtpFacts[]; octets: RegExp[] }> = {
  'postfix-xclient': { answers: 'Oc', closed: 'quit', facts: [], octets: [] },
  'postfix-two-messages': {
    answers: 'OccccEccccEc',
    closed: 'quit',
    facts: [
      {
        clientIp: '192.0.2.10',
        clientName: 'mail.sender.test',
        mailFrom: 'alice@sender.test',
        rcptTo: ['bob@rcpt.test'],
        protocol: 'ESMTP',
        queueId: '6A17D22E041',
        daemonName: 'mx.rcpt.test',
        receiver: 'mx.rcpt.test',
      },
      {
        clientIp: '192.0.2.10',
        clientName: 'mail.sender.test',
        mailFrom: '',
        rcptTo: ['bob@rcpt.test', 'carol@rcpt.test'],
        queueId: '8080C22E051',
        daemonName: 'mx.rcpt.test',
        receiver: 'mx.rcpt.test',
      },
    ],
    octets: [
      /^DKIM-Signature: v=1;[^\n]+ s=s1;\r\n\tt=[\s\S]*\r\nX-NoSpace:value-without-space\r\nX-Two: {2}two leading spaces\r\nX-Tab:\ttab first\r\n[\s\S]*\r\n\r\nHello Bob,\r\n\.a line/,
      /^From: x@sender\.test\r\n[\s\S]*\r\n\r\nunsigned\r\n$/,
    ],
  },
  'postfix-starttls': {
    answers: 'OccccccccEc',
    closed: 'quit',
    facts: [
      {
        clientIp: '127.0.0.1',
        clientNameCheck: 'fail',
        helo: 'mail.sender.test',
        mailFrom: 'plain@sender.test',
        rcptTo: ['bob@rcpt.test', 'carol@rcpt.test'],
        protocol: 'ESMTPS',
        tls: {
          version: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          bits: 256,
          mode: 'starttls',
          clientCertificate: { subject: 'client.sender.test', verified: true },
        },
        queueId: '0289922E01A',
        daemonName: 'mx.rcpt.test',
        receiver: 'mx.rcpt.test',
      },
    ],
    octets: [/^From: a@sender\.test\r\n\r\nhello\r\n$/],
  },
  'sendmail-starttls': {
    answers: 'OccccccccE',
    closed: '',
    facts: [
      {
        clientIp: '127.0.0.1',
        clientName: 'localhost',
        clientNameCheck: 'ok',
        helo: 'mail.sender.test',
        mailFrom: 'plain@sender.test',
        rcptTo: ['bob@rcpt.test', 'carol@rcpt.test'],
        protocol: 'ESMTPS',
        tls: {
          version: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          bits: 256,
          mode: 'starttls',
          clientCertificate: { subject: '/CN=client.sender.test/O=Sender+20Inc', verified: true },
        },
        queueId: '6AM4sdvA019173',
        daemonName: 'MTA',
        receiver: 'mx.rcpt.test',
      },
    ],
    octets: [/\r\nSubject: t1\r\n folded\r\nX-Fold:\r\n\tv\r\nX-SpFold: \r\n v\r\n\r\nhello\r\n\.dot\r\nend\r\n$/],
  },
};

for (const [name, expected] of Object.entries(SESSIONS)) {
  for (const [how, split] of [
    ['frame by frame', (frames: Buffer[]) => frames],
    ['glued together', (frames: Buffer[]) => [Buffer.concat(frames)]],
    ['octet by octet', (frames: Buffer[]) => [...Buffer.concat(frames)].map((octet) => Buffer.from([octet]))],
  ] as const) {
    test(`Session replays ${name} ${how}`, async () => {
      const { session, memory } = begin({ authenticatedSenders: 'enforce', localSenders: 'enforce' });
      const played = await play(session, split(recorded(name)));
      assert.equal(played.answers, expected.answers);
      assert.equal(played.closed ?? '', expected.closed);
      assert.deepEqual(
        played.messages.map(({ facts }) => facts),
        expected.facts,
      );
      for (const [at, pattern] of expected.octets.entries()) assert.match(played.messages[at]?.octets ?? '', pattern);
      session.end();
      assert.equal(memory.held, 0);
    });
  }
}

const START = [
  send.optneg(),
  send.macro('C', { j: 'mx.rcpt.example', v: 'Postfix 3.7.11' }),
  send.connect('mail.sender.example', '192.0.2.10'),
];
const HELO = send.helo('mail.sender.example');
const MESSAGE = messageFrames([['From', ' a@sender.example']], 'Hello\r\n');

test('Session keeps client and HELO over two messages, with and without ABORT between', async () => {
  for (const between of [[], [send.abort()], [send.abort(), send.abort()]]) {
    const { session } = begin();
    const played = await play(session, [...START, HELO, ...MESSAGE, ...between, ...MESSAGE]);
    assert.equal(played.answers, 'OccccccEccccE');
    for (const { facts } of played.messages)
      assert.deepEqual([facts.clientIp, facts.helo], ['192.0.2.10', 'mail.sender.example']);
    assert.equal(played.messages.length, 2);
  }
});

test('Session takes the last HELO and forgets the message before it', async () => {
  const { session, memory } = begin();
  const opened = MESSAGE.slice(0, 4);
  await play(session, [...START, HELO, ...opened]);
  assert.equal(session.hasMessage, true);
  const { messages } = await play(session, [send.helo('other.sender.example'), ...MESSAGE]);
  assert.equal(messages[0]?.facts.helo, 'other.sender.example');
  assert.equal(memory.held, 0);
});

test('Session ends the message before when MAIL comes again without ABORT', async () => {
  const { session } = begin();
  const { messages } = await play(session, [...START, ...MESSAGE.slice(0, 4), ...MESSAGE]);
  assert.equal(messages.length, 1);
  assert.equal(messages[0]?.octets, 'From: a@sender.example\r\n\r\nHello\r\n');
});

test('Session forgets the queue id and login of one message before the next', async () => {
  const { session } = begin({ authenticatedSenders: 'enforce' });
  const login = send.macro('M', { i: 'ONE', '{auth_authen}': 'bob', '{auth_type}': 'PLAIN' });
  const { messages } = await play(session, [
    ...START,
    login,
    ...MESSAGE,
    send.macro('M'),
    ...MESSAGE,
    send.abort(),
    ...MESSAGE,
  ]);
  assert.deepEqual(
    messages.map(({ facts }) => [facts.queueId, facts.auth]),
    [
      ['ONE', { identity: 'bob', mechanism: 'PLAIN' }],
      [undefined, undefined],
      [undefined, undefined],
    ],
  );
});

test('Session forgets the client but not the options at QUIT_NC', async () => {
  const { session } = begin();
  const { answers, messages } = await play(session, [
    ...START,
    HELO,
    send.quitNc(),
    send.connect('h', '192.0.2.11'),
    ...MESSAGE,
  ]);
  assert.deepEqual(messages[0]?.facts, {
    clientIp: '192.0.2.11',
    clientName: 'h',
    mailFrom: 'alice@sender.example',
    rcptTo: ['bob@rcpt.example'],
    receiver: 'localhost',
  });
  assert.equal(answers, 'OcccccccE');
});

test('Session answers header and end of header where the mail server did not agree to do without', async () => {
  const { session } = begin();
  const { answers } = await play(session, [send.optneg({ version: 4, actions: 0x3f, protocol: 0x37f }), ...MESSAGE]);
  assert.equal(answers, 'OccccccE');
});

test('Session answers unknown SMTP commands where it was not spared them', async () => {
  const { session } = begin();
  assert.equal(
    (await play(session, [send.optneg({ version: 3, actions: 0x3f, protocol: 0 }), send.unknown('FOO')])).answers,
    'Oc',
  );
});

for (const [title, sent, expected] of [
  ['the null reverse-path', '<>', ''],
  ['a quoted local part', '<"a b"@sender.example>', '"a b"@sender.example'],
  ['an address without brackets', 'a@sender.example', 'a@sender.example'],
  ['an SMTPUTF8 address', Buffer.from('<bücher@sender.example>').toString('latin1'), 'bücher@sender.example'],
  ['octets that are not UTF-8', '<b\xfccher@sender.example>', undefined],
  ['control characters', '<a\r\nb@sender.example>', undefined],
  ['an address of 1,001 characters', `<${'a'.repeat(986)}@sender.example>`, undefined],
] as const) {
  test(`Session tells ${title} as MAIL FROM`, async () => {
    const { session } = begin();
    const { messages } = await play(session, [...START, ...messageFrames([], '', { mailFrom: sent })]);
    assert.equal(messages[0]?.facts.mailFrom, expected);
  });
}

for (const [title, connect, expected] of [
  ['IPv4', send.connect('h', '192.0.2.10'), '192.0.2.10'],
  ['IPv6', send.connect('h', '2001:db8::1'), '2001:db8::1'],
  ['IPv6 with its tag', send.connect('h', 'IPv6:2001:db8::1'), '2001:db8::1'],
  ['a client of no network, as sendmail -bs tells it,', send.connect('h', '', 0, 'U'), '127.0.0.1'],
  ['a unix socket', send.connect('localhost', '/run/x', 0, 'L'), '127.0.0.1'],
  ['an address that is none', send.connect('h', 'nonsense', 1, '4'), undefined],
] as const) {
  test(`Session tells the address of ${title}`, async () => {
    const { session } = begin();
    const { messages } = await play(session, [send.optneg(), connect, ...MESSAGE]);
    assert.equal(messages[0]?.facts.clientIp, expected);
  });
}

test('Session begins from nothing with a second CONNECT, whoever forgot QUIT_NC', async () => {
  const { session } = begin();
  const login = send.macro('M', { '{auth_authen}': 'root', '{auth_type}': 'PLAIN' });
  const first = [send.optneg(), send.connect('a', '192.0.2.1'), send.helo('a.example'), login];
  const { messages } = await play(session, [...first, send.connect('b', '192.0.2.2'), ...MESSAGE]);
  assert.deepEqual(
    [messages[0]?.facts.clientIp, messages[0]?.facts.helo, messages[0]?.facts.auth],
    ['192.0.2.2', undefined, undefined],
  );
});

test('Session makes facts that fit their schema, whatever the mail server tells', async () => {
  const latin1 = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 1500,
  });
  await fc.assert(
    fc.asyncProperty(latin1, latin1, latin1, async (one, two, three) => {
      const { session } = begin({ authenticatedSenders: 'enforce' });
      const { messages } = await play(session, [
        send.optneg(),
        send.macro('C', { j: one, '{client_name}': two, '{client_resolve}': three, '{daemon_name}': one }),
        send.connect(one, two, 25, '4'),
        send.macro('H', { '{tls_version}': one, '{cipher}': two, '{cipher_bits}': three, '{cert_subject}': one }),
        send.helo(three),
        send.macro('M', { '{auth_authen}': one, '{auth_type}': two, i: three }),
        ...messageFrames([], '', { mailFrom: one, rcptTo: [two, three] }),
      ]);
      assert.equal(SmtpFacts.safeParse(messages[0]?.facts).error, undefined);
    }),
    { numRuns: 100 },
  );
});

test('Session tells implicit TLS from STARTTLS by the first HELO', async () => {
  const tls = send.macro('H', { '{tls_version}': 'TLSv1.3' });
  const implicit = (await play(begin().session, [...START, tls, HELO, ...MESSAGE])).messages[0]?.facts;
  assert.deepEqual(implicit?.tls, { version: 'TLSv1.3', mode: 'implicit' });
  const upgraded = (await play(begin().session, [...START, send.macro('H'), HELO, tls, HELO, ...MESSAGE])).messages[0]
    ?.facts;
  assert.deepEqual(upgraded?.tls, { version: 'TLSv1.3', mode: 'starttls' });
});

test('Session accepts at MAIL what is to be left alone, and answers whatever comes of it nevertheless', async () => {
  const { session, memory } = begin({ localSenders: 'ignore' });
  const local = [send.optneg({ version: 6, actions: 0xff, protocol: 0x42 }), send.connect('localhost', '127.0.0.1')];
  const { answers, messages } = await play(session, [...local, ...MESSAGE, ...MESSAGE]);
  assert.equal(answers, 'Ocaccccccacccccc');
  assert.deepEqual([messages.length, memory.held], [0, 0]);
});

test('Session asks a mail server once to spare the rest of a body that is too large', async () => {
  const { session } = begin({ maxMessageBytes: 100 });
  const chunk = send.body(Buffer.alloc(80));
  const { answers, messages } = await play(session, [...START, send.mail('<>'), chunk, chunk, chunk, send.eom()]);
  assert.equal(answers, 'OcccscE');
  assert.equal(messages[0]?.octets, 'over-size');
});

test('Session never sends SKIP that was not agreed on', async () => {
  const { session } = begin({ maxMessageBytes: 100 });
  const chunk = send.body(Buffer.alloc(80));
  assert.equal(
    (await play(session, [send.optneg({ version: 4, actions: 0x3f, protocol: 0 }), send.mail('<>'), chunk, chunk]))
      .answers,
    'Occc',
  );
});

test('Session takes octets beside the end of a message as its last body', async () => {
  const { messages } = await play(begin().session, [
    ...START,
    send.mail('<>'),
    send.header('A', ' b'),
    send.eom('end\r\n'),
  ]);
  assert.equal(messages[0]?.octets, 'A: b\r\n\r\nend\r\n');
});

test('Session evaluates content without MAIL as a message whose envelope is unknown', async () => {
  const { messages } = await play(begin().session, [...START, send.header('A', ' b'), send.eom()]);
  assert.equal(messages[0]?.facts.mailFrom, undefined);
});

for (const [title, frames, reason] of [
  ['a command before the negotiation', [HELO], 'command before negotiation'],
  ['a second negotiation', [send.optneg(), send.optneg()], 'options negotiated twice'],
  ['a version that is too old', [send.optneg({ version: 1, actions: 0x1ff, protocol: 0 })], 'version-too-old'],
  ['a command that does not exist', [send.optneg(), frame('Z')], 'unknown-command'],
  ['a command that is malformed', [send.optneg(), frame('H', 'x')], 'malformed-command'],
] as const) {
  test(`Session closes on ${title}`, async () => assert.equal((await play(begin().session, frames)).closed, reason));
}

test('Session gives all memory back wherever a connection ends', async () => {
  const frames = [...START, HELO, ...MESSAGE];
  for (let end = 0; end <= frames.length; end++) {
    const { session, memory } = begin();
    await play(session, frames.slice(0, end));
    session.end();
    assert.equal(memory.held, 0);
  }
});

test('Session answers every command as agreed, in any order, and never holds what nobody waits for', async () => {
  const commands = [
    HELO,
    ...MESSAGE,
    send.abort(),
    send.quitNc(),
    send.macro('M'),
    send.unknown('X'),
    ...START.slice(1),
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: commands.length - 1 }), { maxLength: 40 }), async (picks) => {
      const { session, memory } = begin();
      const frames = picks.map((pick) => commands[pick] ?? HELO);
      const { answers, closed } = await play(session, [send.optneg(), ...frames]);
      const silent = new Set(['A', 'K', 'D', 'L', 'N']);
      const due = frames.filter((one) => !silent.has(one.toString('latin1', 4, 5)));
      assert.deepEqual([answers.length, closed], [due.length + 1, null]);
      session.end();
      assert.equal(memory.held, 0);
    }),
  );
});

test('Session takes no message once it may not: the mail server has to try later, or passes the message as FAILURE_MODE says', async () => {
  const open = [send.optneg(), send.connect('mail.sender.example', '192.0.2.10'), send.helo('mail.sender.example')];
  const message = messageFrames([['From', ' a@sender.example']], 'Hello\r\n');
  for (const [refusal, answers] of [
    [{ kind: 'replycode', line: '421 4.3.2 Later' }, 'Occy'],
    [{ kind: 'accept' }, 'Occa'],
  ] as const) {
    let isEnding = false;
    const { session, memory } = begin({}, '', () => (isEnding ? refusal : null));
    const played = await play(session, [...open, ...message]);
    assert.equal(played.messages.length, 1, 'before, one is taken');
    isEnding = true;
    assert.equal((await play(session, message.slice(0, 1))).answers, answers.at(-1));
    assert.equal(memory.held, 0);
  }
});
