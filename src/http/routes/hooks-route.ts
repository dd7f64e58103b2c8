/**
 * The hooks for mail servers that speak HTTP: POST /v1/hooks/mta (Stalwart's MTA Hooks) and POST
 * /v1/hooks/raw (Haraka, Exim, own scripts). Thin: the decision is the pipeline's, the same as the
 * milter's.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MtaHooksRequest, MtaHooksResponse, RawHookResponse } from '../../../schemas/requests/hooks.ts';
import { VerifyQuery, VerifyRequest } from '../../../schemas/requests/verify.ts';
import type { MtaHooksAnswer } from '../../pipeline/hooks/mta-hooks.ts';
import type { RawHookAnswer } from '../../pipeline/hooks/raw-hook.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { RequestProblem } from '../problem.ts';
import { readBySchema } from '../validation.ts';
import { abortOnHangUp, readRequest } from './verify-route.ts';

/** What the routes depend on. */
export type HookDependencies = { mtaHooks: MtaHooksAnswer; rawHook: RawHookAnswer };

/** Mounts both routes. */
export const mountHooks = (
  app: FastifyInstance,
  { mtaHooks, rawHook }: HookDependencies,
  maxMessageBytes: number,
): void => {
  app.post(
    '/v1/hooks/mta',
    {
      schema: {
        operationId: 'mtaHook',
        summary: 'MTA Hooks of Stalwart',
        description:
          'The request and the answer are in the JSON that Stalwart 0.13 to 0.16 deploys. Only the data stage is judged; every other one is accepted.',
        tags: ['mail servers'],
        body: MtaHooksRequest,
        response: { 200: MtaHooksResponse, ...problemResponses(400, 408, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      if (Buffer.isBuffer(request.body)) throw new RequestProblem('unsupported-media-type', 'send application/json');
      const body = readBySchema(MtaHooksRequest, request.body, '');
      return mtaHooks(body, abortOnHangUp(reply));
    },
  );
  app.post(
    '/v1/hooks/raw',
    {
      schema: {
        operationId: 'rawHook',
        summary: 'Judge a message and say what to do with it',
        description:
          'Takes what POST /v1/verify takes; answers the action, the SMTP reply, the header edits and the verdict.',
        tags: ['mail servers'],
        querystring: VerifyQuery,
        consumes: ['message/rfc822', 'application/json'],
        body: z.union([VerifyRequest, z.string().describe('the message, octet by octet')]),
        response: { 200: RawHookResponse, ...problemResponses(400, 408, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { message, facts } = readRequest(request, maxMessageBytes);
      return rawHook(message, facts, abortOnHangUp(reply));
    },
  );
};
