/**
 * Answers to what never becomes a request: bytes that node's HTTP parser refuses, CONNECT, an
 * Expect that nobody can meet. They are problem documents (RFC 9457) like every other error, and
 * the end of their connection: after such bytes nobody knows where the next request begins.
 */
import { type IncomingMessage, maxHeaderSize, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemKind } from '../../schemas/problem-kinds.ts';
import { problemDocument, RequestProblem } from './problem.ts';

/**
 * How long a connection stays after an answer while the client still sends: long enough to read
 * the answer, not to go on sending.
 */
export const LINGER_MS = 5_000;

/** What node's parser reports, in words for the caller. */
const REFUSALS: Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['header-fields-too-large', `the header fields have more than ${maxHeaderSize} octets`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'the extensions of the chunks are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'the header fields did not come in time'],
  HPE_INVALID_METHOD: ['bad-request', 'the method cannot be read'],
  HPE_INVALID_URL: ['bad-request', 'the target of the request cannot be read'],
  HPE_INVALID_VERSION: ['bad-request', 'the version of HTTP cannot be read'],
  HPE_INVALID_HEADER_TOKEN: ['bad-request', 'a header field cannot be read'],
  HPE_UNEXPECTED_CONTENT_LENGTH: ['bad-request', 'Content-Length comes twice, or beside Transfer-Encoding'],
  HPE_INVALID_CONTENT_LENGTH: ['bad-request', 'Content-Length is no number'],
  HPE_INVALID_TRANSFER_ENCODING: ['bad-request', 'the Transfer-Encoding cannot be read'],
  HPE_INVALID_CHUNK_SIZE: ['bad-request', 'a chunk has no size that can be read'],
};
const UNREADABLE = ['bad-request', 'the request cannot be read'] as const;

/**
 * Answers bytes that the parser refuses, as fastify's `clientErrorHandler`.
 * @param mayAnswer false where an answer is already on its way on the connection, and another one
 * would be taken for a part of it
 */
export const refuseUnreadable =
  (mayAnswer: (socket: Duplex) => boolean) =>
  (error: NodeJS.ErrnoException, socket: Duplex): void => {
    // What goes on coming is refused once.
    if (socket.destroyed || socket.writableEnded) return;
    const [kind, detail] = REFUSALS[error.code ?? ''] ?? UNREADABLE;
    if (error.code === 'ECONNRESET' || !socket.writable || !mayAnswer(socket)) socket.destroy();
    else refuse(socket, kind, detail);
  };

/**
 * Answers what node hands out beside requests: CONNECT, and an Expect other than 100-continue (RFC
 * 9110 section 10.1.1).
 */
export const refuseOddities = (server: Server): void => {
  server.on('connect', (_request, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    refuse(socket, 'not-implemented', 'CONNECT is not answered here');
  });
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const { headers, body } = problemAnswer('expectation-failed', 'only 100-continue can be expected here');
    response.writeHead(417, headers).end(body);
  });
};

/**
 * The Host field, of which HTTP/1.1 has exactly one (RFC 9112 section 3.2).
 * @returns what is wrong with it
 */
export const checkHostField = ({ httpVersion, rawHeaders }: IncomingMessage): RequestProblem | undefined => {
  const hosts = rawHeaders.filter(
    (name, at) => at % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host',
  ).length;
  return hosts === 1 || (hosts === 0 && httpVersion !== '1.1')
    ? undefined
    : new RequestProblem('bad-request', hosts === 0 ? 'there is no Host field' : 'there is more than one Host field');
};

const problemAnswer = (kind: ProblemKind, detail: string) => {
  const problem = problemDocument(kind, { detail });
  const body = JSON.stringify(problem);
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'x-content-type-options': 'nosniff',
      date: new Date().toUTCString(),
      connection: 'close',
    },
    body,
  };
};

const refuse = (socket: Duplex, kind: ProblemKind, detail: string): void => {
  const { status, headers, body } = problemAnswer(kind, detail);
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`);
  socket.resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
};
