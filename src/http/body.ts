/**
 * Request bodies: raw octets for every content type but JSON, and messages inside JSON. Bytes are
 * never re-encoded: what came is what is judged. A body is copied into blocks as it comes, so that
 * pieces cost nothing but their octets, and every block is counted on the account of the service.
 * JSON is parsed in one go: its size, values and depth are bounded before, and large messages had
 * better come raw.
 */
import type { IncomingMessage } from 'node:http';
import { errorCodes, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { detachBuffer } from '../message/detach-buffer.ts';
import { Octets, type Room } from '../message/octets.ts';
import type { OpenBodyRoom } from './body-memory.ts';
import { readForm } from './form.ts';
import { createJsonCounter } from './json-bounds.ts';
import { RequestProblem } from './problem.ts';

/**
 * JSON carries a message in base64 (four octets for three) or as escaped text (up to six for one);
 * base64 is the case to have room for.
 */
const JSON_OVERHEAD = 1.5;
const JSON_ENVELOPE_BYTES = 262_144;
/** Parsing holds the text and the values beside the octets; each is about as large. */
export const JSON_COPIES = 2;
/**
 * Pieces of a body before their size counts, and the octets that they must have on average from
 * then on: each one costs a call.
 */
const FREE_PIECES = 10_000;
const MIN_PIECE_BYTES = 64;
/** The route that takes a message as a file of a form. */
const FORM_ROUTE = '/v1/verify';
/** A limit of ours that passes: when the client may try again. */
const RETRY_AFTER_SECONDS = 2;

/** What bodies are bounded by. */
type BodyLimits = { readonly maxMessageBytes: number; readonly requestTimeoutMs: number };

/**
 * Installs the two parsers: JSON, and raw octets for anything else; a body with a content encoding
 * is refused, also where a route reads it as a stream.
 */
export const acceptBodies = (app: FastifyInstance, limits: BodyLimits, openRoom: OpenBodyRoom): void => {
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  app.addHook('preParsing', (request, reply, payload, done) => {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding.trim().toLowerCase() !== 'identity')
      return done(new RequestProblem('unsupported-encoding', 'send the body without a Content-Encoding'));
    replies.set(request, reply);
    done(null, payload);
  });
  const read = async (request: FastifyRequest, payload: IncomingMessage, maxBytes: number, inspect?: Inspect) => {
    const reply = replies.get(request);
    if (reply === undefined) throw new Error('a body without an answer');
    const room = openRoom(request, reply);
    try {
      return { room, bytes: await readBody(payload, { maxBytes, timeoutMs: limits.requestTimeoutMs, room, inspect }) };
    } catch (cause) {
      throw tellRetry(reply, cause);
    }
  };
  app.removeAllContentTypeParsers();
  const jsonBytes = Math.ceil(limits.maxMessageBytes * JSON_OVERHEAD) + JSON_ENVELOPE_BYTES;
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]+\+)?json(?:\s*;|$)/i,
    async (request: FastifyRequest, payload: IncomingMessage) => {
      const { bodyLimit } = request.routeOptions;
      const maxBytes = bodyLimit !== undefined && bodyLimit < limits.maxMessageBytes ? bodyLimit : jsonBytes;
      const { room, bytes } = await read(request, payload, maxBytes, createJsonCounter(maxBytes));
      if (bytes.length === 0) throw new RequestProblem('empty-body', 'send a JSON object with a "message"');
      const reply = replies.get(request);
      if (!room.reserve(bytes.length * JSON_COPIES))
        throw reply === undefined ? serviceFull() : tellRetry(reply, serviceFull());
      return parseJson(bytes);
    },
  );
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest, payload: IncomingMessage) => {
    if (request.routeOptions.url !== FORM_ROUTE)
      throw new RequestProblem('unsupported-media-type', `a form is read at ${FORM_ROUTE} alone`);
    const { room, bytes } = await read(request, payload, limits.maxMessageBytes);
    const reply = replies.get(request);
    // The message is copied out of the form.
    if (!room.reserve(bytes.length)) throw reply === undefined ? serviceFull() : tellRetry(reply, serviceFull());
    return readForm(bytes, request.headers['content-type'] ?? '');
  });
  app.addContentTypeParser(
    '*',
    async (request: FastifyRequest, payload: IncomingMessage) =>
      (await read(request, payload, limits.maxMessageBytes)).bytes,
  );
};

/** The service holds as many octets as it may, or this caller does. */
export const serviceFull = (): RequestProblem =>
  new RequestProblem('service-full', 'the memory for messages under way is used up; send this one again later');

