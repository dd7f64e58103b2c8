/**
 * GET /metrics: the gauges, in the text format of Prometheus. For the operator only: it tells how
 * much mail there is.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OPERATOR_ONLY } from '../openapi/openapi.ts';

/** Reads all gauges as they are now. */
export type ReadMetrics = () => Promise<{ contentType: string; text: string }>;

/** Mounts the route. */
export const mountMetrics = (app: FastifyInstance, readMetrics: ReadMetrics): void => {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        summary: 'Read the gauges',
        description: `${OPERATOR_ONLY} METRICS_ANONYMOUS opens it to everybody.`,
        tags: ['service'],
        response: {
          200: {
            description: 'Text format of Prometheus',
            content: { 'text/plain': { schema: z.string() } },
          },
        },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await readMetrics();
      return reply
        .type(contentType)
        .header('cache-control', 'no-store')
        .serializer((body: string) => body)
        .send(text);
    },
  );
};
