/**
 * The milter server over real sockets on loopback: glued sessions, slow evaluations, mail servers
 * that go away, faults, limits, shutdown.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Verdict } from '../../../schemas/verdict.ts';
import { createMemory } from '../../../src/message/memory.ts';
import type { FaceSettings } from '../../../src/pipeline/face-settings.ts';
import { createMilterServer } from '../../../src/pipeline/milter/server.ts';
import { UNOBSERVED } from '../../../src/pipeline/observer.ts';
import type { Verify } from '../../../src/verdict/verify.ts';
import { freePort } from '../../free-port.ts';
import { handTime } from '../../hand-time.ts';
import { sendWithoutReading, socketPath } from '../connections/silent-peer.ts';
import { makeEvaluation } from '../make-evaluation.ts';
import { makeDisposition, makeVerdict } from '../make-verdict.ts';
import { messageFrames, type ReadReply, readReplies, send } from './mta.ts';

const start = async (
  t: TestContext,
  over: Partial<FaceSettings> = {},
  verdict: Verdict | Verify = makeVerdict(),
  limits: Parameters<typeof createMilterServer>[2] = {},
) => {
  const { evaluation, settings, log, lines } = makeEvaluation({ milterListen: ['inet:0@127.0.0.1'], ...over }, verdict);
  const memory = createMemory(settings.pipelineMaxTotalBytes);
  const server = createMilterServer(settings, { evaluation, memory, log, observer: UNOBSERVED }, limits);
  const [address] = await server.listen();
  t.after(() => server.close({ drainMs: 0, graceMs: 0 }));
  const port = address?.kind === 'inet' ? address.port : 0;
  return { server, memory, lines, port };
};

/** A mail server's connection that collects replies. */
const dial = async (port: number) => {
  const socket: Socket = connect({ host: '127.0.0.1', port });
  let heard = Buffer.alloc(0);
  const writes: Buffer[] = [];
  socket.on('data', (chunk) => {
    writes.push(chunk);
    heard = Buffer.concat([heard, chunk]);
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  /** Waits until so many replies have come, or the connection has closed. */
  const replies = async (count: number): Promise<ReadReply[]> => {
    for (;;) {
      const read = readReplies(heard);
      if (read.length >= count || socket.closed) return read;
      await Promise.race([once(socket, 'data'), closed]);
    }
  };
  return { socket, replies, closed, writes };
};

const codes = (replies: ReadReply[]): string => replies.map(({ code }) => code).join('');

const OPEN = [send.optneg(), send.connect('mail.sender.example', '192.0.2.10'), send.helo('mail.sender.example')];
const MESSAGE = messageFrames(
  [
    ['Authentication-Results', ' mx.rcpt.example; dkim=pass'],
    ['From', ' a@sender.example'],
  ],
  'Hello\r\n',
);

test('createMilterServer answers two messages glued into one write, in order', async (t) => {
  const { port, memory } = await start(t);
  const { socket, replies, closed } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE, send.abort(), ...MESSAGE, send.abort(), send.quit()]));
  const answered = await replies(17);
  assert.equal(codes(answered), 'Occccccmicccccmic');
  assert.deepEqual(answered[7], { code: 'm', index: 1, texts: ['Authentication-Results', ''] });
  assert.equal(
    answered[8]?.texts[1],
    ' mx.rcpt.example;\n spf=pass smtp.mailfrom=sender.example;\n dkim=pass header.d=sender.example',
  );
  await closed;
  assert.equal(memory.held, 0);
});

test('createMilterServer answers the end of a message in one write', async (t) => {
  const { port } = await start(t);
  const { socket, replies, writes } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE.slice(0, -1)]));
  await replies(7);
  const before = writes.length;
  socket.write(MESSAGE.at(-1) ?? '');
  assert.equal(codes((await replies(10)).slice(7)), 'mic');
  assert.equal(writes.length, before + 1);
  socket.destroy();
});