/** Adds Retry-After for a caller that may try again. */
const tellRetry = (reply: FastifyReply, cause: unknown): unknown => {
  if (cause instanceof RequestProblem && cause.kind === 'service-full')
    void reply.header('retry-after', String(RETRY_AFTER_SECONDS));
  return cause;
};

const parseJson = (bytes: Buffer): unknown => {
  const text = bytes.toString('utf8');
  detachBuffer(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RequestProblem('invalid-json', cause instanceof Error ? plain(cause.message) : 'the body is not JSON');
  }
};

/** Sees the octets as they come. @returns why the body is refused; null: not yet */
type Inspect = (piece: Buffer) => Error | null;

/** How a body is read; `timeoutMs` is for all of it. */
type Reading = {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly room: Room;
  readonly inspect: Inspect | undefined;
};

/**
 * Reads a body to its end; every way it can end settles the promise.
 * @returns the octets, the caller's own, counted in the room
 */
const readBody = (payload: IncomingMessage, { maxBytes, timeoutMs, room, inspect }: Reading): Promise<Buffer> => {
  const declared = payload.headers['content-length'];
  if (Number(declared) > maxBytes) return Promise.reject(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
  return new Promise((resolve, reject) => {
    const octets = new Octets(room);
    let pieces = 0;
    const settle = (): void => {
      clearTimeout(timer);
      payload.off('data', take).off('end', finish).off('error', fail).off('close', gone);
    };
    const refuse = (cause: Error): void => {
      settle();
      octets.drop();
      // What still comes is read and dropped until the answer is out.
      payload.on('error', () => undefined).resume();
      reject(cause);
    };
    const timer = setTimeout(() => refuse(requestTimeout(timeoutMs)), timeoutMs);
    const take = (piece: Buffer): void => {
      pieces += 1;
      if (octets.length + piece.length > maxBytes) refuse(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
      else if (pieces > FREE_PIECES && octets.length < pieces * MIN_PIECE_BYTES)
        refuse(
          new RequestProblem(
            'body-too-large',
            `the body comes in more than ${FREE_PIECES} pieces of fewer than ${MIN_PIECE_BYTES} octets`,
          ),
        );
      else {
        const fault = inspect?.(piece) ?? null;
        if (fault !== null) refuse(fault);
        else if (!octets.add(piece)) refuse(serviceFull());
      }
    };
    const fail = (cause: Error): void => refuse(Object.assign(cause, { statusCode: 400 }));
    const gone = (): void =>
      refuse(new RequestProblem('client-gone', 'the connection closed before the end of the body'));
    const finish = (): void => {
      settle();
      if (declared !== undefined && Number(declared) !== octets.length) {
        octets.drop();
        reject(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
      } else octets.take().then(resolve, reject);
    };
    payload.on('data', take).on('end', finish).on('error', fail).on('close', gone);
  });
};

/** The client did not send its request in time. */
export const requestTimeout = (timeoutMs: number): RequestProblem =>
  new RequestProblem('request-timeout', `the request did not come within ${timeoutMs} ms`);

/** V8's message quotes a piece of the input; keep the position and drop the quotation. */
const plain = (message: string): string =>
  /position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0].replace(/^/, 'it stops being JSON at ') ??
  'it ends too early';

/**
 * The octets of a message inside JSON.
 * @throws RequestProblem when it is not base64 or too large
 */
export const messageBytes = (text: string, encoding: 'utf8' | 'base64', maxMessageBytes: number): Buffer => {
  const bytes = encoding === 'utf8' ? Buffer.from(text, 'utf8') : fromBase64(text);
  if (bytes.length > maxMessageBytes)
    throw new RequestProblem('body-too-large', `the message has ${bytes.length} octets`);
  if (bytes.length === 0) throw new RequestProblem('empty-body', 'the message has no octets');
  return bytes;
};

/**
 * Strict base64 (RFC 4648 section 4), line ends allowed: node's own decoder skips whatever it does
 * not know.
 */
const fromBase64 = (text: string): Buffer => {
  const compact = /[\r\n\t ]/.test(text) ? text.replace(/[\r\n\t ]+/g, '') : text;
  const wrong = /[^A-Za-z0-9+/]/.exec(compact.replace(/={1,2}$/, ''));
  if (wrong !== null || compact.length % 4 !== 0) {
    const message =
      wrong === null
        ? 'has a length that base64 cannot have'
        : `has a character at ${wrong.index} that base64 does not use`;
    throw new RequestProblem('invalid-base64', `message ${message}`, [{ path: 'message', message }]);
  }
  return Buffer.from(compact, 'base64');
};
