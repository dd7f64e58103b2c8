/**
 * Request bodies: raw octets for every content type but JSON, and messages inside JSON. Bytes are never re-encoded: what came is what is judged.
 */
import type { FastifyInstance } from 'fastify';
import { RequestProblem } from './problem.ts';

/** JSON carries a message in base64 (four octets for three) or as escaped text (up to six for one); base64 is the case to have room for. */
const JSON_OVERHEAD = 1.5;
const JSON_ENVELOPE_BYTES = 262_144;

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
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxMessageBytes }, (_request, body, done) =>
    done(null, body),
  );
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
