/**
 * POST /v1/replay: a message and its earlier verdict in, the verdict again out, from the recorded
 * evidence alone. Asks no server.
 */
import type { FastifyInstance } from 'fastify';
import { ReplayAnswer, ReplayRequest } from '../../../schemas/requests/replay.ts';
import type { ReplayVerdict } from '../../verdict/replay.ts';
import { messageBytes } from '../body.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { RequestProblem } from '../problem.ts';
import { readBySchema } from '../validation.ts';
import { abortOnHangUp, toProblem } from './verify-route.ts';

/** What the route depends on. */
type ReplayDependencies = { replay: ReplayVerdict; maxMessageBytes: number };

/** Mounts the route. */
export const mountReplay = (app: FastifyInstance, { replay, maxMessageBytes }: ReplayDependencies): void => {
  app.post(
    '/v1/replay',
    {
      schema: {
        operationId: 'replayVerdict',
        summary: 'Judge a message again from the evidence of its verdict',
        description:
          'No server is asked: every DNS answer comes from the verdict, which must have been given with include=evidence. Time and settings are those of the verdict.',
        tags: ['verification'],
        body: ReplayRequest,
        response: { 200: ReplayAnswer, ...problemResponses(400, 408, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      if (Buffer.isBuffer(request.body))
        throw new RequestProblem('invalid-request', 'send application/json with "message" and "verdict"');
      const body = readBySchema(ReplayRequest, request.body, '');
      const { message, encoding, verdict, dns } = body;
      try {
        return await replay(messageBytes(message, encoding, maxMessageBytes), verdict, {
          overlay: dns,
          signal: abortOnHangUp(reply),
        });
      } catch (cause) {
        throw toProblem(cause);
      }
    },
  );
};
