/**
 * Request bodies: raw octets for every content type but JSON, and messages inside JSON. Bytes are never re-encoded: what came is what is judged. A raw body is read here
 * and not by fastify, which joins its pieces in one go: for 50 MB nobody else would be served for some 80 ms. JSON cannot be parsed in turns, so large messages had better come raw.
 */
import type { IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCodes, type FastifyInstance } from 'fastify';
import { letGo } from '../message/let-go.ts';
import { RequestProblem } from './problem.ts';

/** JSON carries a message in base64 (four octets for three) or as escaped text (up to six for one); base64 is the case to have room for. */
const JSON_OVERHEAD = 1.5;
const JSON_ENVELOPE_BYTES = 262_144;
/** Octets joined between two turns of the event loop. */
const TURN_BYTES = 1_048_576;
const NOTHING = Buffer.alloc(0);

/** Installs the two parsers: JSON, and raw octets for anything else. @param maxMessageBytes largest message */
export const acceptBodies = (app: FastifyInstance, maxMessageBytes: number): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(?:[\w.+-]+\+)?json(?:\s*;|$)/i,
    { parseAs: 'buffer', bodyLimit: Math.ceil(maxMessageBytes * JSON_OVERHEAD) + JSON_ENVELOPE_BYTES },
    (_request, body, done) => {
      if (body.length === 0) return done(new RequestProblem('empty-body', 'send a JSON object with a "message"'));
      try {
        done(null, JSON.parse(body.toString('utf8')));
      } catch (cause) {
        done(
          new RequestProblem('invalid-json', cause instanceof Error ? plain(cause.message) : 'the body is not JSON'),
        );
      }
    },
  );
  app.addContentTypeParser('*', (_request, payload, done) => readRaw(payload, maxMessageBytes, done));
};

/** Reads a body to its end. @param done called once, with what went wrong or with the octets, which are the caller's own */
const readRaw = (
  payload: IncomingMessage,
  maxBytes: number,
  done: (cause: Error | null, bytes?: Buffer) => void,
): void => {
  const declared = payload.headers['content-length'];
  if (Number(declared) > maxBytes) {
    done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
    return;
  }
  const pieces: Buffer[] = [];
  let length = 0;
  const settle = (): void => void payload.off('data', take).off('end', finish).off('error', fail);
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length <= maxBytes) {
      pieces.push(piece);
      return;
    }
    settle();
    done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
  };
  const fail = (cause: Error): void => {
    settle();
    done(Object.assign(cause, { statusCode: 400 }));
  };
  const finish = (): void => {
    settle();
    if (declared !== undefined && Number(declared) !== length)
      done(new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
    else if (length <= TURN_BYTES) done(null, joined(pieces, length));
    else void joinInTurns(pieces, length).then((bytes) => done(null, bytes), done);
  };
  payload.on('data', take).on('end', finish).on('error', fail);
};

const joined = (pieces: readonly Buffer[], length: number): Buffer => {
  if (pieces.length === 1) return pieces[0] ?? NOTHING;
  const bytes = Buffer.concat(pieces, length);
  for (const piece of pieces) letGo(piece);
  return bytes;
};

/** Joins pieces; each is let go once it is copied, so that a large body is held little more than once. */
const joinInTurns = async (pieces: Buffer[], length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  let turnEnd = TURN_BYTES;
  for (const [index, piece] of pieces.entries()) {
    if (at >= turnEnd) {
      await nextTurn();
      turnEnd = at + TURN_BYTES;
    }
    at += piece.copy(bytes, at);
    letGo(piece);
    pieces[index] = NOTHING;
  }
  return bytes;
};

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

/** Strict base64 (RFC 4648 section 4), line ends allowed: node's own decoder skips whatever it does not know. */
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
