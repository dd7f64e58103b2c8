/**
 * POST /v1/verify: a message in, its verdict out. The message comes raw with its transport facts as
 * query parameters, or inside JSON. A client that hangs up stops its own verification only.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { VerifyQuery, VerifyRequest } from '../../../schemas/requests/verify.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { Verdict } from '../../../schemas/verdict.ts';
import { detachBuffer } from '../../message/detach-buffer.ts';
import { Fault } from '../../verdict/fault.ts';
import type { VerifyOptions } from '../../verdict/run.ts';
import type { Verify } from '../../verdict/verify.ts';
import { messageBytes } from '../body.ts';
import { Form } from '../form.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { RequestProblem } from '../problem.ts';
import { readBySchema } from '../validation.ts';

/** What the route depends on. */
type VerifyRouteDependencies = { verify: Verify; maxMessageBytes: number };

/** Mounts the route. */
export const mountVerify = (app: FastifyInstance, dependencies: VerifyRouteDependencies): void => {
  app.post(
    '/v1/verify',
    {
      schema: {
        operationId: 'verifyMessage',
        summary: 'Judge a message',
        description:
          'Send the message as it is with any content type but JSON and its transport facts as query parameters, or send JSON with both, or a form with the message as its one file and the facts as fields. Octets are never re-encoded.',
        tags: ['verification'],
        querystring: VerifyQuery,
        consumes: ['message/rfc822', 'application/json', 'multipart/form-data'],
        body: z.union([VerifyRequest, z.string().describe('the message, octet by octet')]),
        response: { 200: Verdict, ...problemResponses(400, 408, 413, 415, 500, 503) },
      },
      // Read by hand below: a raw body must not pass through a schema, and a problem must name the
      // field by its full path.
      validatorCompiler: () => (value) => ({ value }),
    },
    async (request, reply) => {
      const { message, facts, options } = readRequest(request, dependencies.maxMessageBytes);
      const hangUp = abortOnHangUp(reply);
      try {
        return await dependencies.verify(message, facts, { ...options, signal: hangUp });
      } catch (cause) {
        throw toProblem(cause);
      } finally {
        detachBuffer(message);
      }
    },
  );
};

/** A signal that fires when the client closes the connection before it has its answer. */
export const abortOnHangUp = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
};

/** A verification without a verdict, as the problem that tells why. */
export const toProblem = (cause: unknown): unknown => {
  if (!(cause instanceof Fault)) return cause;
  switch (cause.code) {
    case 'aborted':
      return new RequestProblem('client-gone', cause.message);
    case 'header-too-large':
      return new RequestProblem('header-too-large', cause.message);
    case 'invalid-overlay':
    case 'invalid-evidence':
      return new RequestProblem('invalid-request', cause.message, [...cause.errors]);
    default:
      return cause.code satisfies never;
  }
};

type ReadRequest = { message: Buffer; facts: SmtpFacts; options: VerifyOptions };

/** Reads a request in either form. @throws RequestProblem naming the wrong field */
export const readRequest = (request: FastifyRequest, maxMessageBytes: number): ReadRequest => {
  const query = readBySchema(VerifyQuery, request.query, 'query');
  if (Buffer.isBuffer(request.body)) return readRaw(request.body, query);
  if (request.body instanceof Form) {
    const { message, fields } = request.body;
    return readRaw(message, { ...query, ...readBySchema(VerifyQuery, fields, 'form') });
  }
  if (request.body === undefined || request.body === null)
    throw new RequestProblem('empty-body', 'send the message as the body of the request');
  const { include, trustReceived, trustedAuthservIds, require, ...facts } = query;
  const given = Object.keys(facts);
  if (given.length > 0) {
    const message = 'belongs into "smtp" of the body when the body is JSON';
    throw new RequestProblem(
      'invalid-request',
      `query.${given[0]}: ${message}`,
      given.map((key) => ({ path: `query.${key}`, message })),
    );
  }
  const body = readBySchema(VerifyRequest, request.body, '');
  const { message, encoding, smtp, dns, ...rest } = body;
  return {
    message: messageBytes(message, encoding, maxMessageBytes),
    facts: smtp ?? {},
    options: { ...optionsOf({ include, trustReceived, trustedAuthservIds, require, ...rest }), overlay: dns },
  };
};

const readRaw = (message: Buffer, query: VerifyQuery): ReadRequest => {
  if (message.length === 0) throw new RequestProblem('empty-body', 'send the message as the body of the request');
  return { message, facts: toFacts(query), options: optionsOf(query) };
};

/** What is asked for beside the verdict itself. */
export const optionsOf = ({
  include,
  trustReceived,
  trustedAuthservIds,
  require,
}: Pick<VerifyQuery, 'include' | 'trustReceived' | 'trustedAuthservIds' | 'require'>): VerifyOptions => ({
  include,
  trustReceived,
  trustedAuthservIds,
  require,
});

/** `tls.version=…&tls.mode=…` as the object that JSON would carry. */
export const toFacts = ({
  include: _,
  trustReceived: __,
  trustedAuthservIds: ___,
  require: ____,
  ...flat
}: VerifyQuery): SmtpFacts => {
  const facts: Record<string, Record<string, unknown> | unknown> = {};
  for (const [key, value] of Object.entries(flat)) {
    if (value === undefined) continue;
    const [group, field] = key.split('.');
    if (group === undefined || field === undefined) facts[key] = value;
    else facts[group] = { ...(facts[group] as Record<string, unknown> | undefined), [field]: value };
  }
  return facts as SmtpFacts;
};
