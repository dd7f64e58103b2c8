/**
 * GET /healthz: the process lives. GET /readyz: it takes work, which it stops doing as soon as it
 * is asked to end, and how many processes of the service do.
 */
import type { FastifyInstance } from 'fastify';
import { Health, type Workers } from '../../../schemas/health.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { sendProblem } from '../problem.ts';

/** What the routes ask. */
type HealthDependencies = {
  /** False while the service drains. */
  readonly isReady: () => boolean;
  /** The processes of the service; null where there is one, or as long as it is not known. */
  readonly workers: () => Workers | null;
  /** Why the store does not take what is written; null: it does, or there is none. */
  readonly storeFailure: () => string | null;
};

/** Mounts both routes. */
export const mountHealth = (app: FastifyInstance, { isReady, workers, storeFailure }: HealthDependencies): void => {
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
        description:
          'Answers whoever asks, uncounted; 503 from the moment the service is asked to end. With WORKERS it tells how many processes listen: one that is missing is being started again.',
        tags: ['service'],
        security: [],
        response: { 200: Health, ...problemResponses(503) },
      },
    },
    async (_request, reply) => {
      if (!isReady())
        return sendProblem(reply, 'not-ready', { detail: 'it takes no new work: it starts, or it was asked to end' });
      const known = workers();
      return {
        status: 'ok',
        ...(storeFailure() !== null && { store: 'failing' as const }),
        ...(known !== null && { workers: known }),
      } as const;
    },
  );
};
