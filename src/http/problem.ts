/**
 * Error answers as application/problem+json (RFC 9457). Names the wrong field; tells nothing of
 * paths, resolvers or settings. A fault of ours shows a title and a request id, the rest goes to
 * the log.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../schemas/problem.ts';
import { PROBLEMS, type ProblemKind } from '../../schemas/problem-kinds.ts';

/** A caller's mistake that a route finds; becomes a problem document. */
export class RequestProblem extends Error {
  readonly kind: ProblemKind;
  readonly errors: Problem['errors'];

  constructor(kind: ProblemKind, detail: string, errors?: Problem['errors']) {
    super(detail);
    this.name = 'RequestProblem';
    this.kind = kind;
    this.errors = errors;
  }
}

/** Most wrong fields that are listed; a request may have a hundred thousand. */
export const MAX_ERRORS = 50;

type Rest = { detail?: string | undefined; errors?: Problem['errors']; requestId?: string };

/** A problem as a document. */
export const problemDocument = (kind: ProblemKind, rest: Rest): Problem => {
  const { status, title } = PROBLEMS[kind];
  return {
    type: `urn:mailverdict:problem:${kind}`,
    title,
    status,
    ...(rest.detail !== undefined && { detail: rest.detail.slice(0, 2000) }),
    ...(rest.errors !== undefined && { errors: rest.errors.slice(0, MAX_ERRORS) }),
    ...(rest.requestId !== undefined && { requestId: rest.requestId }),
  };
};

/** An error as a problem document; a fault of ours tells nothing but its kind. */
export const problemOf = (cause: unknown): Problem =>
  cause instanceof RequestProblem
    ? problemDocument(cause.kind, { detail: cause.message, errors: cause.errors })
    : problemDocument('internal-error', {});

/** Writes a problem document. */
export const sendProblem = (reply: FastifyReply, kind: ProblemKind, rest: Rest = {}): FastifyReply =>
  reply
    .code(PROBLEMS[kind].status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problemDocument(kind, rest));

/** fastify's error codes that the caller caused, and what the caller gets to read. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'the body is larger than this route takes'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['empty-body', 'the body is empty'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'the body is not as long as Content-Length says'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'the content type is not taken here'],
  FST_ERR_BAD_URL: ['bad-request', 'the path cannot be decoded'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri-too-long', 'a part of the path is longer than any name'],
};

/** The error handler of the service: every error ends here, the process lives. */
export const handleError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  if (error instanceof RequestProblem) {
    return sendProblem(reply, error.kind, { detail: error.message, errors: error.errors });
  }
  const known = FASTIFY_ERRORS[error.code];
  if (known !== undefined) return sendProblem(reply, known[0], { detail: known[1] });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return sendProblem(reply, 'bad-request', { detail: error.message });
  }
  request.log.error({ err: error }, 'a request failed');
  return sendProblem(reply, 'internal-error', {
    detail: 'the fault is in the log of the service, under this request id',
    requestId: request.id,
  });
};
