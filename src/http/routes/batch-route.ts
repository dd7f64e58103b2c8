/**
 * POST /v1/verify/batch: many messages in one request, as an mbox or as NDJSON of requests; their
 * verdicts stream back as NDJSON in order. Memory is bounded by the few messages worked on at once;
 * a slow reader slows the reading of the request. One bad message is one bad line, never the end of
 * the batch.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BatchLine } from '../../../schemas/requests/batch.ts';
import { VerifyQuery, VerifyRequest } from '../../../schemas/requests/verify.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { readLines } from '../../message/lines.ts';
import { readMbox } from '../../message/mbox.ts';
import type { Room } from '../../message/octets.ts';
import type { VerifyOptions } from '../../verdict/run.ts';
import type { Verify } from '../../verdict/verify.ts';
import { JSON_COPIES, messageBytes, requestTimeout, serviceFull } from '../body.ts';
import type { OpenBodyRoom } from '../body-memory.ts';
import { checkJsonBounds } from '../json-bounds.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { problemOf, RequestProblem } from '../problem.ts';
import { invalidRequest, readBySchema } from '../validation.ts';
import { inOrder } from './ordered.ts';
import { abortOnHangUp, optionsOf, toFacts, toProblem } from './verify-route.ts';

/** What the route depends on. */
type BatchDependencies = {
  verify: Verify;
  maxMessageBytes: number;
  maxBatchMessages: number;
  batchWidth: number;
  requestTimeoutMs: number;
  openRoom: OpenBodyRoom;
};

/** A message of the batch, or what is wrong with its line. */
type Item =
  | { message: Buffer; facts: SmtpFacts; options: VerifyOptions /** Octets counted for it. */; octets: number }
  | { problem: RequestProblem };

/** Base64 inside JSON, and the envelope. */
const LINE_OVERHEAD = 1.5;
const LINE_ENVELOPE_BYTES = 65_536;

/** Octets of the longest line whose message is within the limit. */
export const maxLineBytes = (maxMessageBytes: number): number =>
  Math.ceil(maxMessageBytes * LINE_OVERHEAD) + LINE_ENVELOPE_BYTES;

/** Mounts the route in a scope of its own, whose bodies are streams. */
export const mountBatch = (app: FastifyInstance, dependencies: BatchDependencies): void => {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { bodyLimit: Number.MAX_SAFE_INTEGER }, (_request, payload, done) =>
      done(null, payload),
    );
    scope.post(
      '/v1/verify/batch',
      {
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          operationId: 'verifyBatch',
          summary: 'Judge many messages',
          description: `Send an mbox (application/mbox; transport facts as query parameters count for all of it) or NDJSON with a VerifyRequest a line (application/x-ndjson). Answers stream as NDJSON in order.`,
          tags: ['verification'],
          querystring: VerifyQuery,
          consumes: ['application/mbox', 'application/x-ndjson'],
          body: z.string().describe('the mbox, or the lines'),
          response: {
            200: { description: 'A BatchLine a line', content: { 'application/x-ndjson': { schema: BatchLine } } },
            ...problemResponses(400, 415),
          },
        },
      },
      async (request, reply) => {
        const room = dependencies.openRoom(request, reply);
        const items = readItems(request, dependencies, room);
        const signal = abortOnHangUp(reply);
        const first = await items.next();
        if (first.done === true)
          throw new RequestProblem('empty-body', 'the batch has no message: send an mbox, or one JSON object a line');
        const all = atMost(startingWith(first.value, items), dependencies.maxBatchMessages);
        const lines = inOrder(all, dependencies.batchWidth, (item, index) =>
          judge(
            item,
            index,
            (message, facts, options) => dependencies.verify(message, facts, { ...options, signal }),
            room,
          ),
        );
        return reply
          .type('application/x-ndjson; charset=utf-8')
          .serializer((payload: unknown) => payload as string)
          .send(Readable.from(asText(lines)));
      },
    );
  });
};

async function* asText(lines: AsyncIterable<BatchLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

async function* startingWith(first: Item, rest: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* atMost(items: AsyncIterable<Item>, most: number): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    if (++count > most) {
      yield {
        problem: new RequestProblem('body-too-large', `a batch holds ${most} messages at most; the rest was not read`),
      };
      return;
    }
    yield item;
  }
}

const judge = async (item: Item, index: number, verify: Verify, room: Room): Promise<BatchLine> => {
  if ('problem' in item) return { index, problem: problemOf(item.problem) };
  try {
    return { index, verdict: await verify(item.message, item.facts, item.options) };
  } catch (cause) {
    return { index, problem: problemOf(toProblem(cause)) };
  } finally {
    room.release(item.octets);
  }
};

const readItems = (request: FastifyRequest, dependencies: BatchDependencies, room: Room): AsyncGenerator<Item> => {
  const query = readBySchema(VerifyQuery, request.query, 'query');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const stream = withinTime(request.body as Readable, dependencies.requestTimeoutMs);
  if (type === 'application/mbox') return withEnding(fromMbox(stream, query, dependencies.maxMessageBytes, room));
  if (/^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)$/.test(type))
    return withEnding(fromLines(stream, dependencies.maxMessageBytes, room));
  throw new RequestProblem('unsupported-media-type', 'send application/mbox or application/x-ndjson');
};

