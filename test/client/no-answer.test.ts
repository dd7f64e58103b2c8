/**
 * The client against services that are not there, are silent, or answer like something else: every
 * failure is one class, an abort is the caller's own.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BatchItem, MailverdictClient, MailverdictError } from '../../src/client/client.ts';
import { freePort } from '../free-port.ts';
import { handTime } from '../hand-time.ts';

/** A server that answers as told, for the time of one test. */
const against = async (listener: RequestListener, use: (baseUrl: string) => Promise<void>): Promise<void> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
const typeOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof MailverdictError, String(error));
  return `${error.problem.type.replace('urn:mailverdict:client:', '')} ${error.status}`;
};
const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items);
};
const MESSAGE = 'From: a@b.example\r\n\r\n';

test('MailverdictClient tells that nothing listens', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`;
  assert.equal(await typeOf(new MailverdictClient({ baseUrl: gone }).verify(MESSAGE)), 'unreachable 0');
});

/** How something that is not the service answers, and what is told. */
const STRANGERS: { what: string; answer: RequestListener; told: string }[] = [
  { what: 'a page with status 200', answer: (_, response) => response.end('<html>'), told: 'unreadable-answer 0' },
  {
    what: 'a page with status 502',
    answer: (_, response) => response.writeHead(502).end('<html>'),
    told: 'about:blank 502',
  },
  {
    what: 'JSON of another kind with status 404',
    answer: (_, response) => response.writeHead(404).end('{"error":true}'),
    told: 'about:blank 404',
  },
  {
    what: 'a refusal without end',
    answer: (_, response) => {
      response.writeHead(500).write('x'.repeat(70_000));
    },
    told: 'about:blank 500',
  },
  {
    what: 'a redirection, which a key must not follow',
    answer: (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    told: 'unreachable 0',
  },
  {
    what: 'an answer that is too large',
    answer: (_, response) => response.end('1'.repeat(2000)),
    told: 'unreadable-answer 0',
  },
  {
    what: 'an answer that is cut off',
    answer: (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{');
      setImmediate(() => response.destroy());
    },
    told: 'unreachable 0',
  },
  { what: 'nothing at all', answer: () => undefined, told: 'timeout 0' },
  {
    what: 'a beginning and then nothing',
    answer: (_, response) => {
      response.write('{');
    },
    told: 'timeout 0',
  },
];
for (const { what, answer, told } of STRANGERS) {
  test(`MailverdictClient gets ${what}: ${told}`, () =>
    against(answer, async (baseUrl) => {
      // Short only where nothing comes: a busy machine must not make silence of an answer.
      const patience = told === 'timeout 0' ? { timeoutMs: 200 } : {};
      const client = new MailverdictClient({ baseUrl, maxAnswerBytes: 1000, ...patience });
      assert.equal(await typeOf(client.verify(MESSAGE)), told);
    }));
}

const BROKEN_STREAMS: { what: string; lines: string; told: string }[] = [
  { what: 'a line that is no JSON', lines: '{"index":0}\nno\n', told: 'unreadable-answer 0' },
  { what: 'a last line without an end', lines: '{"index":0}\n{"index":1}', told: 'unreadable-answer 0' },
  { what: 'a line that is too long', lines: `{"index":0}\n${' '.repeat(1100)}`, told: 'unreadable-answer 0' },
];
for (const { what, lines, told } of BROKEN_STREAMS) {
  test(`verifyBatch gets ${what}: ${told}`, () =>
    against(
      (_, response) => response.end(lines),
      async (baseUrl) => {
        const client = new MailverdictClient({ baseUrl, maxAnswerBytes: 1000 });
        assert.equal(await typeOf(drain(client.verifyBatch([{ message: MESSAGE }]))), told);
      },
    ));
}

test('verify rejects with the reason of the signal when the caller ends it, before and during the call', () =>
  against(
    () => undefined,
    async (baseUrl) => {
      const client = new MailverdictClient({ baseUrl });
      const reason = new Error('no longer wanted');
      await assert.rejects(
        client.verify(MESSAGE, {}, { signal: AbortSignal.abort(reason) }),
        (cause) => cause === reason,
      );
      const controller = new AbortController();
      const call = client.verify(MESSAGE, {}, { signal: controller.signal });
      setImmediate(() => controller.abort(reason));
      await assert.rejects(call, (cause) => cause === reason);
    },
  ));

test('verifyBatch does not hold the slowness of its own messages against the service', (context) =>
  against(
    (request, response) => {
      request.resume().once('end', () => response.end('{"index":0}\n'));
    },
    async (baseUrl) => {
      const time = handTime(context);
      const items = async function* (): AsyncGenerator<BatchItem> {
        await nextTurn();
        time.pass(400);
        yield { message: MESSAGE };
      };
      await drain(new MailverdictClient({ baseUrl, timeoutMs: 200 }).verifyBatch(items()));
    },
  ));

test('MailverdictClient keeps the path of its address', () =>
  against(
    ({ url }, response) => response.end(JSON.stringify({ status: url })),
    async (baseUrl) => {
      for (const address of [`${baseUrl}/mail/verdict`, `${baseUrl}/mail/verdict/`])
        assert.deepEqual(await new MailverdictClient({ baseUrl: address }).health(), {
          status: '/mail/verdict/readyz',
        });
    },
  ));

test('MailverdictClient refuses an address that is none and times that mean nothing', () => {
  assert.throws(() => new MailverdictClient({ baseUrl: 'localhost' }), TypeError);
  for (const timeoutMs of [0, -1, 1.5, Number.NaN, 2 ** 31])
    assert.throws(() => new MailverdictClient({ baseUrl: 'http://localhost', timeoutMs }), RangeError);
  assert.throws(() => new MailverdictClient({ baseUrl: 'http://localhost', maxAnswerBytes: 0 }), RangeError);
});
