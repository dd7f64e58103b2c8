/** One mail through a real SMTP session, and the word for what came of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { createSmtpDelivery } from '../../../src/reports/sending/smtp-delivery.ts';
import { TIMES } from './make-sender.ts';
import { type Act, type Sink, startSink } from './sink.ts';

const ENVELOPE = { from: 'reports+id-tag@mx.example', to: 'dmarc@brand.example' };
const MAIL = Buffer.from('Subject: report\r\nX-Odd:  two  spaces\t\r\n\r\n.a dot\r\n..two\r\nlast line \r\n');
const PATIENT = TIMES;
/** For servers that never answer. */
const HASTY = { ...PATIENT, greetingMs: 200, silenceMs: 200 };

const withSink = async (run: (sink: Sink) => Promise<void>, options?: Parameters<typeof startSink>[0]) => {
  const sink = await startSink(options);
  try {
    await run(sink);
  } finally {
    await sink.close();
  }
};
const deliver = (url: string, times = PATIENT) =>
  createSmtpDelivery({ url, helo: 'mx.example', times })(ENVELOPE, MAIL);

test('a mail arrives octet for octet, with its envelope', () =>
  withSink(async (sink) => {
    const outcome = await deliver(sink.url);
    assert.equal(outcome.kind, 'accepted');
    assert.match(outcome.reply, /^250 /);
    assert.deepEqual(sink.received, [{ from: ENVELOPE.from, to: [ENVELOPE.to], octets: MAIL }]);
  }));

type Place = 'mail' | 'rcpt' | 'data';
const CASES: readonly (readonly [Place, Act, 'refused' | 'later', RegExp])[] = [
  ['rcpt', { code: 550, text: '5.1.1 no such user' }, 'refused', /^550 5\.1\.1 no such user$/],
  ['rcpt', { code: 451, text: '4.7.1 greylisted, come back' }, 'later', /^451 4\.7\.1 greylisted/],
  ['rcpt', { code: 554, text: '5.7.1 relay access denied' }, 'later', /^554 5\.7\.1/],
  ['rcpt', { code: 530, text: '5.7.0 login first' }, 'later', /^530/],
  ['data', { code: 554, text: '5.6.0 content refused' }, 'refused', /^554 5\.6\.0/],
  ['data', { code: 552, text: '5.3.4 too big' }, 'refused', /^552/],
  ['data', { code: 452, text: '4.3.1 no room' }, 'later', /^452/],
  ['mail', { code: 552, text: '5.3.4 too big' }, 'refused', /^552/],
  ['mail', { code: 553, text: '5.7.1 sender not owned' }, 'later', /^553/],
  ['mail', { code: 421, text: '4.3.2 going down' }, 'later', /^421/],
  ['rcpt', 'hang', 'later', /did not answer in time/],
  ['data', 'hang', 'later', /did not answer in time/],
  ['rcpt', 'die', 'later', /closed the connection/],
  ['data', 'die', 'later', /closed the connection/],
];

for (const [place, act, kind, reply] of CASES)
  test(`${typeof act === 'string' ? act : act.code} at ${place} is ${kind}: ${reply.source}`, () =>
    withSink(async (sink) => {
      sink.acts[place] = act;
      const outcome = await deliver(sink.url, act === 'hang' ? HASTY : PATIENT);
      assert.equal(outcome.kind, kind);
      assert.match(outcome.reply, reply);
    }));

test('a message over the size that the server announces is refused before it is sent', () =>
  withSink(
    async (sink) => {
      const outcome = await deliver(sink.url);
      assert.deepEqual(outcome, { kind: 'refused', reply: 'the mail server takes no message of this size' });
      assert.deepEqual(sink.received, []);
    },
    { size: 10 },
  ));

test('a reply with control characters, several lines and too many words is one printable line', () =>
  withSink(async (sink) => {
    sink.acts.rcpt = { code: 550, text: `5.1.1 \u001b[31mr\u00f6d\u0007 ${'x'.repeat(1000)}` };
    const { reply } = await deliver(sink.url);
    assert.match(reply, /^[\x20-\x7e]{1,200}$/);
  }));

