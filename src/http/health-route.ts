/** GET /healthz: the process lives. GET /readyz: it takes work, which it stops doing as soon as it is told to end. */
import type { FastifyInstance } from 'fastify';
import { Health } from '../../schemas/health.ts';
import { problemResponses } from './openapi.ts';
import { sendProblem } from './problem.ts';

/** Mounts both routes. @param isReady false while the service drains */
export const mountHealth = (app: FastifyInstance, isReady: () => boolean): void => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        summary: 'Is the process alive',
        description: 'Answers whoever asks, uncounted, also while the service drains.',
        tags: ['service'],
        security: [],
        response: { 200: Health },
      },
    },
    async () => ({ status: 'ok' }) as const,
  );
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        summary: 'Does the service take work',
        description: 'Answers whoever asks, uncounted; 503 from the moment the service is told to end.',
        tags: ['service'],
        security: [],
        response: { 200: Health, ...problemResponses(503) },
      },
    },
    async (_request, reply) => (isReady() ? ({ status: 'ok' } as const) : sendProblem(reply, 'not-ready')),
  );
};