for (const [wouldBe, quarantine, expected, line] of [
  ['reject', 'header', 'y', '550 5.7.26 sender.example fails DMARC'],
  ['tempfail', 'header', 'y', '451 4.7.0 sender.example is not known yet'],
  ['quarantine', 'hold', 'miiqc', undefined],
  ['quarantine', 'header', 'miic', undefined],
] as const) {
  test(`createMilterServer answers a verdict of ${wouldBe} with ${expected}`, async (t) => {
    const { port } = await start(t, { quarantine }, makeVerdict({ disposition: makeDisposition(wouldBe) }));
    const { socket, replies } = await dial(port);
    socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
    const atEnd = (await replies(7 + expected.length)).slice(7);
    assert.equal(codes(atEnd), expected);
    if (line !== undefined) assert.deepEqual(atEnd[0]?.texts, [line]);
    socket.destroy();
  });
}

test('createMilterServer tells that it is at work while an evaluation is slow, then that it took too long', async (t) => {
  const started = Promise.withResolvers<void>();
  const verify = () => {
    started.resolve();
    return new Promise<never>(() => undefined);
  };
  const { port } = await start(t, { pipelineEvaluationMs: 35 }, verify, { progressMs: 10 });
  const { socket, replies } = await dial(port);
  const time = handTime(t);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
  await started.promise;
  time.pass(35);
  time.end();
  const atEnd = (await replies(11)).slice(7);
  assert.equal(codes(atEnd), 'pppy');
  assert.deepEqual(atEnd.at(-1)?.texts, ['451 4.4.3 Checking this message took too long, please try again later']);
  socket.destroy();
});

test('createMilterServer stops the work of a mail server that goes away, and gives its memory back', async (t) => {
  const started = Promise.withResolvers<AbortSignal>();
  const { port, memory } = await start(t, {}, (_, __, options) => {
    const { signal } = options ?? {};
    if (signal) started.resolve(signal);
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
  });
  const { socket } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
  const signal = await started.promise;
  assert.equal(memory.held > 0, true);
  socket.destroy();
  await once(signal, 'abort');
  while (memory.held > 0) await new Promise((resolve) => setImmediate(resolve));
  const next = await dial(port);
  next.socket.write(send.optneg());
  assert.equal(codes(await next.replies(1)), 'O');
  next.socket.destroy();
});

test('createMilterServer answers a fault with a temporary refusal and lives on', async (t) => {
  let calls = 0;
  const { port } = await start(t, {}, async () => {
    calls += 1;
    if (calls === 1) throw new Error('broken');
    return makeVerdict();
  });
  const { socket, replies } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE, ...MESSAGE]));
  assert.equal(codes(await replies(15)), 'Occccccyccccmic');
  socket.destroy();
});

for (const [title, octets, reason] of [
  ['a length of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff]), 'frame-too-large'],
  ['a length of 0', Buffer.from([0, 0, 0, 0]), 'empty-frame'],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'frame-too-large'],
  ['a command before the negotiation', send.helo('x'), 'command before negotiation'],
] as const) {
  test(`createMilterServer closes the connection that sends ${title}, and no other`, async (t) => {
    const { port, lines } = await start(t);
    const good = await dial(port);
    const bad = await dial(port);
    bad.socket.write(octets);
    await bad.closed;
    assert.deepEqual(
      lines.map(({ fields }) => fields.reason),
      [reason],
    );
    good.socket.write(send.optneg());
    assert.equal(codes(await good.replies(1)), 'O');
    good.socket.destroy();
  });
}

test('createMilterServer closes a connection that stays silent for too long', async (t) => {
  const { port, lines } = await start(t, { pipelineIdleMs: 20 });
  const { closed } = await dial(port);
  await closed;
  assert.equal(lines[0]?.fields.reason, 'idle');
});