test('a server that is not there is tried later, without a word of the operating system', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  await new Promise((done) => closed.close(done));
  const outcome = await deliver(`smtp://127.0.0.1:${port}`);
  assert.equal(outcome.kind, 'later');
  assert.doesNotMatch(outcome.reply, /ECONN|errno/);
});

for (const [name, greeting] of [
  ['says nothing', ''],
  ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['never ends its reply', '220-still\r\n'.repeat(20_000)],
] as const)
  test(`a server that ${name} is tried later`, async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(greeting);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal((await deliver(`smtp://127.0.0.1:${port}`, HASTY)).kind, 'later');
    server.close();
  });

test('a mail that is on its way when the process is stopped may end', () =>
  withSink(async (sink) => {
    const stopping = new AbortController();
    sink.acts.rcpt = () => {
      stopping.abort();
      return 'take';
    };
    const send = createSmtpDelivery({ url: sink.url, helo: 'mx.example', times: { ...PATIENT, stopMs: 20_000 } });
    assert.equal((await send(ENVELOPE, MAIL, stopping.signal)).kind, 'accepted');
  }));

test('a server that hangs when the process is stopped is left, and the mail is tried later', () =>
  withSink(async (sink) => {
    const stopping = new AbortController();
    sink.acts.rcpt = () => {
      stopping.abort();
      return 'hang';
    };
    const send = createSmtpDelivery({ url: sink.url, helo: 'mx.example', times: PATIENT });
    assert.deepEqual(await send(ENVELOPE, MAIL, stopping.signal), { kind: 'later', reply: 'the sender was stopped' });
    assert.equal((await send(ENVELOPE, MAIL, stopping.signal)).kind, 'later');
  }));

test('user and password of the URL are decoded and given to AUTH', () => {
  const logins: unknown[] = [];
  return withSink(
    async (sink) => {
      const url = sink.url.replace('smtp://', 'smtp://me%40mx.example:p%3Ass%25@');
      assert.equal((await deliver(url)).kind, 'accepted');
      assert.deepEqual(logins, [['me@mx.example', 'p:ss%']]);
    },
    {
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        logins.push([username, password]);
        done(null, { user: username });
      },
    },
  );
});

test('a login that is refused is tried later, since the operator can mend it', () =>
  withSink(
    async (sink) => {
      const outcome = await deliver(sink.url.replace('smtp://', 'smtp://me:wrong@'));
      assert.equal(outcome.kind, 'later');
      assert.match(outcome.reply, /refused the login/);
      assert.doesNotMatch(outcome.reply, /wrong/);
    },
    {
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(Object.assign(new Error('bad login'), { responseCode: 535 })),
    },
  ));

test('a server without AUTH gets no mail from one that has a password', () =>
  withSink(async (sink) => {
    const outcome = await deliver(sink.url.replace('smtp://', 'smtp://me:secret@'));
    assert.deepEqual(outcome, { kind: 'later', reply: 'the mail server offers no login (AUTH)' });
    assert.deepEqual(sink.received, []);
  }));

test('STARTTLS is used where it is offered, without asking for a certificate', () => {
  const secured: boolean[] = [];
  return withSink(
    async (sink) => {
      assert.equal((await deliver(sink.url)).kind, 'accepted');
      assert.deepEqual(secured, [true]);
      assert.equal(sink.received.length, 1);
    },
    {
      disabledCommands: ['AUTH'],
      onMailFrom: (_address, { secure }, done) => {
        secured.push(secure);
        done();
      },
    },
  );
});

test('smtps:// begins with TLS', () =>
  withSink(
    async (sink) => {
      assert.equal((await deliver(sink.url.replace('smtp:', 'smtps:'))).kind, 'accepted');
      assert.equal((await deliver(sink.url, HASTY)).kind, 'later');
    },
    { secure: true, disabledCommands: ['AUTH'] },
  ));
