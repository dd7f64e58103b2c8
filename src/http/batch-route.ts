/**
 * POST /v1/verify/batch: many messages in one request, as an mbox or as NDJSON of requests; their verdicts stream back as NDJSON in order. Memory is bounded by the few messages
 * worked on at once; a slow reader slows the reading of the request. One bad message is one bad line, never the end of the batch.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BatchLine } from '../../schemas/batch.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { VerifyQuery, VerifyRequest } from '../../schemas/verify-request.ts';
import { readLines } from '../message/lines.ts';
import { readMbox } from '../message/mbox.ts';
import type { Verify, VerifyOptions } from '../verdict/verify.ts';
import { messageBytes } from './body.ts';
import { problemResponses } from './openapi.ts';
import { inOrder } from './ordered.ts';
import { invalidRequest, problemOf, RequestProblem } from './problem.ts';
import { abortOnHangUp, optionsOf, toFacts, toProblem } from './verify-route.ts';

/** What the route is handed. */
export type BatchParts = { verify: Verify; maxMessageBytes: number; maxBatchMessages: number; batchWidth: number };

/** A message of the batch, or what is wrong with its line. */
type Item = { message: Buffer; facts: SmtpFacts; options: VerifyOptions } | { problem: RequestProblem };

/** Base64 inside JSON, and the envelope around it. */
const LINE_OVERHEAD = 1.5;
const LINE_ENVELOPE_BYTES = 65_536;

/** Mounts the route in a scope of its own, whose bodies are streams. */
export const mountBatch = (app: FastifyInstance, parts: BatchParts): void => {
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
        const items = readItems(request, parts);
        const signal = abortOnHangUp(reply);
        const lines = inOrder(atMost(items, parts.maxBatchMessages), parts.batchWidth, (item, index) =>
          judge(item, index, parts.verify, signal),
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

const judge = async (item: Item, index: number, verify: Verify, signal: AbortSignal): Promise<BatchLine> => {
  if ('problem' in item) return { index, problem: problemOf(item.problem) };
  try {
    return { index, verdict: await verify(item.message, item.facts, { ...item.options, signal }) };
  } catch (cause) {
    return { index, problem: problemOf(toProblem(cause)) };
  }
};

const readItems = (request: FastifyRequest, parts: BatchParts): AsyncIterable<Item> => {
  const query = VerifyQuery.safeParse(request.query);
  if (!query.success) throw invalidRequest(query.error, 'query');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const stream = request.body as AsyncIterable<Buffer>;
  if (type === 'application/mbox') return fromMbox(stream, query.data, parts.maxMessageBytes);
  if (/^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)$/.test(type))
    return fromLines(stream, parts.maxMessageBytes);
  throw new RequestProblem('unsupported-media-type', 'send application/mbox or application/x-ndjson');
};

async function* fromMbox(
  stream: AsyncIterable<Buffer>,
  query: VerifyQuery,
  maxMessageBytes: number,
): AsyncGenerator<Item> {
  for await (const entry of readMbox(stream, maxMessageBytes)) {
    if (entry.kind === 'message') yield { message: entry.bytes, facts: toFacts(query), options: optionsOf(query) };
    else yield { problem: new RequestProblem('body-too-large', `the message has more than ${maxMessageBytes} octets`) };
  }
}

async function* fromLines(stream: AsyncIterable<Buffer>, maxMessageBytes: number): AsyncGenerator<Item> {
  for await (const line of readLines(stream, Math.ceil(maxMessageBytes * LINE_OVERHEAD) + LINE_ENVELOPE_BYTES)) {
    if (line.kind === 'too-long')
      yield { problem: new RequestProblem('body-too-large', 'the line is too long for one message') };
    else if (line.bytes.toString('latin1').trim() !== '') yield readLine(line.bytes, maxMessageBytes);
  }
}

const readLine = (bytes: Buffer, maxMessageBytes: number): Item => {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { problem: new RequestProblem('invalid-json', 'the line is not JSON') };
  }
  const parsed = VerifyRequest.safeParse(value);
  if (!parsed.success) return { problem: invalidRequest(parsed.error, '') };
  const { message, encoding, smtp, dns, ...rest } = parsed.data;
  try {
    return {
      message: messageBytes(message, encoding, maxMessageBytes),
      facts: smtp ?? {},
      options: { ...optionsOf(rest), overlay: dns },
    };
  } catch (cause) {
    if (cause instanceof RequestProblem) return { problem: cause };
    throw cause;
  }
};