test('createMilterServer stops reading from a mail server that sends on during an evaluation, and goes on after it', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const { port, memory } = await start(t, {}, () => promise, { maxFrameBytes: 65_536, progressMs: 3_600_000 });
  const { socket, replies } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
  await replies(7);
  const [mail = Buffer.alloc(0), rcpt = Buffer.alloc(0)] = MESSAGE;
  const body = Array.from({ length: 400 }, () => send.body(Buffer.alloc(60_000)));
  const flooded = Buffer.concat([mail, rcpt, ...body]);
  socket.write(flooded);
  // Both ends run in this process: while the server reads on, what it holds grows from turn to
  // turn.
  let held = 0;
  for (let unchanged = 0; unchanged < 100; unchanged++) {
    await new Promise((done) => setImmediate(done));
    if (memory.held !== held || held < 65_536) unchanged = 0;
    held = memory.held;
  }
  assert.equal(held < 1_000_000, true, `${held} octets`);
  assert.equal(socket.writableLength > 0, true, 'the kernel holds the rest back');
  resolve(makeVerdict());
  const answered = await replies(10 + 2 + body.length);
  assert.equal(codes(answered).slice(7, 12), 'miccc');
  socket.destroy();
});

test('createMilterServer lets a message in hand finish before it closes, and closes idle connections at once', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  // A port that nobody takes once it is free again.
  const milterListen = [`inet:${await freePort()}@127.0.0.1`];
  const { server, port } = await start(t, { milterListen }, () => promise);
  const idle = await dial(port);
  idle.socket.write(Buffer.concat(OPEN));
  await idle.replies(3);
  const busy = await dial(port);
  busy.socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
  await busy.replies(7);
  const sending = await dial(port);
  sending.socket.write(Buffer.concat([...OPEN, ...MESSAGE.slice(0, 3)]));
  await sending.replies(6);

  const closing = server.close({ drainMs: 0, graceMs: 10_000 });
  await idle.closed;
  sending.socket.write(Buffer.concat(MESSAGE.slice(3)));
  resolve(makeVerdict());
  assert.equal(codes(await busy.replies(10)), 'Occccccmic');
  assert.equal(codes(await sending.replies(10)), 'Occccccmic');
  await closing;
  await assert.rejects(dial(port), { code: 'ECONNREFUSED' });
});

test('createMilterServer cuts off what is left after the grace', async (t) => {
  const { server, port } = await start(t, {}, () => new Promise(() => undefined));
  const { socket, closed, replies } = await dial(port);
  socket.write(Buffer.concat([...OPEN, ...MESSAGE]));
  await replies(7);
  await server.close({ drainMs: 0, graceMs: 10 });
  await closed;
});

for (const [title, again] of [
  ['commands', send.data()],
  ['messages', Buffer.concat([...MESSAGE, send.abort()])],
] as const) {
  test(`createMilterServer stops taking ${title} from a mail server that never reads, and cuts it off`, async (t) => {
    const path = socketPath(t);
    const { memory, lines } = await start(t, { milterListen: [`unix:${path}`], writeTimeoutMs: 100 });
    const chunk = Buffer.concat(Array.from({ length: Math.ceil(16_384 / again.length) }, () => again));
    const taken = await sendWithoutReading(path, Buffer.concat(OPEN), chunk);
    assert.equal(taken < 8_000_000, true, `${taken} octets`);
    const closing = lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.reason);
    assert.deepEqual(closing, ['does not read']);
    while (memory.held > 0) await new Promise((resolve) => setImmediate(resolve));
  });
}

test('createMilterServer cuts off a mail server that does not close after the end', async (t) => {
  const { port, lines } = await start(t, { writeTimeoutMs: 50 });
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.write(Buffer.concat([...OPEN, send.quit()]));
  socket.resume();
  await once(socket, 'end');
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(lines[0]?.fields.reason, 'does not read');
  socket.destroy();
});

test('createMilterServer closes the connection whose frame finds no memory', async (t) => {
  const { port, lines, memory } = await start(t, { pipelineMaxTotalBytes: 65_536 });
  const { socket, closed } = await dial(port);
  socket.write(Buffer.concat([...OPEN, send.body(Buffer.alloc(100_000))]));
  await closed;
  assert.equal(lines[0]?.fields.reason, 'service-full');
  assert.equal(memory.held, 0);
});