/**
 * The pieces of a body, whose client has `timeoutMs` in all to send them. The clock runs only while
 * we wait for the client: what we do with the pieces, and how long we do not read, is not the
 * client's doing. @throws RequestProblem when the time is up
 */
async function* withinTime(stream: Readable, timeoutMs: number): AsyncGenerator<Buffer> {
  // Ending the stream would end the connection, and with it the answer.
  const pieces: AsyncIterator<Buffer> = stream.iterator({ destroyOnReturn: false });
  let leftMs = timeoutMs;
  for (;;) {
    const startMs = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(requestTimeout(timeoutMs)), Math.max(0, leftMs));
    });
    const next = pieces.next();
    // Once the time is up nobody waits for it any more.
    next.catch(() => undefined);
    try {
      const { value, done } = await Promise.race([next, late]);
      if (done === true) return;
      leftMs -= performance.now() - startMs;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * The items, and one last line that says so when they end before the batch does: what was read
 * before it is still answered.
 */
async function* withEnding(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (cause) {
    const [kind, reason] =
      cause instanceof RequestProblem
        ? ([cause.kind, cause.message] as const)
        : (['bad-request', 'the body broke off'] as const);
    yield { problem: new RequestProblem(kind, `the batch ends early, from here on nothing was judged: ${reason}`) };
  }
}

/** Octets that are looked at for the first line. */
const FIRST_LINE_BYTES = 1000;
/** The line before a message of an mbox, or a header field of a message by itself. */
const MBOX_START = /^(?:\r?\n)*(?:From |[!-9;-~]{1,500}[ \t]{0,10}:)/;

/**
 * The pieces of an mbox.
 * @throws RequestProblem for a text that begins as none does
 */
async function* checkedMbox(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer | null = Buffer.alloc(0);
  const check = (octets: Buffer): void => {
    if (octets.length > 0 && !MBOX_START.test(octets.toString('latin1', 0, FIRST_LINE_BYTES)))
      throw new RequestProblem('bad-request', 'the body is no mbox: it begins with neither "From " nor a header field');
  };
  for await (const piece of stream) {
    if (start !== null) {
      start = Buffer.concat([start, piece]);
      if (start.length < FIRST_LINE_BYTES && !start.includes('\n')) continue;
      check(start);
      yield start;
      start = null;
    } else yield piece;
  }
  if (start === null) return;
  check(start);
  yield start;
}

async function* fromMbox(
  stream: AsyncIterable<Buffer>,
  query: VerifyQuery,
  maxMessageBytes: number,
  room: Room,
): AsyncGenerator<Item> {
  for await (const entry of readMbox(checkedMbox(stream), maxMessageBytes, room)) {
    if (entry.kind === 'message') {
      const { bytes } = entry;
      yield { message: bytes, facts: toFacts(query), options: optionsOf(query), octets: bytes.length };
    } else if (entry.kind === 'no-room') yield { problem: serviceFull() };
    else yield { problem: new RequestProblem('body-too-large', `the message has more than ${maxMessageBytes} octets`) };
  }
}

async function* fromLines(stream: AsyncIterable<Buffer>, maxMessageBytes: number, room: Room): AsyncGenerator<Item> {
  const maxBytes = maxLineBytes(maxMessageBytes);
  for await (const line of readLines(stream, maxBytes, room)) {
    if (line.kind === 'too-long')
      yield { problem: new RequestProblem('body-too-large', 'the line is too long for one message') };
    else if (line.kind === 'no-room') yield { problem: serviceFull() };
    else yield* await readLine(line.bytes, maxMessageBytes, maxBytes, room);
  }
}

/** A line as an item; the room of its text goes over to the message. */
const readLine = async (bytes: Buffer, maxMessageBytes: number, maxBytes: number, room: Room): Promise<Item[]> => {
  const octets = bytes.length;
  // The text and the values of a line take memory too while it is parsed.
  const copies = octets * JSON_COPIES;
  const hasRoom = room.reserve(copies);
  const item: Item | null = hasRoom ? await parseLine(bytes, maxMessageBytes, maxBytes) : { problem: serviceFull() };
  if (hasRoom) room.release(copies);
  if (item === null || 'problem' in item) room.release(octets);
  return item === null ? [] : 'problem' in item ? [item] : [{ ...item, octets }];
};

/**
 * Reads a line of NDJSON as a message with its facts.
 * @param maxBytes longest line, which bounds what it may become
 * @returns null for a line without content
 */
export const parseLine = async (bytes: Buffer, maxMessageBytes: number, maxBytes: number): Promise<Item | null> => {
  let value: unknown;
  try {
    await checkJsonBounds(bytes, maxBytes);
    const text = bytes.toString('utf8');
    if (text.trim() === '') return null;
    value = JSON.parse(text);
  } catch (cause) {
    return {
      problem: cause instanceof RequestProblem ? cause : new RequestProblem('invalid-json', 'the line is not JSON'),
    };
  }
  const parsed = VerifyRequest.safeParse(value);
  if (!parsed.success) return { problem: invalidRequest(parsed.error, '', VerifyRequest) };
  const { message, encoding, smtp, dns, ...rest } = parsed.data;
  try {
    return {
      message: messageBytes(message, encoding, maxMessageBytes),
      facts: smtp ?? {},
      options: { ...optionsOf(rest), overlay: dns },
      octets: 0,
    };
  } catch (cause) {
    if (cause instanceof RequestProblem) return { problem: cause };
    throw cause;
  }
};
